/* Soundness of positions: the cursor is unfiltered, so after an entry was
 * given, everything before it was. When nothing comes, the majority position
 * that was sampled before an empty getMore is reached: that read's view was at
 * least as new. Only positions between groups get out.
 */
#include "engine/tailer.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/msg.h"
#include "base/sig.h"
#include "base/status.h"
#include "engine/position.h"
#include "engine/tail_filter.h"
#include "engine/tail_txn.h"
#include "engine/tail_watch.h"

enum { AWAIT_MIN_MS = 50, AWAIT_MAX_MS = 1000, BACK_OFF_MAX_MS = 2000 };

struct tailer {
	const struct tailer_opts *o;
	struct tail_filter *filter;
	struct tail_txn *txn;
	struct tail_watch *watch;
	struct cursor *cur;
	bson_t find_filter, find_more;
	bool proving;       /* the next entry must be the one at `at` */
	int64_t opened_ms;  /* when the cursor was opened */
	struct optime at;   /* read up to here */
	struct optime put;  /* everything up to here is in the stream; reading
			       may begin, and begin again, before it */
	struct optime from; /* where that reading began */
	int64_t wall;       /* up to which everything is in the stream */
	struct optime goal; /* end when it is reached; null: none */
	struct optime sampled;
	int64_t mark_ms; /* of the last mark, monotonic */
	int64_t lost_ms; /* first loss without progress since; 0: none */
	int back_off_ms;
	int64_t entries;
	bool fence; /* came: the next mark is due */
	bool torn;  /* a group may be in the sink in part */
	const char *reason;
};

static struct optime
read_from(const struct tailer *t)
{
	struct optime first;

	if (optime_cmp(t->at, t->put) < 0)
		return t->from;
	return tail_txn_open(t->txn, &first) ? first : t->put;
}

static int64_t
await_ms(const struct tailer *t)
{
	int64_t half = t->o->heartbeat_ms / 2;

	if (half < AWAIT_MIN_MS)
		return AWAIT_MIN_MS;
	return half > AWAIT_MAX_MS ? AWAIT_MAX_MS : half;
}

static void
close_cursor(struct tailer *t)
{
	if (!t->cur)
		return;
	cursor_free(t->cur);
	bson_destroy(&t->find_filter);
	bson_destroy(&t->find_more);
	t->cur = NULL;
}

static void
open_cursor(struct tailer *t)
{
	struct cursor_opts opts;

	position_find(t->o->conn, t->at, true, await_ms(t), &opts,
	    &t->find_filter, &t->find_more);
	t->cur = cursor_new(t->o->conn, &opts);
	t->proving = true;
	t->opened_ms = clock_ms();
}

static bool
mark(struct tailer *t, bson_error_t *error)
{
	t->mark_ms = clock_ms();
	if (tail_sink_writes(t->o->sink)) {
		status_position("position", t->put);
		status_int("entries", t->entries);
		status_int("entries_selected", tail_sink_entries(t->o->sink));
		status_int("bytes", tail_sink_bytes(t->o->sink));
	}
	tail_watch_position(t->watch, t->put);
	return tail_sink_mark(t->o->sink, t->put, read_from(t), t->wall,
	    t->fence ? "fence" : "heartbeat", error);
}

static bool
heartbeat_due(const struct tailer *t)
{
	return clock_ms() - t->mark_ms >= t->o->heartbeat_ms;
}

/* A reply is used up: whatever came goes to the reader. */
static bool
end_of_reply(struct tailer *t, bson_error_t *error)
{
	if ((t->fence || heartbeat_due(t)) && !mark(t, error))
		return false;
	t->fence = false;
	return tail_sink_flush(t->o->sink, t->put, read_from(t),
	    tail_sink_writes(t->o->sink) && sig_take_rotate(), error);
}

static bool
emit(void *arg, const uint8_t *doc, size_t len, struct optime at,
    bson_error_t *error)
{
	struct tailer *t = arg;

	return tail_sink_entry(t->o->sink, doc, len, at, error);
}

/* A transaction commits that was open where reading began: read from its start
 * on once more; what is in the stream already is not written again. */
static bool
rewind_to_start(struct tailer *t, const bson_t *doc, bson_error_t *error)
{
	char text[OPTIME_TEXT];

	if (!tail_txn_begin(
		t->o->conn, bson_get_data(doc), doc->len, &t->from, error))
		return false;
	if (optime_cmp(t->from, t->at) >= 0)
		return error_set(error, MM_EXIT_INTERNAL, 0,
		    "a transaction is not found though it was read");
	msg_verbose("reading again from %s, where a transaction began",
	    optime_text(t->from, text));
	close_cursor(t);
	tail_txn_free(t->txn);
	t->txn = tail_txn_new(t->filter, emit, t, t->put);
	t->at = t->from;
	return true;
}

/* Gives one entry to whom it belongs. */
static bool
give(struct tailer *t, const bson_t *doc, const struct tail_look *look,
    enum tail_part part, bool *again, bson_error_t *error)
{
	const uint8_t *data = bson_get_data(doc);
	enum tail_txn_got got = TAIL_TXN_PLAIN;
	struct optime first;

	if (part == TAIL_GROUP || tail_txn_open(t->txn, &first))
		got = tail_txn_feed(t->txn, data, doc->len, error);
	switch (got) {
	case TAIL_TXN_PLAIN:
		return part != TAIL_TAKE || optime_cmp(look->at, t->put) <= 0 ||
		    tail_sink_entry(
			t->o->sink, data, doc->len, look->at, error);
	case TAIL_TXN_TAKEN:
		return true;
	case TAIL_TXN_CUT:
		*again = true;
		return rewind_to_start(t, doc, error);
	case TAIL_TXN_ERROR:
		t->torn = true;
		break;
	}
	return false;
}

static bool
take(struct tailer *t, const bson_t *doc, bson_error_t *error)
{
	struct tail_look look;
	enum tail_part part;
	bool again = false;

	if (t->proving) {
		if (!position_matches(t->o->conn, &t->at, doc, error))
			return false;
		t->proving = false;
	}
	if (!tail_filter_look(
		t->filter, bson_get_data(doc), doc->len, &look, &part, error))
		return false;
	if (!optime_is_null(t->goal) && optime_cmp(look.at, t->goal) > 0) {
		t->reason = "until";
		return true;
	}
	if (!give(t, doc, &look, part, &again, error))
		return false;
	if (again)
		return true;
	t->at = look.at;
	if (optime_cmp(t->at, t->put) > 0) {
		t->put = t->at;
		t->wall = look.wall;
		t->fence = t->fence || tail_filter_is_fence(&look);
	}
	t->entries++;
	return true;
}

/* Nothing came within the await time. */
static bool
idle(struct tailer *t, bson_error_t *error)
{
	if (t->proving)
		return position_may_come(
		    t->o->conn, t->at, clock_ms() - t->opened_ms, error);
	if (optime_is_null(t->sampled))
		return true;
	t->at = optime_max(t->at, t->sampled);
	t->put = optime_max(t->put, t->at);
	t->wall = clock_wall_ms();
	return true;
}

static bool
lost(struct tailer *t, bson_error_t *error)
{
	int64_t now = clock_ms();

	close_cursor(t);
	if (!t->lost_ms)
		t->lost_ms = now;
	if (now - t->lost_ms > t->o->reconnect_ms)
		return false;
	msg_verbose("cursor lost, opening it again: %s", error->message);
	sig_sleep(t->back_off_ms);
	t->back_off_ms = t->back_off_ms ? t->back_off_ms * 2 : 50;
	if (t->back_off_ms > BACK_OFF_MAX_MS)
		t->back_off_ms = BACK_OFF_MAX_MS;
	return true;
}

/* A source that does not answer here does not answer the getMore either, which
 * knows what to do about it. */
static void
sample(struct tailer *t, bool was_idle)
{
	t->sampled = OPTIME_NULL;
	if (!was_idle && !heartbeat_due(t))
		return;
	if (!conn_positions(t->o->conn, &t->sampled, NULL, NULL))
		t->sampled = OPTIME_NULL;
}

/* Between two replies: the moment to look up from reading. */
static bool
between(struct tailer *t, bool was_idle, bson_error_t *error)
{
	char text[OPTIME_TEXT];

	if (!t->proving && !end_of_reply(t, error))
		return false;
	if (!optime_is_null(t->goal) && !t->proving &&
	    optime_cmp(t->put, t->goal) >= 0)
		t->reason = "until";
	else if (sig_stopping())
		t->reason = "signal";
	if (t->reason)
		return true;
	if (tail_sink_writes(t->o->sink) && sig_take_report())
		msg_info("read up to %s, %" PRId64 " entries, %" PRId64
			 " of the selection",
		    optime_text(t->put, text), t->entries,
		    tail_sink_entries(t->o->sink));
	if (!t->cur)
		open_cursor(t);
	sample(t, was_idle);
	return true;
}

static bool
loop(struct tailer *t, bson_error_t *error)
{
	const bson_t *doc;
	bool idling = true, ok = true;

	while (ok && !t->reason) {
		if (!t->cur || cursor_buffered(t->cur) == 0) {
			ok = between(t, idling, error);
			if (!ok || t->reason)
				break;
		}
		switch (cursor_next(t->cur, &doc, error)) {
		case CURSOR_DOC:
			ok = take(t, doc, error);
			t->lost_ms = t->back_off_ms = 0;
			idling = false;
			break;
		case CURSOR_WAIT:
			ok = idle(t, error);
			t->lost_ms = t->back_off_ms = 0;
			idling = true;
			break;
		case CURSOR_END:
			error_set(error, MM_EXIT_SOURCE, 0, "cursor is dead");
			/* fall through */
		case CURSOR_LOST:
			ok = lost(t, error);
			break;
		case CURSOR_ERROR:
			ok = false;
			break;
		}
	}
	return ok;
}

static void
set_goal(struct tailer *t)
{
	if (t->o->caught_up)
		t->goal = t->o->start.seen;
	if (!optime_is_null(t->o->until) &&
	    (optime_is_null(t->goal) || optime_cmp(t->o->until, t->goal) < 0))
		t->goal = t->o->until;
}

static bool
finish(struct tailer *t, bson_error_t *error)
{
	t->mark_ms = 0;
	return mark(t, error) &&
	    tail_sink_end(t->o->sink, t->reason, t->put, read_from(t), error);
}

bool
tailer_run(const struct tailer_opts *opts, bson_error_t *error)
{
	struct tailer t = {.o = opts,
	    .at = opts->start.read_from,
	    .put = opts->start.after,
	    .from = opts->start.read_from};
	bool ok = false;

	t.wall = (int64_t)opts->start.after.secs * 1000;
	t.mark_ms = clock_ms();
	set_goal(&t);
	t.filter = tail_filter_new(opts->rules, error);
	if (!t.filter)
		goto cleanup;
	t.txn = tail_txn_new(t.filter, emit, &t, opts->start.after);
	t.watch = tail_watch_new(conn_server(opts->conn), error);
	if (!t.watch)
		goto cleanup;
	if (tail_sink_writes(opts->sink))
		status_state("following");
	tail_watch_position(t.watch, opts->start.after);
	ok = tail_sink_begin(opts->sink, opts->start.after, opts->start.seen,
		 opts->start.read_from, error) &&
	    loop(&t, error) && finish(&t, error);
	if (!ok && t.entries > 0 && !t.torn) /* it helps the reader */
		tail_sink_flush(opts->sink, t.put, read_from(&t), false, NULL);
cleanup:
	close_cursor(&t);
	tail_watch_free(t.watch);
	tail_txn_free(t.txn);
	tail_filter_free(t.filter);
	return ok;
}
