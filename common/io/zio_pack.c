/* Whole frames and the live writer. One-shot frames of 1 MiB compress as well
 * as one endless frame, faster, and can be spread over threads; the library's
 * own workers are asynchronous and share a window. */
#include "io/zio.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/stage.h"

#define LEVEL_DEFAULT 1
#define LEVEL_MAX 12
#define PZSTD_BYTES 12

struct zio_packer {
	ZSTD_CCtx *c;
	ZSTD_DCtx *d;
	int level;
};

struct zio_live {
	ZSTD_CCtx *c;
};

static const uint8_t pzstd_magic[8] = {
    0x50, 0x2a, 0x4d, 0x18, 0x04, 0x00, 0x00, 0x00};

bool
zio_parse_level(const char *text, int *level, bson_error_t *error)
{
	char *end = NULL;
	long n;

	if (strcmp(text, "none") == 0) {
		*level = 0;
		return true;
	}
	if (strcmp(text, "zstd") == 0) {
		*level = LEVEL_DEFAULT;
		return true;
	}
	if (strncmp(text, "zstd:", 5) == 0 && text[5] >= '0' &&
	    text[5] <= '9') {
		errno = 0;
		n = strtol(text + 5, &end, 10);
		if (*end == '\0' && errno == 0 && n >= 1 && n <= LEVEL_MAX) {
			*level = (int)n;
			return true;
		}
	}
	return error_set(error, MM_EXIT_USAGE, 0,
	    "compression \"%s\" is none of: none, zstd, zstd:1 to zstd:%d",
	    text, LEVEL_MAX);
}

static ZSTD_CCtx *
compressor(int level)
{
	ZSTD_CCtx *c = ZSTD_createCCtx();

	if (!c)
		abort();
	ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, level);
	ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
	return c;
}

struct zio_packer *
zio_packer_new(int level)
{
	struct zio_packer *p = bson_malloc0(sizeof *p);

	p->level = level;
	return p;
}

void
zio_packer_free(struct zio_packer *p)
{
	if (!p)
		return;
	ZSTD_freeCCtx(p->c);
	ZSTD_freeDCtx(p->d);
	bson_free(p);
}

bool
zio_pack(struct zio_packer *p, const void *data, size_t len, struct buf *out,
    bson_error_t *error)
{
	size_t bound = ZSTD_compressBound(len), n;
	enum stage was;
	uint32_t size;
	uint8_t *head;

	if (!p->c)
		p->c = compressor(p->level);
	buf_reserve(out, PZSTD_BYTES + bound);
	head = out->data + out->len;
	was = stage_enter(STAGE_PACK);
	n = ZSTD_compress2(p->c, head + PZSTD_BYTES, bound, data, len);
	stage_enter(was);
	if (ZSTD_isError(n))
		return error_set(error, MM_EXIT_INTERNAL, 0,
		    "cannot compress %zu bytes: %s", len, ZSTD_getErrorName(n));
	size = BSON_UINT32_TO_LE((uint32_t)n);
	memcpy(head, pzstd_magic, sizeof pzstd_magic);
	memcpy(head + sizeof pzstd_magic, &size, sizeof size);
	out->len += PZSTD_BYTES + n;
	return true;
}

static bool
damaged(bson_error_t *error, size_t code)
{
	return error_set(error, MM_EXIT_STREAM, 0, "damaged zstd frame: %s",
	    ZSTD_getErrorName(code));
}

/* A frame that does not say how much it holds: grow as it comes, up to the
 * limit. */
static bool
unpack_unsized(struct zio_packer *p, const void *frame, size_t len,
    struct buf *out, bson_error_t *error)
{
	ZSTD_inBuffer in = {frame, len, 0};
	size_t start = out->len, left;

	ZSTD_DCtx_reset(p->d, ZSTD_reset_session_only);
	do {
		ZSTD_outBuffer o;

		if (out->len - start >= ZIO_FRAME_MAX)
			return error_set(error, MM_EXIT_STREAM, 0,
			    "zstd frame of more than %u bytes", ZIO_FRAME_MAX);
		buf_reserve(out, ZSTD_DStreamOutSize());
		o = (ZSTD_outBuffer){
		    out->data + out->len, out->cap - out->len, 0};
		left = ZSTD_decompressStream(p->d, &o, &in);
		if (ZSTD_isError(left))
			return damaged(error, left);
		out->len += o.pos;
		if (left != 0 && in.pos == in.size && o.pos < o.size)
			return error_set(error, MM_EXIT_STREAM, 0,
			    "damaged zstd frame: cut short");
	} while (left != 0);
	return true;
}

bool
zio_unpack(struct zio_packer *p, const void *frame, size_t len, struct buf *out,
    bson_error_t *error)
{
	unsigned long long size = ZSTD_getFrameContentSize(frame, len);
	size_t whole, n;
	enum stage was;

	if (size == ZSTD_CONTENTSIZE_ERROR)
		return error_set(
		    error, MM_EXIT_STREAM, 0, "damaged zstd frame: no header");
	if (size != ZSTD_CONTENTSIZE_UNKNOWN && size > ZIO_FRAME_MAX)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "zstd frame of %llu bytes, at most %u are taken", size,
		    ZIO_FRAME_MAX);
	whole = ZSTD_findFrameCompressedSize(frame, len);
	if (ZSTD_isError(whole))
		return damaged(error, whole);
	if (whole != len)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "damaged zstd frame: %zu bytes where %zu are announced",
		    whole, len);
	if (!p->d) {
		p->d = ZSTD_createDCtx();
		if (!p->d)
			abort();
		ZSTD_DCtx_setParameter(
		    p->d, ZSTD_d_windowLogMax, ZIO_WINDOW_LOG);
	}
	if (size == ZSTD_CONTENTSIZE_UNKNOWN)
		return unpack_unsized(p, frame, len, out, error);
	buf_reserve(out, (size_t)size + 1);
	was = stage_enter(STAGE_UNPACK);
	n = ZSTD_decompressDCtx(
	    p->d, out->data + out->len, (size_t)size, frame, len);
	stage_enter(was);
	if (ZSTD_isError(n))
		return damaged(error, n);
	out->len += n;
	return true;
}

size_t
zio_unpacked_size(const void *frame, size_t len)
{
	unsigned long long size = ZSTD_getFrameContentSize(frame, len);

	return size < ZIO_FRAME_MAX ? (size_t)size : ZIO_FRAME_MAX;
}

struct zio_live *
zio_live_new(int level)
{
	struct zio_live *z = bson_malloc0(sizeof *z);

	z->c = compressor(level);
	return z;
}

void
zio_live_free(struct zio_live *z)
{
	if (!z)
		return;
	ZSTD_freeCCtx(z->c);
	bson_free(z);
}

bool
zio_live_put(struct zio_live *z, const void *data, size_t len, bool end,
    struct buf *out, bson_error_t *error)
{
	ZSTD_inBuffer in = {data, len, 0};
	size_t left;

	do {
		ZSTD_outBuffer o;

		buf_reserve(out, ZSTD_compressBound(len - in.pos) + 64);
		o = (ZSTD_outBuffer){
		    out->data + out->len, out->cap - out->len, 0};
		left = ZSTD_compressStream2(
		    z->c, &o, &in, end ? ZSTD_e_end : ZSTD_e_flush);
		if (ZSTD_isError(left))
			return error_set(error, MM_EXIT_INTERNAL, 0,
			    "cannot compress %zu bytes: %s", len,
			    ZSTD_getErrorName(left));
		out->len += o.pos;
	} while (left != 0 || in.pos < in.size);
	return true;
}
