/* common/mongo, reading: server, cursor, scan, ranges. */
#include <string.h>

#include "model/docid.h"
#include "mongo/bulk.h"
#include "mongo/scan.h"
#include "rig.h"
#include "tap.h"

#define FAULT(r, json) rig_run(r, "admin", json, NULL)

static struct rig rig;

static void
fill(const char *ns, int n, int size)
{
	struct bulk *b = bulk_new(rig.conn);
	const struct bulk_error *errors;
	char *text = bson_malloc0((size_t)size + 1);
	bson_error_t error;
	size_t n_errors;

	memset(text, 'x', (size_t)size);
	bulk_begin(b, ns, false);
	for (int i = 0; i < n; i++) {
		bson_t doc = BSON_INITIALIZER;

		BSON_APPEND_INT32(&doc, "_id", i);
		BSON_APPEND_UTF8(&doc, "text", text);
		bulk_insert(b, bson_get_data(&doc), doc.len);
		bson_destroy(&doc);
	}
	OK(bulk_run(b, &errors, &n_errors, &error) == BULK_CLEAN,
	    "%d documents inserted into %s", n, ns);
	bulk_free(b);
	bson_free(text);
}

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
		error_status(&error) == MM_EXIT_SOURCE && error.code == 2,
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
	fill("t.tail", 3, 1);
	for (int i = 0; i < 3; i++)
		OK(cursor_next(cur, &doc, &error) == CURSOR_DOC,
		    "tail: entry %d", i);
	OK(cursor_next(cur, &doc, &error) == CURSOR_WAIT, "tail: waits again");
	cursor_free(cur);
	bson_destroy(filter);
}

struct seen {
	uint64_t sum; /* of the hashes of the `_id`s */
	int n;
	bool ordered;
	unsigned reopened;
	int got;
};

static struct seen
scan(const struct scan_opts *o, bson_error_t *error)
{
	struct scan *s = scan_new(rig.conn, o);
	struct seen seen = {.ordered = true};
	bson_t last = BSON_INITIALIZER;
	struct value a, b;
	const bson_t *doc;

	while ((seen.got = scan_next(s, &doc, error)) == 1) {
		docid_of(doc, &b, NULL);
		if (seen.n && docid_of(&last, &a, NULL) &&
		    value_cmp(&a, &b) >= 0)
			seen.ordered = false;
		seen.sum += docid_hash(&b);
		seen.n++;
		bson_destroy(&last);
		bson_copy_to(doc, &last);
	}
	seen.reopened = scan_reopened(s);
	bson_destroy(&last);
	scan_free(s);
	return seen;
}

static void
test_scan(void)
{
	struct scan_opts o = {.db = "t", .coll = "c", .batch_bytes = 200000};
	struct seen plain, seen;
	bson_error_t error = {0};

	plain = scan(&o, &error);
	OK(plain.got == 0 && plain.n == 20000 && plain.ordered &&
		plain.reopened == 0,
	    "scan in order");
	o.natural = true;
	seen = scan(&o, &error);
	OK(seen.got == 0 && seen.n == 20000 && seen.sum == plain.sum,
	    "natural scan");
	if (!rig.sim)
		return;
	for (int natural = 0; natural < 2; natural++) {
		o.natural = natural;
		FAULT(&rig,
		    "{\"simulate\":\"loseReply\",\"command\":\"getMore\","
		    "\"after\":1}");
		FAULT(&rig,
		    "{\"simulate\":\"killCursors\",\"after\":3,\"times\":2}");
		seen = scan(&o, &error);
		OK(seen.got == 0 && seen.n == 20000 && seen.sum == plain.sum &&
			seen.ordered && seen.reopened == 3,
		    "natural %d: nothing twice, nothing left out after %u",
		    natural, seen.reopened);
	}
	o.natural = false;
	FAULT(&rig, "{\"simulate\":\"killCursors\",\"after\":1,\"times\":0}");
	seen = scan(&o, &error);
	OK(seen.n >= 100, "some documents before the cursors die");
	FAULT(&rig, "{\"simulate\":\"clear\"}");
	FAULT(&rig,
	    "{\"simulate\":\"fail\",\"command\":\"find\",\"code\":13436,"
	    "\"times\":1}");
	seen = scan(&o, &error);
	OK(seen.got == 0 && seen.n == 20000, "a find that may be tried again");
}

/* Every type in the `_id`, also MinKey and MaxKey, through ranges. */
static void
test_mixed(void)
{
	static const char *const ids[] = {"{\"$minKey\":1}", "null",
	    "{\"$numberDouble\":\"NaN\"}", "-5", "0", "{\"$numberLong\":\"7\"}",
	    "7.5", "\"\"", "\"text\"", "{}", "{\"a\":1}",
	    "{\"a\":{\"$minKey\":1}}",
	    "{\"$binary\":{\"base64\":\"AA==\",\"subType\":\"00\"}}",
	    "{\"$oid\":\"5f0000000000000000000001\"}", "false", "true",
	    "{\"$date\":{\"$numberLong\":\"1\"}}",
	    "{\"$timestamp\":{\"t\":0,\"i\":0}}", "{\"$maxKey\":1}"};
	const int n = sizeof ids / sizeof *ids;
	struct bulk *b = bulk_new(rig.conn);
	const struct bulk_error *errors;
	struct scan_opts o = {.db = "t", .coll = "mixed"};
	struct seen all, low, high;
	struct value v;
	bson_error_t error = {0};
	size_t n_errors;

	bulk_begin(b, "t.mixed", false);
	for (int i = 0; i < n; i++) {
		char *json = bson_strdup_printf("{\"_id\":%s}", ids[i]);
		bson_t *doc = tap_json(json);

		bulk_insert(b, bson_get_data(doc), doc->len);
		bson_destroy(doc);
		bson_free(json);
	}
	OK(bulk_run(b, &errors, &n_errors, &error) == BULK_CLEAN,
	    "documents with every type of _id");
	bulk_free(b);
	all = scan(&o, &error);
	OK(all.got == 0 && all.n == n && all.ordered,
	    "all of them in the server's order");
	for (int i = 0; i < n; i++) {
		char *json = bson_strdup_printf("{\"_id\":%s}", ids[i]);
		bson_t *doc = tap_json(json);

		docid_of(doc, &v, NULL);
		o.from = NULL;
		o.to = &v;
		low = scan(&o, &error);
		o.from = &v;
		o.to = NULL;
		high = scan(&o, &error);
		OK(low.got == 0 && high.got == 0 && low.n + high.n == n &&
			low.sum + high.sum == all.sum,
		    "cut at %s: %d and %d", ids[i], low.n, high.n);
		bson_destroy(doc);
		bson_free(json);
	}
}

static void
test_split(void)
{
	bson_t **bounds;
	size_t n = 99;
	struct scan_opts o = {.db = "t", .coll = "c"};
	struct value from, to;
	struct elem e;
	bson_error_t error = {0};
	int sum = 0, largest = 0;

	OK(scan_split(rig.conn, "t", "mixed", 8, &bounds, &n, &error) && n == 0,
	    "a small collection is not split");
	bson_free(bounds);
	OK(scan_split(rig.conn, "t", "none", 8, &bounds, &n, &error) && n == 0,
	    "nor one that is not there");
	bson_free(bounds);
	if (!OK(scan_split(rig.conn, "t", "c", 4, &bounds, &n, &error) &&
		    n == 3,
		"a large one is: %s", error.message))
		return;
	for (size_t i = 0; i <= n; i++) {
		struct seen seen;

		o.from = o.to = NULL;
		if (i > 0 &&
		    walk_find(bson_get_data(bounds[i - 1]), bounds[i - 1]->len,
			"", &e)) {
			from = e.value;
			o.from = &from;
		}
		if (i < n &&
		    walk_find(
			bson_get_data(bounds[i]), bounds[i]->len, "", &e)) {
			to = e.value;
			o.to = &to;
		}
		seen = scan(&o, &error);
		sum += seen.n;
		largest = seen.n > largest ? seen.n : largest;
	}
	OK(sum == 20000 && largest < 12000,
	    "into ranges that hold all, the largest %d", largest);
	for (size_t i = 0; i < n; i++)
		bson_destroy(bounds[i]);
	bson_free(bounds);
}

int
main(void)
{
	if (!rig_start(&rig, NULL))
		return tap_done();
	rig_open(&rig, SIDE_SOURCE);
	test_open();
	fill("t.c", 20000, 300);
	test_cursor();
	test_tail();
	test_scan();
	test_mixed();
	test_split();
	if (rig.sim)
		test_lost();
	rig_stop(&rig);
	return tap_done();
}
