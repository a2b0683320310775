/* common/mongo, reading whole collections: scan, ranges. */
#include "model/docid.h"
#include "mongo/bulk.h"
#include "mongo/scan.h"
#include "rig.h"
#include "tap.h"

#define FAULT(r, json) rig_run(r, "admin", json, NULL)

static struct rig rig;

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

/* The record at which a natural scan would go on is deleted meanwhile. */
static void
test_gone(void)
{
	struct scan_opts o = {.db = "t", .coll = "gone", .natural = true};
	bool seen[1000] = {false}, twice = false;
	const bson_t *doc;
	bson_error_t error = {0};
	struct scan *s;
	bson_iter_t it;
	int n = 0, got;

	rig_fill(&rig, "t.gone", 1000, 10);
	s = scan_new(rig.conn, &o);
	while ((got = scan_next(s, &doc, &error)) == 1) {
		bson_iter_init_find(&it, doc, "_id");
		twice |= seen[bson_iter_as_int64(&it)];
		seen[bson_iter_as_int64(&it)] = true;
		if (++n != 100) /* the whole first reply */
			continue;
		rig_run(&rig, "t",
		    "{\"delete\":\"gone\",\"deletes\":[{\"q\":{\"_id\":99},"
		    "\"limit\":1}]}",
		    NULL);
		FAULT(&rig, "{\"simulate\":\"killCursors\"}");
	}
	OK(got == 0 && n == 1000 && !twice && scan_reopened(s) == 2,
	    "%d documents, %u reopenings: %s", n, scan_reopened(s),
	    error.message);
	scan_free(s);
}

static const char *const ids[] = {"{\"$minKey\":1}", "null",
    "{\"$numberDouble\":\"NaN\"}", "{\"$numberDouble\":\"-Infinity\"}", "-5",
    "0", "{\"$numberDecimal\":\"0.1\"}", "{\"$numberLong\":\"7\"}", "7.5",
    "{\"$numberLong\":\"9223372036854775807\"}",
    "{\"$numberDecimal\":\"1E+6000\"}", "{\"$numberDouble\":\"Infinity\"}",
    "\"\"", "\"m\"", "{\"$symbol\":\"sym\"}", "\"text\"", "{}", "{\"a\":1}",
    "{\"a\":{\"$minKey\":1}}", "{\"a\":[]}",
    "{\"$binary\":{\"base64\":\"AA==\",\"subType\":\"00\"}}",
    "{\"$binary\":{\"base64\":\"AA==\",\"subType\":\"80\"}}",
    "{\"$oid\":\"5f0000000000000000000001\"}", "false", "true",
    "{\"$date\":{\"$numberLong\":\"-1\"}}",
    "{\"$date\":{\"$numberLong\":\"1\"}}", "{\"$timestamp\":{\"t\":0,\"i\":0}}",
    "{\"$timestamp\":{\"t\":4294967295,\"i\":1}}",
    ("{\"$dbPointer\":{\"$ref\":\"a\",\"$id\":"
     "{\"$oid\":\"5f0000000000000000000001\"}}}"),
    "{\"$code\":\"f\"}", "{\"$code\":\"f\",\"$scope\":{\"x\":1}}",
    "{\"$maxKey\":1}"};
#define N_IDS ((int)(sizeof ids / sizeof *ids))

static void
insert_json(struct bulk *b, char *json)
{
	bson_t *doc = tap_json(json);

	bulk_insert(b, bson_get_data(doc), doc->len);
	bson_destroy(doc);
	bson_free(json);
}

static void
insert_all(struct bulk *b, const char *what)
{
	const struct bulk_error *errors;
	bson_error_t error = {0};
	size_t n;

	OK(bulk_run(b, &errors, &n, &error) == BULK_CLEAN, "%s", what);
	bulk_free(b);
}

/* Every type that an `_id` may have, also MinKey and MaxKey, through ranges
 * that begin and end at each of them. */
static void
test_mixed(void)
{
	struct bulk *b = bulk_new(rig.conn);
	struct scan_opts o = {.db = "t", .coll = "mixed"};
	struct seen all, low, high;
	struct value v;
	bson_error_t error = {0};

	bulk_begin(b, "t.mixed", false);
	for (int i = 0; i < N_IDS; i++)
		insert_json(b, bson_strdup_printf("{\"_id\":%s}", ids[i]));
	insert_all(b, "documents with every type of _id");
	all = scan(&o, &error);
	OK(all.got == 0 && all.n == N_IDS && all.ordered,
	    "all of them in the server's order");
	for (int i = 0; i < N_IDS; i++) {
		char *json = bson_strdup_printf("{\"_id\":%s}", ids[i]);
		bson_t *doc = tap_json(json);

		docid_of(doc, &v, NULL);
		o.from = NULL;
		o.to = &v;
		low = scan(&o, &error);
		o.from = &v;
		o.to = NULL;
		high = scan(&o, &error);
		OK(low.got == 0 && high.got == 0 && low.n + high.n == N_IDS &&
			low.sum + high.sum == all.sum,
		    "cut at %s: %d and %d", ids[i], low.n, high.n);
		bson_destroy(doc);
		bson_free(json);
	}
}

/* The ranges of a collection hold each of its n documents once. */
static void
split_is_whole(const char *coll, int ranges, int n)
{
	struct scan_opts o = {.db = "t", .coll = coll};
	struct seen all = scan(&o, NULL), seen;
	struct value from, to;
	struct elem e;
	bson_error_t error = {0};
	uint64_t sum = 0;
	bson_t **bounds;
	size_t n_bounds = 99;
	int total = 0, largest = 0;
	bool ok = true;

	if (!OK(scan_split(
		    rig.conn, "t", coll, ranges, &bounds, &n_bounds, &error) &&
		    n_bounds == (size_t)ranges - 1,
		"\"%s\" is split: %s", coll, error.message))
		return;
	for (size_t i = 0; i <= n_bounds; i++) {
		o.from = o.to = NULL;
		if (i > 0 &&
		    walk_find(bson_get_data(bounds[i - 1]), bounds[i - 1]->len,
			"", &e)) {
			from = e.value;
			o.from = &from;
		}
		if (i < n_bounds &&
		    walk_find(
			bson_get_data(bounds[i]), bounds[i]->len, "", &e)) {
			to = e.value;
			o.to = &to;
		}
		seen = scan(&o, &error);
		ok &= seen.got == 0;
		total += seen.n;
		sum += seen.sum;
		largest = seen.n > largest ? seen.n : largest;
	}
	OK(ok && all.n == n && total == n && sum == all.sum &&
		largest < 3 * n / ranges,
	    "into ranges that hold all %d once, the largest %d", total,
	    largest);
	for (size_t i = 0; i < n_bounds; i++)
		bson_destroy(bounds[i]);
	bson_free(bounds);
}

static void
test_split(void)
{
	static const char *const kinds[][2] = {{"", ""}, {"", ".5"},
	    {"\"k", "\""}, {"{\"$symbol\":\"s", "\"}"}, {"{\"x\":", "}"},
	    {"{\"$oid\":\"5f00000000000000", "\"}"},
	    {"{\"$date\":{\"$numberLong\":\"", "\"}}"},
	    {"{\"$timestamp\":{\"t\":", ",\"i\":1}}"},
	    {"{\"$code\":\"f", "\"}"}, {"{\"$numberDecimal\":\"", ".25\"}"}};
	const int n_kinds = sizeof kinds / sizeof *kinds;
	bson_t **bounds;
	size_t n = 99;
	bson_error_t error = {0};
	struct bulk *b;

	OK(scan_split(rig.conn, "t", "mixed", 8, &bounds, &n, &error) && n == 0,
	    "a small collection is not split");
	bson_free(bounds);
	OK(scan_split(rig.conn, "t", "none", 8, &bounds, &n, &error) && n == 0,
	    "nor one that is not there");
	bson_free(bounds);
	split_is_whole("c", 4, 20000);

	/* Bounds of any type, and all types beside each other. */
	b = bulk_new(rig.conn);
	bulk_begin(b, "t.kinds", false);
	for (int i = 0; i < 12000 - N_IDS; i++) {
		const char *const *kind = kinds[i * 7 % n_kinds];

		insert_json(b,
		    bson_strdup_printf("{\"_id\":%s%d%s}", kind[0],
			10000000 + i * 7919 % 12007, kind[1]));
	}
	for (int i = 0; i < N_IDS; i++)
		insert_json(b, bson_strdup_printf("{\"_id\":%s}", ids[i]));
	insert_all(b, "documents of many types");
	split_is_whole("kinds", 12, 12000);

	/* The order is that of the collection's collation. */
	rig_run(&rig, "t",
	    "{\"create\":\"words\",\"collation\":{\"locale\":\"en\","
	    "\"strength\":2}}",
	    NULL);
	b = bulk_new(rig.conn);
	bulk_begin(b, "t.words", false);
	for (int i = 0; i < 6000; i++)
		insert_json(b,
		    bson_strdup_printf(
			i % 3 ? "{\"_id\":\"%c%d\"}" : "{\"_id\":{\"%c\":%d}}",
			i % 2 ? 'a' + i % 26 : 'A' + i % 26, i));
	insert_all(b, "documents under a collation");
	split_is_whole("words", 6, 6000);
}

int
main(void)
{
	if (!rig_start(&rig, NULL))
		return tap_done();
	rig_open(&rig, SIDE_SOURCE);
	rig_fill(&rig, "t.c", 20000, 300);
	test_scan();
	test_mixed();
	test_split();
	if (rig.sim)
		test_gone();
	rig_stop(&rig);
	return tap_done();
}
