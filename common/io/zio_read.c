/* The reader keeps all its state between calls, so that a read that was
 * stopped, or that came to the end of a file that still grows, goes on where
 * it was. */
#include "io/zio.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/le.h"
#include "base/stage.h"

#define RAW_BYTES (256u << 10)
#define ZSTD_MAGIC 0xfd2fb528u
#define SKIP_MAGIC 0x184d2a50u /* 16 of them */
#define SKIP_MASK 0xfffffff0u
#define SKIP_HEAD 8
#define PZSTD_HEAD 12

/* Results of the private functions beside those of zio_read. */
enum { GOT_ERROR = -1, GOT_STOP = -2, GOT_END = 0, GOT_MORE = 1 };

enum mode { AT_BORDER, IN_FRAME, IN_SKIP, BARE };

struct zio_reader {
	int fd;
	const char *name;
	zio_end_fn *on_end;
	void *on_end_arg;
	enum mode mode;
	ZSTD_DCtx *d;
	bool held; /* the decoder may hold output that had no room */
	uint32_t skip_left;
	uint32_t frame_left; /* of a whole frame that is being read */
	struct buf frame;
	uint64_t consumed_before; /* offset of raw[0] in the input */
	size_t start, end;        /* bytes not yet used in raw */
	uint8_t raw[RAW_BYTES];
};

struct zio_reader *
zio_reader_new(int fd, const char *name)
{
	struct zio_reader *z = bson_malloc(sizeof *z);

	memset(z, 0, offsetof(struct zio_reader, raw));
	z->fd = fd;
	z->name = name;
	return z;
}

void
zio_reader_free(struct zio_reader *z)
{
	if (!z)
		return;
	ZSTD_freeDCtx(z->d);
	buf_release(&z->frame);
	bson_free(z);
}

void
zio_reader_on_end(struct zio_reader *z, zio_end_fn *fn, void *arg)
{
	z->on_end = fn;
	z->on_end_arg = arg;
}

uint64_t
zio_reader_offset(const struct zio_reader *z)
{
	return z->consumed_before + z->start;
}

void
zio_reader_border(struct zio_reader *z)
{
	if (z->mode == BARE)
		z->mode = AT_BORDER;
}

/* Some bytes from the descriptor, asking on_end at its end. */
static ssize_t
read_fd(struct zio_reader *z, void *data, size_t len, bool stoppable,
    bson_error_t *error)
{
	for (;;) {
		ssize_t n =
		    fdio_read_some(z->fd, z->name, data, len, stoppable, error);

		if (n != 0 || !z->on_end)
			return n;
		switch (z->on_end(z->on_end_arg)) {
		case ZIO_AGAIN:
			break;
		case ZIO_STOP:
			return GOT_STOP;
		case ZIO_END:
			return 0;
		}
	}
}

/* At least n bytes in raw. GOT_END: the input has fewer. */
static int
need(struct zio_reader *z, size_t n, bool stoppable, bson_error_t *error)
{
	while (z->end - z->start < n) {
		ssize_t r;

		if (z->start > 0) {
			memmove(z->raw, z->raw + z->start, z->end - z->start);
			z->consumed_before += z->start;
			z->end -= z->start;
			z->start = 0;
		}
		r = read_fd(z, z->raw + z->end, sizeof z->raw - z->end,
		    stoppable, error);
		if (r <= 0)
			return (int)r;
		z->end += (size_t)r;
	}
	return GOT_MORE;
}

static bool
cut_short(const struct zio_reader *z, bson_error_t *error)
{
	return error_set(error, MM_EXIT_STREAM, 0,
	    "%s: cut short: the input ends at byte %llu inside a zstd frame",
	    z->name, (unsigned long long)(zio_reader_offset(z)));
}

static uint32_t
raw_u32(const struct zio_reader *z, size_t at)
{
	return le32(z->raw + z->start + at);
}

static void
open_frame(struct zio_reader *z)
{
	if (!z->d) {
		z->d = ZSTD_createDCtx();
		if (!z->d)
			abort();
		ZSTD_DCtx_setParameter(
		    z->d, ZSTD_d_windowLogMax, ZIO_WINDOW_LOG);
	}
	ZSTD_DCtx_reset(z->d, ZSTD_reset_session_only);
	z->held = false;
	z->mode = IN_FRAME;
}

/* At a border: what comes next decides the mode. */
static int
look(struct zio_reader *z, bool stoppable, bson_error_t *error)
{
	int r = need(z, 4, stoppable, error);
	uint32_t magic;

	if (r == GOT_END && z->end > z->start) {
		z->mode = BARE; /* too short for a frame: given as it is */
		return GOT_MORE;
	}
	if (r != GOT_MORE)
		return r;
	magic = raw_u32(z, 0);
	if (magic == ZSTD_MAGIC) {
		open_frame(z);
	} else if ((magic & SKIP_MASK) == SKIP_MAGIC) {
		r = need(z, SKIP_HEAD, stoppable, error);
		if (r == GOT_END) {
			cut_short(z, error);
			return GOT_ERROR;
		}
		if (r != GOT_MORE)
			return r;
		z->skip_left = raw_u32(z, 4);
		z->start += SKIP_HEAD;
		z->mode = IN_SKIP;
	} else {
		z->mode = BARE;
	}
	return GOT_MORE;
}

static int
skip(struct zio_reader *z, bool stoppable, bson_error_t *error)
{
	while (z->skip_left > 0) {
		int r = need(z, 1, stoppable, error);
		size_t n = z->end - z->start;

		if (r == GOT_END) {
			cut_short(z, error);
			return GOT_ERROR;
		}
		if (r != GOT_MORE)
			return r;
		if (n > z->skip_left)
			n = z->skip_left;
		z->start += n;
		z->skip_left -= (uint32_t)n;
	}
	z->mode = AT_BORDER;
	return GOT_MORE;
}

static ssize_t
read_bare(struct zio_reader *z, void *data, size_t len, bool stoppable,
    bson_error_t *error)
{
	size_t n = z->end - z->start;
	ssize_t r;

	if (n == 0 && len >= sizeof z->raw) {
		r = read_fd(z, data, len, stoppable, error);
		if (r > 0)
			z->consumed_before += (uint64_t)r;
		return r;
	}
	r = need(z, 1, stoppable, error);
	if (r != GOT_MORE)
		return r;
	n = z->end - z->start;
	if (n > len)
		n = len;
	memcpy(data, z->raw + z->start, n);
	z->start += n;
	return (ssize_t)n;
}

/* >0 bytes; 0: the frame is done, look again. */
static ssize_t
read_frame(struct zio_reader *z, void *data, size_t len, bool stoppable,
    bson_error_t *error)
{
	ZSTD_outBuffer out = {data, len, 0};

	while (out.pos == 0) {
		ZSTD_inBuffer in;
		enum stage was;
		size_t left;

		if (!z->held) {
			int r = need(z, 1, stoppable, error);

			if (r == GOT_END) {
				cut_short(z, error);
				return GOT_ERROR;
			}
			if (r != GOT_MORE)
				return r;
		}
		in = (ZSTD_inBuffer){z->raw + z->start, z->end - z->start, 0};
		was = stage_enter(STAGE_UNPACK);
		left = ZSTD_decompressStream(z->d, &out, &in);
		stage_enter(was);
		if (ZSTD_isError(left)) {
			error_set(error, MM_EXIT_STREAM, 0,
			    "%s: damaged zstd frame near byte %llu: %s",
			    z->name, (unsigned long long)zio_reader_offset(z),
			    ZSTD_getErrorName(left));
			return GOT_ERROR;
		}
		z->start += in.pos;
		z->held = left != 0 && out.pos == out.size;
		if (left == 0) {
			z->mode = AT_BORDER;
			break;
		}
	}
	return (ssize_t)out.pos;
}

ssize_t
zio_read(struct zio_reader *z, void *data, size_t len, bool stoppable,
    bson_error_t *error)
{
	for (;;) {
		ssize_t r;

		switch (z->mode) {
		case AT_BORDER:
			r = look(z, stoppable, error);
			break;
		case IN_SKIP:
			r = skip(z, stoppable, error);
			break;
		case BARE:
			return read_bare(z, data, len, stoppable, error);
		case IN_FRAME:
		default:
			r = read_frame(z, data, len, stoppable, error);
			if (r != 0)
				return r;
			continue;
		}
		if (r != GOT_MORE)
			return r;
	}
}

enum fdio_got
zio_read_full(struct zio_reader *z, void *data, size_t len, bool stoppable,
    bson_error_t *error)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = zio_read(z, (char *)data + got, len - got,
		    stoppable && got == 0, error);

		if (n == GOT_STOP)
			return FDIO_STOPPED;
		if (n == GOT_ERROR)
			return FDIO_ERROR;
		if (n == 0 && got == 0)
			return FDIO_END;
		if (n == 0) {
			error_set(error, MM_EXIT_STREAM, 0,
			    "%s: cut short: %zu of %zu bytes", z->name, got,
			    len);
			return FDIO_ERROR;
		}
		got += (size_t)n;
	}
	return FDIO_ALL;
}

/* At a border: 1 when a whole announced frame follows (its header is used
 * up), 2 when something else does, else as need(). */
static int
look_for_frame(struct zio_reader *z, bool stoppable, bson_error_t *error)
{
	uint32_t size;
	int r = need(z, PZSTD_HEAD, stoppable, error);

	if (r == GOT_END)
		return z->end > z->start ? 2 : 0;
	if (r != GOT_MORE)
		return r;
	if (raw_u32(z, 0) != SKIP_MAGIC || raw_u32(z, 4) != 4)
		return 2;
	size = raw_u32(z, 8);
	if (size == 0 || size > ZSTD_COMPRESSBOUND(ZIO_FRAME_MAX)) {
		error_set(error, MM_EXIT_STREAM, 0,
		    "%s: frame of %u bytes announced at byte %llu, at most "
		    "%llu are taken",
		    z->name, size, (unsigned long long)zio_reader_offset(z),
		    (unsigned long long)ZSTD_COMPRESSBOUND(ZIO_FRAME_MAX));
		return GOT_ERROR;
	}
	z->start += PZSTD_HEAD;
	z->frame_left = size;
	buf_clear(&z->frame);
	return GOT_MORE;
}

int
zio_read_frame(
    struct zio_reader *z, struct buf *out, bool stoppable, bson_error_t *error)
{
	struct buf swap;

	if (z->frame_left == 0) {
		int r = z->mode == AT_BORDER
		    ? look_for_frame(z, stoppable, error)
		    : 2;

		if (r != GOT_MORE)
			return r;
	}
	while (z->frame_left > 0) {
		ssize_t r;

		buf_reserve(&z->frame, z->frame_left);
		r = read_bare(z, z->frame.data + z->frame.len, z->frame_left,
		    stoppable, error);
		if (r == GOT_END) {
			cut_short(z, error);
			return GOT_ERROR;
		}
		if (r < 0)
			return (int)r;
		z->frame.len += (size_t)r;
		z->frame_left -= (uint32_t)r;
	}
	if (out->len > 0) {
		buf_add(out, z->frame.data, z->frame.len);
		return GOT_MORE;
	}
	swap = *out;
	*out = z->frame;
	z->frame = swap;
	return GOT_MORE;
}
