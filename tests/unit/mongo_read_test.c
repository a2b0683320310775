/* common/mongo, reading: server, cursor. */
#include <string.h>

#include "mongo/cursor.h"
#include "rig.h"
#include "tap.h"

#define FAULT(r, json) rig_run(r, "admin", json, NULL)

static struct rig rig;

static void
test_open(void)
{
	const struct server_info *info = server_info(rig.server);
	struct server_flags flags = {.member = rig.host};
	struct optime majority, last, oldest;
	bson_error_t error;
	struct server *s;
	char *secret;

	OK(strcmp(info->set, "rig") == 0 && info->primary && info->sessions,
	    "set, primary, sessions");
	OK(info->wire >= 6 && info->version[0] && strlen(info->id) == 24,
	    "wire %d, version %s, id %s", info->wire, info->version, info->id);
	OK(strcmp(info->me, rig.host) == 0, "me is %s", info->me);
	OK(conn_positions(rig.conn, &majority, &last, &error) &&
		!optime_is_null(majority) && optime_cmp(majority, last) <= 0,
	    "positions");
	OK(conn_oldest(rig.conn, &oldest, &error) &&
		optime_cmp(oldest, last) <= 0,
	    "oldest entry");
	flags.uri = secret = bson_strdup("mongodb://nowhere.invalid/");
	s = server_open(SIDE_SOURCE, &flags, NULL, true, &error);
	OK(s && !flags.uri, "one member by its address, URI forgotten");
	server_close(s);
	flags = (struct server_flags){
	    .uri = bson_strdup("mongodb://127.0.0.1:1/"
			       "?serverSelectionTimeoutMS=300")};
	s = server_open(SIDE_TARGET, &flags, NULL, false, &error);
	OK(!s && error_status(&error) == MM_EXIT_TARGET, "unreachable: %s",
	    error.message);
	flags = (struct server_flags){0};
	s = server_open(SIDE_SOURCE, &flags, NULL, false, &error);
	OK(!s && error_status(&error) == MM_EXIT_USAGE, "no URI: %s",
	    error.message);
}

/* Reads all; docs must be _id 0, 1, ... n-1 in that order. */
static int
drain(struct cursor *cur, enum cursor_got *end, bson_error_t *error)
{
	const bson_t *doc;
	bson_iter_t it;
	int n = 0;

	while ((*end = cursor_next(cur, &doc, error)) == CURSOR_DOC)
		if (!bson_iter_init_find(&it, doc, "_id") ||
		    bson_iter_as_int64(&it) != n++)
			return -1;
	return n;
}

static void
test_cursor(void)
{
	bson_t *more = tap_json("{\"sort\":{\"_id\":1}}");
	struct cursor_opts o = {.db = "t", .coll = "c", .more = more};
	enum cursor_got end;
	bson_error_t error = {0};
	struct cursor *cur;
	bson_t one;

	cur = cursor_new(rig.conn, &o);
	OK(drain(cur, &end, &error) == 20000 && end == CURSOR_END,
	    "all of many batches, in order");
	cursor_free(cur);
	o.limit = 7;
	cur = cursor_new(rig.conn, &o);
	OK(drain(cur, &end, &error) == 7 && end == CURSOR_END, "limit");
	cursor_free(cur);
	o.limit = 0;
	OK(cursor_one(rig.conn, &o, &one, &error) == 1 &&
		bson_has_field(&one, "text"),
	    "one");
	bson_destroy(&one);
	o.coll = "none";
	OK(cursor_one(rig.conn, &o, &one, &error) == 0 && bson_empty(&one),
	    "none");
	bson_destroy(&one);
	bson_destroy(more);
	o = (struct cursor_opts){.db = "t", .coll = "c"};
	o.filter = more = tap_json("{\"_id\":{\"$nonsense\":1}}");
	OK(cursor_one(rig.conn, &o, &one, &error) == -1 &&
		error_status(&error) == MM_EXIT_REFUSED && error.code == 2,
	    "bad filter: %s", error.message);
	bson_destroy(&one);
	bson_destroy(more);
}

static void
test_lost(void)
{
	struct cursor_opts o = {.db = "t", .coll = "c", .batch_bytes = 200000};
	int64_t fired = rig_fired(&rig, "loseReply");
	enum cursor_got end;
	bson_error_t error;
	struct cursor *cur;
	int n;

	FAULT(&rig,
	    "{\"simulate\":\"loseReply\",\"command\":\"find\",\"ns\":\"t.c\"}");
	cur = cursor_new(rig.conn, &o);
	OK(drain(cur, &end, &error) == 20000 && end == CURSOR_END,
	    "a lost reply to find is asked for again");
	cursor_free(cur);
	FAULT(&rig,
	    "{\"simulate\":\"loseReply\",\"command\":\"getMore\",\"after\":2}");
	cur = cursor_new(rig.conn, &o);
	n = drain(cur, &end, &error);
	OK(n > 0 && n < 20000 && end == CURSOR_LOST && error.code == 0,
	    "a lost reply to getMore is told after %d: %s", n, error.message);
	OK(drain(cur, &end, &error) == 0 && end == CURSOR_LOST, "and stays so");
	cursor_free(cur);
	OK(rig_fired(&rig, "loseReply") == fired + 2, "both were lost");
	FAULT(&rig, "{\"simulate\":\"killCursors\",\"after\":1}");
	cur = cursor_new(rig.conn, &o);
	n = drain(cur, &end, &error);
	OK(n > 0 && n < 20000 && end == CURSOR_LOST && error.code == 43,
	    "a killed cursor: %s", error.message);
	cursor_free(cur);
	FAULT(&rig, "{\"simulate\":\"fail\",\"command\":\"find\",\"code\":13}");
	cur = cursor_new(rig.conn, &o);
	OK(drain(cur, &end, &error) == 0 && end == CURSOR_ERROR &&
		error_status(&error) == MM_EXIT_REFUSED,
	    "no right: %s", error.message);
	cursor_free(cur);
}

static void
test_tail(void)
{
	bson_t *filter = tap_json("{\"ns\":\"t.tail\"}");
	struct cursor_opts o = {.db = "local",
	    .coll = "oplog.rs",
	    .filter = filter,
	    .tailable = true,
	    .await_ms = 100};
	struct cursor *cur = cursor_new(rig.conn, &o);
	const bson_t *doc;
	bson_error_t error;

	OK(cursor_next(cur, &doc, &error) == CURSOR_WAIT, "tail: nothing yet");
	rig_fill(&rig, "t.tail", 3, 1);
	for (int i = 0; i < 3; i++)
		OK(cursor_next(cur, &doc, &error) == CURSOR_DOC,
		    "tail: entry %d", i);
	OK(cursor_next(cur, &doc, &error) == CURSOR_WAIT, "tail: waits again");
	cursor_free(cur);
	bson_destroy(filter);
}

int
main(void)
{
	if (!rig_start(&rig, NULL))
		return tap_done();
	rig_open(&rig, SIDE_SOURCE);
	test_open();
	rig_fill(&rig, "t.c", 20000, 300);
	test_cursor();
	test_tail();
	if (rig.sim)
		test_lost();
	rig_stop(&rig);
	return tap_done();
}
