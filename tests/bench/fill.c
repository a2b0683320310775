/* fill URI N: N documents, one of a hundred into sel.docs, the others into
 * other.docs, as applications that share a server write: an oplog with one
 * entry of a hundred selected. */
#include <mongoc/mongoc.h>
#include <stdio.h>
#include <stdlib.h>

enum { SHARE = 100 };

static bool
fill(mongoc_collection_t *sel, mongoc_collection_t *other, int64_t n,
    bson_error_t *error)
{
	const bson_t *docs[SHARE];
	bson_t *opts = BCON_NEW("validate", BCON_BOOL(false));
	bool ok = true;

	for (int64_t at = 0; ok && at < n; at += SHARE) {
		for (int i = 0; i < SHARE; i++)
			docs[i] = BCON_NEW("_id", BCON_INT64(at + i), "text",
			    BCON_UTF8("the quick brown fox jumps over the "
				      "lazy dog while it rains in Berlin and "
				      "nobody minds because work goes on"),
			    "customer", "{", "n", BCON_INT64(at), "city",
			    BCON_UTF8("Berlin"), "}", "version", BCON_INT32(0));
		ok = mongoc_collection_insert_many(
			 other, docs + 1, SHARE - 1, opts, NULL, error) &&
		    mongoc_collection_insert_one(
			sel, docs[0], opts, NULL, error);
		for (int i = 0; i < SHARE; i++)
			bson_destroy((bson_t *)docs[i]);
	}
	bson_destroy(opts);
	return ok;
}

int
main(int argc, char **argv)
{
	mongoc_client_t *client;
	mongoc_collection_t *sel, *other;
	bson_error_t error;
	bool ok;

	mongoc_init();
	client = argc == 3 ? mongoc_client_new(argv[1]) : NULL;
	if (!client) {
		fputs("usage: fill URI N\n", stderr);
		return 2;
	}
	sel = mongoc_client_get_collection(client, "sel", "docs");
	other = mongoc_client_get_collection(client, "other", "docs");
	ok = fill(sel, other, atoll(argv[2]), &error);
	if (!ok)
		fprintf(stderr, "fill: %s\n", error.message);
	mongoc_collection_destroy(sel);
	mongoc_collection_destroy(other);
	mongoc_client_destroy(client);
	mongoc_cleanup();
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
