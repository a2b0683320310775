/* What becomes of indexes; and a throttle's rate; and helpers that write every
 * block that is handed over. */
#include <pthread.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/sig.h"
#include "engine/helpers.h"
#include "engine/load_index.h"
#include "engine/throttle.h"
#include "tap.h"

static void
split(void)
{
	bson_t *raw = tap_json(
	    "{\"0\": {\"v\": 2, \"key\": {\"_id\": 1}, \"name\": \"_id_\","
	    " \"ns\": \"a.b\"},"
	    " \"1\": {\"v\": 2, \"key\": {\"a\": 1}, \"name\": \"a\","
	    " \"background\": true, \"ns\": \"a.b\"},"
	    " \"2\": {\"v\": 2, \"key\": {\"u\": 1}, \"name\": \"u\","
	    " \"unique\": true},"
	    " \"3\": {\"v\": 2, \"key\": {\"t\": 1}, \"name\": \"t\","
	    " \"expireAfterSeconds\": 60},"
	    " \"4\": {\"v\": 2, \"key\": {\"x\": 1}, \"name\": \"x\","
	    " \"unique\": true, \"expireAfterSeconds\": 60}}");
	bson_t *staged = tap_json(
	    "{\"0\": {\"ns\": \"c.d\", \"spec\": {\"v\": 2, \"key\":"
	    " {\"u\": 1}, \"name\": \"u\", \"unique\": true},"
	    " \"why\": \"unique\"},"
	    " \"1\": {\"ns\": \"c.d\", \"spec\": {\"v\": 2, \"key\":"
	    " {\"t\": 1}, \"name\": \"t\", \"expireAfterSeconds\": 60},"
	    " \"why\": \"ttl\"},"
	    " \"2\": {\"ns\": \"c.d\", \"spec\": {\"v\": 2, \"key\":"
	    " {\"x\": 1}, \"name\": \"x\", \"unique\": true,"
	    " \"expireAfterSeconds\": 60}, \"why\": \"unique\"}}");
	bson_t *asleep = tap_json("{\"0\": {\"v\": 2, \"key\": {\"t\": 1},"
				  " \"name\": \"t\","
				  " \"expireAfterSeconds\": 60}}");
	bson_t *later = tap_json(
	    "{\"0\": {\"v\": 2, \"key\": {\"a\": 1}, \"name\": \"a\"}}");
	struct load_indexes i;

	load_indexes_split("c.d", raw, &i);
	OK(tap_same_doc(&i.staged, staged), "unique and TTL are staged");
	OK(tap_same_doc(&i.asleep, asleep), "TTL sleeps, unless unique");
	OK(tap_same_doc(i.later, later), "the others are built later");
	load_indexes_release(&i);
	bson_destroy(i.later);
	load_indexes_split("c.d", NULL, &i);
	OK(bson_empty(&i.staged) && bson_empty(&i.asleep) && !i.later,
	    "no indexes: nothing");
	load_indexes_release(&i);
	bson_destroy(raw);
	bson_destroy(staged);
	bson_destroy(asleep);
	bson_destroy(later);
}

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void
rate(void)
{
	struct throttle *t = throttle_new(1 << 20), *none = throttle_new(0);
	double began = seconds(), took;

	for (int i = 0; i < 12; i++)
		throttle_spend(t, 64 << 10);
	took = seconds() - began;
	/* 768 KiB at 1 MiB/s, less the quarter of a second at once */
	OK(took > 0.45 && took < 5, "a rate is kept: %.2f s", took);
	began = seconds();
	for (int i = 0; i < 1000; i++)
		throttle_spend(none, 1 << 30);
	OK(seconds() - began < 1, "no rate, no wait");
	throttle_free(t);
	throttle_free(none);
}

struct pool {
	struct helpers *h;
	pthread_mutex_t lock;
	int failed;
};

static void *
serve(void *arg)
{
	struct pool *p = arg;
	bson_error_t error;

	if (!helpers_serve(p->h, &error)) {
		pthread_mutex_lock(&p->lock);
		p->failed++;
		pthread_mutex_unlock(&p->lock);
	}
	return NULL;
}

static void
fill(struct block *b, int64_t i)
{
	bson_t doc = BSON_INITIALIZER;

	BSON_APPEND_INT64(&doc, "_id", i);
	b->c = 0;
	block_add(b, bson_get_data(&doc), doc.len);
	bson_destroy(&doc);
}

static struct stream_out *
open_stream(int fd)
{
	bson_t head = BSON_INITIALIZER, coll = BSON_INITIALIZER;
	struct stream_out_opts opts = {.fd = fd, .name = "test", .level = 1};
	struct stream_out *out =
	    stream_out_new(&opts, STREAM_SNAPSHOT, &head, NULL);

	BCON_APPEND(&coll, "$mm", "coll", "c", BCON_INT32(0), "db", "a", "coll",
	    "b", "type", "collection", "options", "{", "}");
	if (out)
		stream_put(out, &coll, NULL);
	bson_destroy(&head);
	bson_destroy(&coll);
	return out;
}

static int64_t
count_docs(int fd)
{
	struct stream_in *in;
	struct stream_item item;
	int64_t n = 0;

	lseek(fd, 0, SEEK_SET);
	in = stream_in_new(fd, "test", false);
	while (stream_next(in, &item, NULL) == STREAM_GOT)
		if (item.type == RECORD_BLOCK)
			n += item.block.n;
	stream_in_free(in);
	return n;
}

static void
helping(void)
{
	int fd = memfd_create("test", 0), taken = 0;
	struct stream_out *out = open_stream(fd);
	struct pool p = {
	    .h = helpers_new(out), .lock = PTHREAD_MUTEX_INITIALIZER};
	pthread_t thread[3];
	struct block b = {0};
	unsigned pending = 0;
	bool ok = true;

	fill(&b, -1);
	OK(!helpers_offer(p.h, &b, NULL, &pending) && b.n == 1 && pending == 0,
	    "nobody idle: the block stays");
	for (int i = 0; i < 3; i++)
		pthread_create(&thread[i], NULL, serve, &p);
	for (int64_t i = 0; i < 3000; i++) {
		bool gone = helpers_offer(p.h, &b, NULL, &pending);

		/* Every tenth goes to a helper for sure. */
		while (!gone && i % 10 == 0)
			gone = helpers_offer(p.h, &b, NULL, &pending);
		if (gone)
			taken++;
		else
			ok = stream_put_block(out, &b, NULL, NULL) && ok;
		fill(&b, i);
	}
	ok = stream_put_block(out, &b, NULL, NULL) && ok;
	helpers_wait(p.h, &pending);
	helpers_close(p.h);
	for (int i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	ok = stream_put_end(out, "signal", NULL, NULL) && ok;
	OK(ok && p.failed == 0 && pending == 0, "all written");
	OK(count_docs(fd) == 3001 && taken >= 300,
	    "each block once (%d by helpers)", taken);
	block_release(&b);
	helpers_free(p.h);
	stream_out_free(out);
	close(fd);
}

/* A helper's failure is told, and who waits for it is not left waiting. */
static void
failing(void)
{
	int ends[2];
	struct stream_out *out;
	struct pool p = {.lock = PTHREAD_MUTEX_INITIALIZER};
	struct block b = {0};
	unsigned pending = 0;
	pthread_t thread;

	if (pipe(ends) != 0)
		return;
	out = open_stream(ends[1]);
	close(ends[0]);
	p.h = helpers_new(out);
	pthread_create(&thread, NULL, serve, &p);
	while (b.docs.len < (1 << 20))
		fill(&b, 1);
	while (!helpers_offer(p.h, &b, NULL, &pending))
		;
	helpers_wait(p.h, &pending);
	helpers_close(p.h);
	pthread_join(thread, NULL);
	OK(p.failed == 1 && pending == 0, "a block that cannot be written");
	block_release(&b);
	helpers_free(p.h);
	stream_out_free(out);
	close(ends[1]);
}

int
main(void)
{
	sig_init();
	split();
	rate();
	helping();
	failing();
	return tap_done();
}
