#include <fcntl.h>
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

static void
put(struct stream_out *out, int32_t c, int n, size_t pad)
{
	struct block b = {.c = c};
	bson_error_t error;
	char *text = bson_malloc0(pad + 1);

	memset(text, 'p', pad);
	for (int i = 0; i < n; i++) {
		bson_t doc = BSON_INITIALIZER;

		BSON_APPEND_INT32(&doc, "_id", i);
		BSON_APPEND_UTF8(&doc, "pad", text);
		block_add(&b, bson_get_data(&doc), doc.len);
		bson_destroy(&doc);
		if (block_full(&b) &&
		    !OK(stream_put_block(out, &b, NULL, &error), "block"))
			abort();
	}
	OK(stream_put_block(out, &b, NULL, &error), "last block of %d", c);
	block_release(&b);
	bson_free(text);
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
	put(out, 0, 3, 10);
	mark = tap_json("{\"$mm\":\"mark\",\"ts\":{\"$timestamp\":{\"t\":1,"
			"\"i\":2}}}");
	OK(stream_put(out, mark, &error), "mark");
	bson_destroy(mark);
	OK(stream_flush(out, &error), "flush");
	put(out, 0, 5000, 1000);
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

int
main(void)
{
	msg_init("stream_test");
	for (int level = 0; level < 3; level += 2)
		for (int live = 0; live < 2; live++)
			round_trip(level, live);
	return tap_done();
}
