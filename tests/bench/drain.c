/* drain URI DB.COLLECTION [BATCH]: reads all documents with the driver's own
 * cursor, in natural order, and does nothing with them: what any program that
 * reads a collection is measured against. Prints documents, bytes, seconds.
 * BATCH: documents a reply (0: the driver's default, replies of 16 MiB). */
#include <inttypes.h>
#include <mongoc/mongoc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
drain(mongoc_collection_t *coll, int32_t batch)
{
	int64_t began = bson_get_monotonic_time();
	bson_t filter = BSON_INITIALIZER, opts = BSON_INITIALIZER;
	mongoc_cursor_t *cursor;
	int64_t docs = 0, bytes = 0;
	const bson_t *doc;
	bson_error_t error;
	int status = 0;

	BCON_APPEND(&opts, "hint", "{", "$natural", BCON_INT32(1), "}");
	if (batch)
		BSON_APPEND_INT32(&opts, "batchSize", batch);
	cursor = mongoc_collection_find_with_opts(coll, &filter, &opts, NULL);
	while (mongoc_cursor_next(cursor, &doc)) {
		docs++;
		bytes += doc->len;
	}
	if (mongoc_cursor_error(cursor, &error)) {
		fprintf(stderr, "drain: %s\n", error.message);
		status = 4;
	}
	printf("%" PRId64 " %" PRId64 " %.3f\n", docs, bytes,
	    (double)(bson_get_monotonic_time() - began) / 1e6);
	mongoc_cursor_destroy(cursor);
	bson_destroy(&filter);
	bson_destroy(&opts);
	return status;
}

int
main(int argc, char **argv)
{
	mongoc_client_t *client;
	mongoc_collection_t *coll;
	char *dot;
	int status;

	dot = argc < 3 ? NULL : strchr(argv[2], '.');
	if (!dot) {
		fputs("usage: drain URI DB.COLLECTION [BATCH]\n", stderr);
		return 2;
	}
	*dot = '\0';
	mongoc_init();
	client = mongoc_client_new(argv[1]);
	if (!client) {
		fputs("drain: not a MongoDB URI\n", stderr);
		return 2;
	}
	coll = mongoc_client_get_collection(client, argv[2], dot + 1);
	status = drain(coll, argc > 3 ? atoi(argv[3]) : 0);
	mongoc_collection_destroy(coll);
	mongoc_client_destroy(client);
	mongoc_cleanup();
	return status;
}
