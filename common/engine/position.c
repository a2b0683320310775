#include "engine/position.h"

#include "base/msg.h"
#include "base/sig.h"

/* How long a member other than the primary may take to catch up with a
 * position that others had committed. */
enum { LAG_MS = 60000, POLL_MS = 100 };

void
position_find(struct conn *c, struct optime from, bool tailable,
    int64_t await_ms, struct cursor_opts *opts, bson_t *filter, bson_t *more)
{
	bson_t range;

	bson_init(filter);
	BSON_APPEND_DOCUMENT_BEGIN(filter, "ts", &range);
	BSON_APPEND_TIMESTAMP(&range, "$gte", from.secs, from.inc);
	bson_append_document_end(filter, &range);
	bson_init(more);
	/* Servers before 4.4 (wire version 9) need it to seek instead of
	 * reading the whole log; a tailable cursor sets it itself. */
	if (!tailable && server_info(conn_server(c))->wire < 9)
		BSON_APPEND_BOOL(more, "oplogReplay", true);
	*opts = (struct cursor_opts){.db = "local",
	    .coll = "oplog.rs",
	    .filter = filter,
	    .more = more,
	    .tailable = tailable,
	    .await_ms = await_ms};
}

static bool
gone(struct conn *c, struct optime at, const char *how, bson_error_t *error)
{
	struct optime oldest;
	char text[OPTIME_TEXT], first[OPTIME_TEXT];

	if (!conn_oldest(c, &oldest, error))
		return false;
	if (optime_cmp(oldest, at) > 0)
		return error_set(error, MM_EXIT_POSITION, 0,
		    "position %s has rolled over: the oldest entry of the "
		    "source's oplog is %s",
		    optime_text(at, text), optime_text(oldest, first));
	return error_set(error, MM_EXIT_POSITION, 0,
	    "position %s was rolled back: %s", optime_text(at, text), how);
}

bool
position_matches(
    struct conn *c, struct optime *at, const bson_t *first, bson_error_t *error)
{
	struct optime found;
	char text[OPTIME_TEXT], how[128];

	if (!optime_of(first, &found))
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "an entry of the source's oplog has no ts");
	if (optime_same(found, *at)) {
		*at = found;
		return true;
	}
	if (optime_cmp(found, *at) == 0)
		snprintf(how, sizeof how,
		    "the entry there is of another term (%s)",
		    optime_text(found, text));
	else
		snprintf(how, sizeof how,
		    "no entry is there, the next one is %s",
		    optime_text(found, text));
	return gone(c, *at, how, error);
}

bool
position_may_come(
    struct conn *c, struct optime at, int64_t waited_ms, bson_error_t *error)
{
	struct optime last;
	char text[OPTIME_TEXT], newest[OPTIME_TEXT];

	if (!conn_positions(c, NULL, &last, error))
		return false;
	if (optime_cmp(at, last) <= 0)
		return true;
	if (!server_info(conn_server(c))->primary && waited_ms < LAG_MS)
		return true;
	return error_set(error, MM_EXIT_POSITION, 0,
	    "position %s is ahead of the source, whose newest entry is %s: "
	    "rolled back, or of another replica set",
	    optime_text(at, text), optime_text(last, newest));
}

/* The newest entry at or before a time. */
static bool
resolve_time(struct conn *c, struct optime *at, bson_error_t *error)
{
	bson_t filter, more, sort, range, doc;
	struct cursor_opts opts;
	int got;
	bool ok = false;

	position_find(c, *at, false, 0, &opts, &filter, &more);
	bson_reinit(&filter);
	BSON_APPEND_DOCUMENT_BEGIN(&filter, "ts", &range);
	BSON_APPEND_TIMESTAMP(&range, "$lte", at->secs, at->inc);
	bson_append_document_end(&filter, &range);
	BSON_APPEND_DOCUMENT_BEGIN(&more, "sort", &sort);
	BSON_APPEND_INT32(&sort, "$natural", -1);
	bson_append_document_end(&more, &sort);
	got = cursor_one(c, &opts, &doc, error);
	if (got == 0)
		gone(c, *at, "nothing is there", error);
	else if (got > 0)
		ok = optime_of(&doc, at) ||
		    error_set(error, MM_EXIT_REFUSED, 0,
			"an entry of the source's oplog has no ts");
	bson_destroy(&doc);
	bson_destroy(&filter);
	bson_destroy(&more);
	return ok;
}

bool
position_prove(struct conn *c, struct optime *at, bson_error_t *error)
{
	bson_t filter, more, doc;
	struct cursor_opts opts;
	int64_t waited = 0;
	int got;
	bool ok = false, told = false;
	char text[OPTIME_TEXT];

	if (at->inc == 0)
		return resolve_time(c, at, error);
	position_find(c, *at, false, 0, &opts, &filter, &more);
	for (;; waited += POLL_MS) {
		got = cursor_one(c, &opts, &doc, error);
		if (got > 0)
			ok = position_matches(c, at, &doc, error);
		bson_destroy(&doc);
		if (got != 0 || !position_may_come(c, *at, waited, error))
			break;
		if (!told)
			msg_info("position %s is not committed yet, waiting",
			    optime_text(*at, text));
		told = true;
		if (!sig_sleep(POLL_MS)) {
			error_set(error, MM_EXIT_STOPPED, 0, "stopped");
			break;
		}
	}
	bson_destroy(&filter);
	bson_destroy(&more);
	return ok;
}

bool
position_open(struct conn *c, const char *read_concern, struct optime *oldest,
    bson_error_t *error)
{
	bson_t *filter = BCON_NEW(
	    "state", "{", "$in", "[", "prepared", "inProgress", "]", "}");
	struct cursor_opts opts = {.db = "config",
	    .coll = "transactions",
	    .filter = filter,
	    .read_concern = read_concern};
	struct cursor *cur = cursor_new(c, &opts);
	const bson_t *doc;
	struct optime start;
	enum cursor_got got;

	while ((got = cursor_next(cur, &doc, error)) == CURSOR_DOC)
		if (optime_read(doc, "startOpTime", &start) &&
		    !optime_is_null(start) && optime_cmp(start, *oldest) < 0)
			*oldest = start;
	cursor_free(cur);
	bson_destroy(filter);
	return got == CURSOR_END;
}

/* The order is what makes it sound: a transaction that commits after the
 * second position was open in between, so the table names it, or it began
 * after the first one. */
bool
position_now(struct conn *c, struct optime *read_from, struct optime *at,
    bson_error_t *error)
{
	return conn_positions(c, read_from, NULL, error) &&
	    position_open(c, NULL, read_from, error) &&
	    conn_positions(c, at, NULL, error);
}
