/* io: zstd frames. The only user of zstd.h.
 *
 * Limits (mm-stream(5)): window 8 MiB; a frame that is taken whole
 * (zio_unpack) holds at most ZIO_FRAME_MAX bytes. Both are checked before
 * memory is reserved. Read as a stream of bytes a frame may be of any size.
 */
#ifndef MM_IO_ZIO_H
#define MM_IO_ZIO_H

#include "base/buf.h"
#include "base/error.h"
#include "io/fdio.h"

#define ZIO_FRAME_MAX (32u << 20) /* one document of 17 MiB and its block */
#define ZIO_WINDOW_LOG 23

/* `-Z`: none, zstd, zstd:LEVEL (1-12). Level 0 stands for none. Status 2. */
bool zio_parse_level(const char *text, int *level, bson_error_t *error);

/* ---- whole frames; one context a thread ---- */
struct zio_packer; /* compressor or decompressor, reusable */
struct zio_packer *zio_packer_new(int level);
void zio_packer_free(struct zio_packer *p);
/* Appends a pzstd skippable header (12 bytes) and one frame with checksum and
 * content size to out. */
bool zio_pack(struct zio_packer *p, const void *data, size_t len,
    struct buf *out, bson_error_t *error);
/* Appends the decompressed bytes of one whole frame (without skippable
 * header) to out. Status 3: damaged, cut, or over a limit. */
bool zio_unpack(struct zio_packer *p, const void *frame, size_t len,
    struct buf *out, bson_error_t *error);
/* How many bytes zio_unpack will reserve for that frame; ZIO_FRAME_MAX where
 * the frame does not tell. */
size_t zio_unpacked_size(const void *frame, size_t len);

/* ---- live writing: one open frame, flushed as often as wanted ---- */
struct zio_live;
struct zio_live *zio_live_new(int level);
void zio_live_free(struct zio_live *z);
/* Appends compressed bytes of data to out; what is flushed can be decoded at
 * once. `end` closes the frame (the next call opens a new one). */
bool zio_live_put(struct zio_live *z, const void *data, size_t len, bool end,
    struct buf *out, bson_error_t *error);

/* ---- reading any of these, bare bytes too, as one stream of bytes ---- */
struct zio_reader;
/* fd is borrowed; name for messages. Compressed or bare is told by the first
 * four bytes, at the start and again at each border between two frames, or two
 * documents (zio_reader_border). Skippable frames are passed over. */
struct zio_reader *zio_reader_new(int fd, const char *name);
void zio_reader_free(struct zio_reader *z);

/* What to do where the descriptor has no more bytes (a file that another
 * process still writes). The function may wait. */
enum zio_at_end { ZIO_END, ZIO_AGAIN, ZIO_STOP };
typedef enum zio_at_end zio_end_fn(void *arg);
void zio_reader_on_end(struct zio_reader *z, zio_end_fn *fn, void *arg);

/* The caller stands between two documents: bare input may go on compressed. */
void zio_reader_border(struct zio_reader *z);
/* 1..len decoded bytes: >0; 0 at the end; -1 error; -2 stop signal (nothing is
 * lost: a later call goes on). End inside a frame is status 3 "cut short". */
ssize_t zio_read(struct zio_reader *z, void *data, size_t len, bool stoppable,
    bson_error_t *error);
/* Exactly len decoded bytes: as fdio_read_full. */
enum fdio_got zio_read_full(struct zio_reader *z, void *data, size_t len,
    bool stoppable, bson_error_t *error);
/* When the input stands at a pzstd header: the next whole frame as it is
 * (compressed), appended to out: 1; 0 at the end; -1 error; -2: stop signal
 * (a later call goes on); 2: no such header here, use zio_read. */
int zio_read_frame(
    struct zio_reader *z, struct buf *out, bool stoppable, bson_error_t *error);
/* Offset in the file or pipe, for messages. */
uint64_t zio_reader_offset(const struct zio_reader *z);

#endif
