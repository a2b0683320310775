/* Positions only grow within a stream, and a group is one timestamp, so
 * `reached` (the last whole group that was sent to the lanes) is all there is
 * to know about what may be skipped: in a stream that starts earlier, in
 * segments read anew, in a log that is given twice.
 */
#include "engine/apply.h"

#include <inttypes.h>
#include <string.h>

#include "base/msg.h"
#include "base/sig.h"
#include "base/status.h"
#include "engine/apply_ddl.h"
#include "engine/apply_job.h"
#include "engine/apply_trails.h"
#include "engine/checkpoint.h"
#include "engine/lanes.h"
#include "model/ddl.h"

struct apply {
	const struct apply_opts *o;
	bson_t job; /* the document as it was at the start */
	struct targets *targets;
	struct lanes *lanes;
	struct checkpoint *checkpoint;
	struct apply_ddl *ddl;
	struct target *last; /* target of the last entry */
	struct boundary reached;
	struct optime seen;
	struct optime ahead; /* what a killed run may have written */
	struct apply_trails trails;
	struct optime in_stream; /* the last position met in this stream */
	struct optime group;     /* of the group that is open; null: none */
	bool skipping;           /* that group was reached before */
	bool done;               /* until */
};

static bool
damaged(const struct entry *e, const char *why, bson_error_t *error)
{
	char text[OPTIME_TEXT];

	return error_set(error, MM_EXIT_STREAM, 0, "entry at position %s: %s",
	    optime_text(e->at, text), why);
}

static bool
other_history(struct apply *a, struct optime at, bson_error_t *error)
{
	char text[OPTIME_TEXT], mine[OPTIME_TEXT];

	return error_set(error, MM_EXIT_POSITION, 0,
	    "the stream is of another history: applied up to %s, it has %s",
	    optime_text(a->reached.at, mine), optime_text(at, text));
}

/* ---------------------------------------------------------------- headers */

static bool
begin_stream(struct apply *a, enum stream_kind kind, const bson_t *head,
    bson_error_t *error)
{
	struct optime after, seen;
	bson_t filters;
	struct grant *g;
	bool ok;
	char text[OPTIME_TEXT], mine[OPTIME_TEXT];

	if (!record_doc(head, "filters", &filters, error) ||
	    !(g = grant_new(&ns_flags, &filters, error)))
		return false;
	ok = apply_job_check(&a->job, kind, head, g, error);
	grant_free(g);
	if (!ok || !record_optime(head, "after", &after, error) ||
	    !record_optime(head, "seen", &seen, error))
		return false;
	if (optime_cmp(after, a->reached.at) > 0)
		return error_set(error, MM_EXIT_POSITION, 0,
		    "there is a gap: applied up to %s, the stream begins after "
		    "%s",
		    optime_text(a->reached.at, mine), optime_text(after, text));
	if (optime_cmp(after, a->reached.at) == 0 &&
	    !optime_same(after, a->reached.at))
		return other_history(a, after, error);
	a->seen = optime_max(a->seen, seen);
	checkpoint_seen(a->checkpoint, a->seen);
	a->in_stream = after;
	a->group = OPTIME_NULL;
	return true;
}

/* ---------------------------------------------------------------- entries */

/* Opens, continues or closes the entry's group. */
static bool
enter(struct apply *a, const struct entry *e, bson_error_t *error)
{
	bool open = !optime_is_null(a->group);

	if (open && optime_cmp(e->at, a->group) != 0)
		return damaged(e, "the group before it has no end", error);
	if (!open && optime_cmp(e->at, a->in_stream) <= 0)
		return damaged(
		    e, "not after the entry before it in this stream", error);
	if (!open) {
		if (!optime_is_null(a->o->until) &&
		    optime_cmp(e->at, a->o->until) > 0) {
			a->done = true;
			return true;
		}
		a->skipping = optime_cmp(e->at, a->reached.at) <= 0;
		if (optime_cmp(e->at, a->reached.at) == 0 &&
		    !optime_same(e->at, a->reached.at))
			return other_history(a, e->at, error);
		a->in_stream = a->group = e->at;
	}
	return true;
}

static void
leave(struct apply *a, const struct entry *e)
{
	if (e->txn_index >= 0 && !e->txn_last)
		return;
	a->group = OPTIME_NULL;
	if (a->skipping)
		return;
	a->reached.at = e->at;
	if (e->wall)
		a->reached.wall = e->wall;
}

static bool
send(struct apply *a, bson_error_t *error)
{
	if (!lanes_send(a->lanes, error))
		return false;
	checkpoint_boundary(a->checkpoint, &a->reached);
	return true;
}

static bool
route(struct apply *a, const struct entry *e, bson_error_t *error)
{
	bool known = optime_cmp(e->at, a->seen) <= 0;

	if (!a->last || strcmp(a->last->source, e->ns) != 0)
		a->last = targets_find(a->targets, e->ns, e->at, error);
	if (!a->last)
		return false;
	if (!known && !checkpoint_promise(a->checkpoint, e->at, error))
		return false;
	return lanes_put(a->lanes, a->last, e,
	    known || optime_cmp(e->at, a->ahead) <= 0, error);
}

/* Everything before a change of the catalog is acknowledged and saved before
 * it is made. */
static bool
catalog(
    struct apply *a, const struct entry *e, bool *barrier, bson_error_t *error)
{
	if (!apply_ddl_read(a->ddl, e, barrier, error))
		return false;
	if (!*barrier)
		return true;
	if (!send(a, error) || !lanes_drain(a->lanes, error))
		return false;
	lanes_forget(a->lanes);
	a->last = NULL;
	if (a->trails.journal && !journal_command(a->trails.journal, e, error))
		return false;
	return apply_ddl_run(a->ddl, e, a->seen, error);
}

/* The group may go on: then only how far it is done. */
static bool
catalog_done(struct apply *a, const struct entry *e, bson_error_t *error)
{
	bool whole = optime_is_null(a->group);

	return (!whole || send(a, error)) &&
	    apply_ddl_done(a->ddl, e, whole, error);
}

static bool
one_entry(
    struct apply *a, const uint8_t *data, uint32_t len, bson_error_t *error)
{
	struct entry e;
	bool barrier = false, ok = true;

	if (!entry_parse(data, len, &e, error) || !enter(a, &e, error))
		return false;
	if (a->done)
		return true;
	if (!a->skipping) {
		if (ddl_is(&e))
			ok = catalog(a, &e, &barrier, error);
		else if (e.op != ENTRY_NOOP)
			ok = route(a, &e, error);
	}
	if (!ok)
		return false;
	leave(a, &e);
	return !barrier || catalog_done(a, &e, error);
}

static bool
block(struct apply *a, const struct block_view *view, bson_error_t *error)
{
	struct block_cursor cur;
	const uint8_t *doc;
	uint32_t len;

	block_rewind(&cur, view);
	while (!a->done && block_next(&cur, &doc, &len))
		if (!one_entry(a, doc, len, error))
			return false;
	return send(a, error);
}

/* ------------------------------------------------------------------ marks */

/* A mark, or an end: everything up to `at` has been in the stream. */
static bool
mark(struct apply *a, const bson_t *doc, struct optime at, bson_error_t *error)
{
	bson_iter_t it;
	struct optime limit = a->o->until;

	if (!optime_is_null(a->group))
		return error_set(
		    error, MM_EXIT_STREAM, 0, "a mark or end within a group");
	a->in_stream = optime_max(a->in_stream, at);
	if (!optime_is_null(limit) && optime_cmp(at, limit) >= 0) {
		a->done = true;
		/* Between the last group and here is nothing, so the limit
		 * itself is reached, but only a real position is kept. */
		if (optime_cmp(at, limit) > 0)
			return true;
	}
	if (optime_cmp(at, a->reached.at) < 0)
		return true;
	a->reached.at = at;
	a->reached.read_from = at;
	optime_read(doc, "readFrom", &a->reached.read_from);
	if (bson_iter_init_find(&it, doc, "wall") &&
	    BSON_ITER_HOLDS_DATE_TIME(&it))
		a->reached.wall = bson_iter_date_time(&it);
	return send(a, error);
}

static bool
item(struct apply *a, const struct stream_item *i, enum stream_kind kind,
    bson_error_t *error)
{
	struct optime at;

	switch (i->type) {
	case RECORD_STREAM:
		return begin_stream(a, kind, &i->control, error);
	case RECORD_BLOCK:
		return block(a, &i->block, error);
	case RECORD_MARK:
		return !optime_of(&i->control, &at) ||
		    mark(a, &i->control, at, error);
	case RECORD_END:
		return record_optime(&i->control, "to", &at, error) &&
		    mark(a, &i->control, at, error);
	default:
		return true;
	}
}

/* ------------------------------------------------------------------- loop */

static bool
read_all(struct apply *a, bson_error_t *error)
{
	struct stream_item i;
	enum stream_kind kind;
	enum stream_got got;

	while (!a->done) {
		got = apply_input_next(
		    a->o->input, a->reached.at, &i, &kind, error);
		if (got != STREAM_GOT)
			return got != STREAM_ERROR;
		if (!item(a, &i, kind, error)) {
			if (!lanes_failed(a->lanes, NULL))
				apply_input_where(a->o->input, error);
			return false;
		}
		/* A drain ends between two items; input that never pauses
		 * would not let it. */
		if (sig_stopping())
			return true;
	}
	return true;
}

/* Whatever ended the reading: what was read completely is applied, and the
 * checkpoint is as far as it can be. The first error is the one that counts. */
static bool
wind_up(struct apply *a, bool ok, bson_error_t *error)
{
	bson_error_t later;
	bool drained = send(a, &later) && lanes_drain(a->lanes, &later) &&
	    !lanes_failed(a->lanes, &later);

	if (!drained && ok)
		ok = false, *error = later;
	lanes_stop(a->lanes);
	checkpoint_acked(a->checkpoint);
	if (drained)
		checkpoint_kept(a->checkpoint);
	if (!checkpoint_save(a->checkpoint, &later) && ok)
		ok = false, *error = later;
	checkpoint_stop(a->checkpoint);
	if (!apply_trails_close(&a->trails, &later) && ok)
		ok = false, *error = later;
	return ok;
}

static void
report(struct apply *a, bool ok)
{
	struct lanes_counts n;
	char text[OPTIME_TEXT];

	lanes_count(a->lanes, &n);
	optime_text(checkpoint_saved(a->checkpoint), text);
	if (ok)
		msg_info("applied %" PRId64 " entries, checkpoint %s",
		    n.entries, text);
	else
		msg_info("the checkpoint is at %s", text);
	if (n.diverged > 0)
		msg_warn("%" PRId64 " entries met a document that was not as "
			 "they expect (-v names them)",
		    n.diverged);
}

bool
apply_run(const struct apply_opts *opts, bson_error_t *error)
{
	struct apply a = {.o = opts};
	struct checkpoint_opts co = {
	    .job = opts->job, .exit_lag_ms = opts->exit_lag_ms};
	struct lanes_opts lo = {.server = opts->server,
	    .job = opts->job,
	    .workers = opts->workers,
	    .batch_ops = opts->batch_ops,
	    .acked = checkpoint_acked};
	bool ok = false;

	if (!job_read_checkpoint(opts->job, &co.start))
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "job \"%s\" has no checkpoint", job_name(opts->job));
	if (!apply_trails_open(
		&a.trails, opts->job, opts->ledger, opts->journal, error))
		return false;
	co.durable = apply_trails_sync;
	co.arg = &a.trails;
	lo.ledger = a.trails.ledger;
	lo.journal = a.trails.journal;
	a.reached = (struct boundary){co.start.applied, co.start.read_from, 0};
	a.seen = co.start.seen;
	a.ahead = co.start.ahead;
	bson_copy_to(job_doc(opts->job), &a.job);
	a.targets = targets_new(opts->conn, opts->grant);
	a.checkpoint = checkpoint_new(&co);
	lo.arg = a.checkpoint;
	a.lanes = lanes_new(&lo, error);
	a.ddl = apply_ddl_new(&(struct apply_ddl_opts){.conn = opts->conn,
	    .job = opts->job,
	    .targets = a.targets,
	    .grant = opts->grant,
	    .checkpoint = a.checkpoint,
	    .mode = opts->ddl});
	if (a.lanes && checkpoint_start(a.checkpoint, a.lanes, error)) {
		status_state("applying");
		ok = read_all(&a, error);
		ok = wind_up(&a, ok, error);
		report(&a, ok);
	} else {
		apply_trails_close(&a.trails, NULL);
	}
	lanes_free(a.lanes);
	apply_ddl_free(a.ddl);
	checkpoint_free(a.checkpoint);
	targets_free(a.targets);
	bson_destroy(&a.job);
	return ok;
}
