/* Index builds as $currentOp shows them, by version. */
#include "tap.h"

#include <string.h>

#include "mongo/build_op.h"

static void
reads(const char *json, const char *ns, const char *phase, int64_t done,
    int64_t total)
{
	bson_t *op = bson_new_from_json((const uint8_t *)json, -1, NULL);
	struct build_op got;
	bool is = build_op_read(op, &got);

	OK(is && strcmp(got.ns, ns) == 0 && strcmp(got.phase, phase) == 0 &&
		got.done == done && got.total == total,
	    "%s: \"%s\" %lld of %lld", got.ns, got.phase, (long long)got.done,
	    (long long)got.total);
	bson_destroy(op);
}

static void
refuses(const char *json)
{
	bson_t *op = bson_new_from_json((const uint8_t *)json, -1, NULL);
	struct build_op got;

	OK(!build_op_read(op, &got), "%.50s", json);
	bson_destroy(op);
}

int
main(void)
{
	/* 4.2: the command; 4.4 and later: the thread that builds. */
	reads("{\"op\":\"command\",\"ns\":\"shop.a\",\"command\":"
	      "{\"createIndexes\":\"a\"},\"msg\":\"Index Build: scanning "
	      "collection Index Build: scanning collection: 12/150 8%\","
	      "\"progress\":{\"done\":12,\"total\":150}}",
	    "shop.a", "scanning collection", 12, 150);
	reads(
	    "{\"ns\":\"shop.a.b\",\"command\":{\"createIndexes\":\"a.b\"},"
	    "\"msg\":\"Index Build: inserting keys from external sorter into "
	    "index Index Build: inserting keys from external sorter into "
	    "index: 5/10 50%\",\"progress\":{\"done\":{\"$numberLong\":\"5\"},"
	    "\"total\":10.0}}",
	    "shop.a.b", "inserting keys from external sorter into index", 5,
	    10);
	reads("{\"ns\":\"shop.a\",\"command\":{\"createIndexes\":\"a\"},"
	      "\"msg\":\"Index Build: draining writes received during build\"}",
	    "shop.a", "draining writes received during build", 0, 0);
	/* 4.0; a command on db.$cmd; a command that waits. */
	reads("{\"ns\":\"shop.a\",\"command\":{\"createIndexes\":\"a\"},"
	      "\"msg\":\"Index Build Index Build: 3/10 30%\","
	      "\"progress\":{\"done\":3,\"total\":10}}",
	    "shop.a", "", 3, 10);
	reads("{\"ns\":\"shop.$cmd\",\"command\":{\"createIndexes\":\"a\"}}",
	    "shop.a", "", 0, 0);
	reads("{\"ns\":\"shop.a\",\"command\":{\"createIndexes\":\"a\"},"
	      "\"msg\":\"other\"}",
	    "shop.a", "", 0, 0);
	refuses("{\"ns\":\"shop.a\",\"command\":{\"find\":\"a\"}}");
	refuses("{\"command\":{\"createIndexes\":\"a\"}}");
	refuses("{\"ns\":\".a\",\"command\":{\"createIndexes\":\"a\"}}");
	refuses("{\"ns\":\"shop.a\",\"command\":{\"createIndexes\":1}}");
	return tap_done();
}
