/* For the tests of common/stream: streams in memory, read in both ways. */
#ifndef MM_TEST_STREAMS_H
#define MM_TEST_STREAMS_H

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/hash.h"
#include "io/fdio.h"
#include "stream/stream.h"
#include "tap.h"

/* What a reader was given: the bytes of all items, one after the other. */
struct given {
	struct buf bytes;
	int items;
	bool ended; /* a clean end of input */
	enum mm_exit status;
	bson_error_t error;
};

static inline void
given_release(struct given *g)
{
	buf_release(&g->bytes);
	*g = (struct given){.bytes = BUF_INIT};
}

static inline bool
given_item(void *arg, const struct stream_item *item, bson_error_t *error)
{
	struct given *g = arg;

	(void)error;
	g->items++;
	buf_add_byte(&g->bytes, (uint8_t)item->type);
	buf_add(&g->bytes, bson_get_data(&item->control), item->control.len);
	buf_add(&g->bytes, item->block.docs, item->block.len);
	return true;
}

static inline void
given_end(struct given *g, enum stream_got got)
{
	g->ended = got == STREAM_EOF;
	g->status = g->ended ? MM_EXIT_OK : error_status(&g->error);
}

static inline int
memory_file(const void *data, size_t len)
{
	int fd = memfd_create("stream", 0);

	BSON_ASSERT(fd >= 0);
	BSON_ASSERT(fdio_write_all(fd, "memory", data, len, NULL));
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static inline void
read_items_fd(int fd, struct given *g)
{
	struct stream_in *in = stream_in_new(fd, "it", false);
	struct stream_item item;
	enum stream_got got;

	while ((got = stream_next(in, &item, &g->error)) == STREAM_GOT)
		given_item(g, &item, NULL);
	given_end(g, got);
	stream_in_free(in);
}

/* One thread that reads units: what admit sees must be the same. */
static inline void
read_units_fd(int fd, struct given *g)
{
	struct stream_in *in = stream_in_new(fd, "it", false);
	struct stream_unit *u = stream_unit_new();
	enum stream_got got;

	while ((got = stream_next_unit(in, u, given_item, g, &g->error)) ==
	    STREAM_GOT)
		;
	given_end(g, got);
	stream_unit_free(u);
	stream_in_free(in);
}

static inline struct given
read_bytes(const void *data, size_t len, bool units)
{
	struct given g = {.bytes = BUF_INIT};
	int fd = memory_file(data, len);

	if (units)
		read_units_fd(fd, &g);
	else
		read_items_fd(fd, &g);
	close(fd);
	return g;
}

/* a is a beginning of b. */
static inline bool
given_prefix(const struct given *a, const struct given *b)
{
	return a->bytes.len <= b->bytes.len &&
	    (a->bytes.len == 0 ||
		memcmp(a->bytes.data, b->bytes.data, a->bytes.len) == 0);
}

static inline bool
given_same(const struct given *a, const struct given *b)
{
	return a->bytes.len == b->bytes.len && given_prefix(a, b);
}

#endif
