/* How old an operation is when it gets somewhere. Three parts, run at the same
 * time on one machine (they share its monotonic clock):
 *
 * latency write URI DB.COLLECTION N RATE: N operations at that rate a second,
 * inserts and updates in turn. An insert holds the time just before it was
 * sent.
 * latency pipe: reads the log stream of a tail from standard input until its
 * end; each insert counts when the reader has it.
 * latency poll URI DB.COLLECTION N: asks the target again and again for what
 * is new until all N / 2 inserts are there; each counts when the answer that
 * shows it is here.
 *
 * pipe and poll print: count, p50, p99 and the largest, in milliseconds. */
#include <mongoc/mongoc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stream/stream.h"

enum { ASK_MOST = 2000, PATIENCE_US = 60000000 };

struct ages {
	int64_t *us;
	size_t n, cap;
};

static void
ages_add(struct ages *a, int64_t sent)
{
	if (a->n == a->cap) {
		a->cap = a->cap ? a->cap * 2 : 4096;
		a->us = bson_realloc(a->us, a->cap * sizeof *a->us);
	}
	a->us[a->n++] = bson_get_monotonic_time() - sent;
}

static int
by_age(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static bool
ages_print(struct ages *a)
{
	if (a->n > 0) {
		qsort(a->us, a->n, sizeof *a->us, by_age);
		printf("%zu %.3f %.3f %.3f\n", a->n,
		    (double)a->us[a->n / 2] / 1e3,
		    (double)a->us[a->n * 99 / 100] / 1e3,
		    (double)a->us[a->n - 1] / 1e3);
	}
	bson_free(a->us);
	return a->n > 0;
}

/* ---------------------------------------------------------------- write */

static bool
insert(mongoc_collection_t *coll, int64_t id, bson_error_t *error)
{
	bson_t *doc = BCON_NEW("_id", BCON_INT64(id), "sent",
	    BCON_INT64(bson_get_monotonic_time()), "text",
	    BCON_UTF8("the quick brown fox jumps over the lazy dog"), "n",
	    BCON_INT32(0));
	bool ok = mongoc_collection_insert_one(coll, doc, NULL, NULL, error);

	bson_destroy(doc);
	return ok;
}

static bool
update(mongoc_collection_t *coll, int64_t id, int32_t n, bson_error_t *error)
{
	bson_t *key = BCON_NEW("_id", BCON_INT64(id));
	bson_t *change = BCON_NEW("$set", "{", "n", BCON_INT32(n), "}");
	bool ok =
	    mongoc_collection_update_one(coll, key, change, NULL, NULL, error);

	bson_destroy(key);
	bson_destroy(change);
	return ok;
}

static bool
write_all(mongoc_collection_t *coll, int64_t n, int64_t rate)
{
	int64_t began = bson_get_monotonic_time(), ahead;
	bson_error_t error;
	bool ok = true;

	for (int64_t i = 0; ok && i < n; i++) {
		ahead = began + i * 1000000 / rate - bson_get_monotonic_time();
		if (ahead > 0)
			usleep((useconds_t)ahead);
		ok = i % 2 ? update(coll, i / 3, (int32_t)i, &error)
			   : insert(coll, i / 2, &error);
	}
	if (!ok)
		fprintf(stderr, "latency: %s\n", error.message);
	printf("%.1f\n",
	    (double)n * 1e6 / (double)(bson_get_monotonic_time() - began));
	return ok;
}

/* ----------------------------------------------------------------- pipe */

static void
take_block(struct ages *a, const struct block_view *view)
{
	struct block_cursor cur;
	const uint8_t *data;
	uint32_t len;
	bson_t entry;
	bson_iter_t it, sent;

	block_rewind(&cur, view);
	while (block_next(&cur, &data, &len))
		if (bson_init_static(&entry, data, len) &&
		    bson_iter_init(&it, &entry) &&
		    bson_iter_find_descendant(&it, "o.sent", &sent))
			ages_add(a, bson_iter_int64(&sent));
}

static bool
read_pipe(void)
{
	struct stream_in *in =
	    stream_in_new(STDIN_FILENO, "standard input", false);
	struct ages ages = {0};
	struct stream_item item;
	bson_error_t error;
	enum stream_got got;

	while ((got = stream_next(in, &item, &error)) == STREAM_GOT)
		if (item.type == RECORD_BLOCK)
			take_block(&ages, &item.block);
	if (got == STREAM_ERROR)
		fprintf(stderr, "latency: %s\n", error.message);
	stream_in_free(in);
	return ages_print(&ages) && got == STREAM_EOF;
}

/* ----------------------------------------------------------------- poll */

struct poll {
	mongoc_collection_t *coll;
	bool *seen;
	int64_t low, n; /* everything below low was seen */
	struct ages ages;
};

static void
see(struct poll *p, const bson_t *doc)
{
	bson_iter_t id, sent;
	int64_t i;

	if (!bson_iter_init_find(&id, doc, "_id") ||
	    !bson_iter_init_find(&sent, doc, "sent"))
		return;
	i = bson_iter_int64(&id);
	if (i < 0 || i >= p->n || p->seen[i])
		return;
	p->seen[i] = true;
	ages_add(&p->ages, bson_iter_int64(&sent));
}

/* Lanes overtake one another, so what is above the lowest one that is missing
 * is asked for again. */
static bool
ask(struct poll *p, bson_error_t *error)
{
	bson_t *filter = BCON_NEW("_id", "{", "$gte", BCON_INT64(p->low), "}");
	bson_t *opts = BCON_NEW("sort", "{", "_id", BCON_INT32(1), "}", "limit",
	    BCON_INT64(ASK_MOST), "projection", "{", "sent", BCON_INT32(1),
	    "}");
	mongoc_cursor_t *cursor =
	    mongoc_collection_find_with_opts(p->coll, filter, opts, NULL);
	const bson_t *doc;
	bool ok;

	while (mongoc_cursor_next(cursor, &doc))
		see(p, doc);
	ok = !mongoc_cursor_error(cursor, error);
	while (p->low < p->n && p->seen[p->low])
		p->low++;
	mongoc_cursor_destroy(cursor);
	bson_destroy(filter);
	bson_destroy(opts);
	return ok;
}

static bool
poll_all(mongoc_collection_t *coll, int64_t n)
{
	struct poll p = {.coll = coll, .n = n};
	int64_t moved = bson_get_monotonic_time(), low = 0;
	bson_error_t error;
	bool ok = true;

	p.seen = bson_malloc0((size_t)n);
	while (ok && p.low < p.n) {
		ok = ask(&p, &error);
		if (!ok)
			fprintf(stderr, "latency: %s\n", error.message);
		if (p.low > low)
			moved = bson_get_monotonic_time();
		low = p.low;
		if (bson_get_monotonic_time() - moved > PATIENCE_US) {
			fputs("latency: nothing comes any more\n", stderr);
			ok = false;
		}
		usleep(500);
	}
	bson_free(p.seen);
	return ages_print(&p.ages) && ok;
}

/* ----------------------------------------------------------------- main */

static int
with_server(int argc, char **argv)
{
	mongoc_client_t *client;
	mongoc_collection_t *coll;
	char *dot = strchr(argv[3], '.');
	int64_t n = atoll(argv[4]);
	bool ok;

	if (!dot || n < 2)
		return 2;
	*dot = '\0';
	mongoc_init();
	client = mongoc_client_new(argv[2]);
	if (!client)
		return 2;
	coll = mongoc_client_get_collection(client, argv[3], dot + 1);
	if (argc > 5)
		ok = write_all(coll, n, atoll(argv[5]));
	else
		ok = poll_all(coll, n / 2);
	mongoc_collection_destroy(coll);
	mongoc_client_destroy(client);
	mongoc_cleanup();
	return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "pipe") == 0)
		return read_pipe() ? EXIT_SUCCESS : EXIT_FAILURE;
	if ((argc == 6 && strcmp(argv[1], "write") == 0) ||
	    (argc == 5 && strcmp(argv[1], "poll") == 0))
		return with_server(argc, argv);
	fputs("usage: latency write URI DB.COLLECTION N RATE | pipe | "
	      "poll URI DB.COLLECTION N\n",
	    stderr);
	return 2;
}
