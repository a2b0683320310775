#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/msg.h"
#include "stream/stream.h"
#include "tap.h"

static int
scratch(void)
{
	char path[] = "/tmp/mm-stream-XXXXXX";
	int fd = mkstemp(path);

	if (fd < 0)
		abort();
	unlink(path);
	return fd;
}

static bool
put(struct stream_out *out, int32_t c, int n, size_t pad)
{
	struct block b = {.c = c};
	bool ok = true;
	char *text = bson_malloc0(pad + 1);

	memset(text, 'p', pad);
	for (int i = 0; i < n; i++) {
		bson_t doc = BSON_INITIALIZER;

		BSON_APPEND_INT32(&doc, "_id", i);
		BSON_APPEND_UTF8(&doc, "pad", text);
		block_add(&b, bson_get_data(&doc), doc.len);
		bson_destroy(&doc);
		if (block_full(&b))
			ok = stream_put_block(out, &b, NULL, NULL) && ok;
	}
	ok = stream_put_block(out, &b, NULL, NULL) && ok;
	block_release(&b);
	bson_free(text);
	return ok;
}

static void
round_trip(int level, bool live)
{
	struct stream_out_opts opts = {
	    .name = "scratch", .level = level, .live = live};
	bson_t head = BSON_INITIALIZER, *mark;
	struct stream_item item;
	struct stream_out *out;
	struct stream_in *in;
	bson_error_t error = {0};
	enum stream_got got;
	int64_t docs = 0;
	int items = 0;

	opts.fd = scratch();
	out = stream_out_new(&opts, STREAM_OPLOG, &head, &error);
	OK(put(out, 0, 3, 10), "a small block");
	mark = tap_json("{\"$mm\":\"mark\",\"ts\":{\"$timestamp\":{\"t\":1,"
			"\"i\":2}}}");
	OK(stream_put(out, mark, &error), "mark");
	bson_destroy(mark);
	OK(stream_flush(out, &error), "flush");
	OK(put(out, 0, 5000, 1000), "large ones");
	OK(stream_put_end(out, "signal", NULL, &error), "end");
	OK(stream_out_docs(out) == 5003, "documents are counted");
	OK(stream_out_bytes(out) == (uint64_t)lseek(opts.fd, 0, SEEK_CUR),
	    "bytes are counted");
	stream_out_free(out);

	lseek(opts.fd, 0, SEEK_SET);
	in = stream_in_new(opts.fd, "scratch", false);
	while ((got = stream_next(in, &item, &error)) == STREAM_GOT) {
		items++;
		if (item.type == RECORD_BLOCK)
			docs += item.block.n;
	}
	OK(got == STREAM_EOF, "level %d live %d: read to the end: %s", level,
	    live, error.message);
	OK(docs == 5003, "level %d live %d: all documents", level, live);
	OK(items == 9, "all items");
	stream_in_free(in);
	close(opts.fd);
	bson_destroy(&head);
}

struct shared {
	struct stream_in *in;
	pthread_mutex_t lock;
	int64_t docs, admitted, last_seq, errors;
	int eofs;
	bson_error_t error;
};

static bool
admit(void *arg, const struct stream_item *item, bson_error_t *error)
{
	struct shared *sh = arg;

	/* One thread at a time: no lock here. */
	if (item->type == RECORD_BLOCK) {
		if (item->block.seq != sh->last_seq + 1)
			return error_set(error, MM_EXIT_INTERNAL, 0, "order");
		sh->last_seq = item->block.seq;
		sh->admitted += item->block.n;
	}
	if (item->type == RECORD_END)
		sh->last_seq = -1;
	return true;
}

static void *
take_units(void *arg)
{
	struct stream_unit *u = stream_unit_new();
	struct shared *sh = arg;
	struct block_view view;
	bson_error_t error;
	enum stream_got got;
	int64_t docs = 0;

	while ((got = stream_next_unit(sh->in, u, admit, sh, &error)) ==
	    STREAM_GOT)
		for (size_t i = 0; stream_unit_block(u, i, &view); i++)
			docs += view.n;
	pthread_mutex_lock(&sh->lock);
	sh->docs += docs;
	sh->eofs += got == STREAM_EOF;
	if (got == STREAM_ERROR) {
		sh->errors++;
		sh->error = error;
	}
	pthread_mutex_unlock(&sh->lock);
	stream_unit_free(u);
	return NULL;
}

#define THREADS 4

/* Reads fd from the start with several threads. */
static struct shared
read_parallel(int fd)
{
	struct shared sh = {.last_seq = -1};
	pthread_t thread[THREADS];

	pthread_mutex_init(&sh.lock, NULL);
	lseek(fd, 0, SEEK_SET);
	sh.in = stream_in_new(fd, "scratch", false);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, take_units, &sh);
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	stream_in_free(sh.in);
	return sh;
}

struct feeder {
	struct stream_out *out;
	int32_t c;
};

static void *
feed(void *arg)
{
	struct feeder *f = arg;

	return put(f->out, f->c, 4000, 700) ? f : NULL;
}

/* Several threads write, several read. */
static void
parallel(int level, bool live)
{
	struct stream_out_opts opts = {
	    .name = "scratch", .level = level, .live = live};
	bson_t head = BSON_INITIALIZER;
	struct feeder feeder[THREADS];
	pthread_t thread[THREADS];
	bson_error_t error = {0};
	struct shared sh;
	bson_t *doc;
	off_t size;

	opts.fd = scratch();
	/* Two streams, one after the other. */
	for (int twice = 0; twice < 2; twice++) {
		struct stream_out *out =
		    stream_out_new(&opts, STREAM_SNAPSHOT, &head, &error);

		for (int i = 0; i < THREADS; i++) {
			doc = BCON_NEW("$mm", "coll", "c", BCON_INT32(i), "db",
			    "d", "coll", "c");
			stream_put(out, doc, &error);
			bson_destroy(doc);
		}
		for (int i = 0; i < THREADS; i++) {
			feeder[i] = (struct feeder){out, i};
			pthread_create(&thread[i], NULL, feed, &feeder[i]);
		}
		for (int i = 0; i < THREADS; i++) {
			void *ok;

			pthread_join(thread[i], &ok);
			OK(ok != NULL, "thread %d has written", i);
		}
		OK(stream_put_end(out, "signal", NULL, &error), "end");
		stream_out_free(out);
	}
	sh = read_parallel(opts.fd);
	OK(sh.eofs == THREADS && sh.errors == 0,
	    "level %d live %d: threads end: %s", level, live, sh.error.message);
	OK(sh.docs == 2 * THREADS * 4000 && sh.docs == sh.admitted,
	    "all documents to exactly one thread");

	size = lseek(opts.fd, 0, SEEK_END);
	BSON_ASSERT(ftruncate(opts.fd, size - size / 4) == 0);
	sh = read_parallel(opts.fd);
	OK(sh.errors == 1 && error_status(&sh.error) == MM_EXIT_STREAM,
	    "cut: one thread tells: %s", sh.error.message);
	OK(sh.docs > THREADS * 4000 && sh.docs == sh.admitted,
	    "everything intact before the cut was given");
	close(opts.fd);
	bson_destroy(&head);
}

int
main(void)
{
	msg_init("stream_test");
	for (int level = 0; level < 3; level += 2)
		for (int live = 0; live < 2; live++)
			round_trip(level, live);
	for (int level = 0; level < 3; level += 2)
		for (int live = 0; live < 2; live++)
			parallel(level, live);
	return tap_done();
}
