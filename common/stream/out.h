/* stream: frames on their way out, private to the writer (out.c).
 *
 * A piece is what one call of the writer sends: bytes in memory of its own, so
 * that several threads compress at once. Pieces are reused.
 */
#ifndef MM_STREAM_OUT_H
#define MM_STREAM_OUT_H

#include "stream/stream.h"

struct out_frames; /* shared by all pieces of a stream */
struct out_piece;

struct out_frames *out_frames_new(int level, bool live, bool table);
void out_frames_free(struct out_frames *f);

/* Thread-safe. */
struct out_piece *out_piece_new(struct out_frames *f);
void out_piece_free(struct out_frames *f, struct out_piece *p);
/* head and data as one frame with pzstd header; bare: as they are, borrowed
 * until written. */
bool out_piece_pack(struct out_piece *p, const struct buf *head,
    const void *data, size_t len, bson_error_t *error);
/* The same into the open frame, flushed; ended when full or `end`. One thread
 * at a time, in stream order. */
bool out_piece_live(struct out_piece *p, const struct buf *head,
    const void *data, size_t len, bool end, bson_error_t *error);
/* In stream order. */
bool out_piece_write(
    struct out_piece *p, int fd, const char *name, bson_error_t *error);
size_t out_piece_bytes(const struct out_piece *p);
/* Writes the seek table of all frames so far, adds its length to *written. */
bool out_frames_table(struct out_frames *f, int fd, const char *name,
    uint64_t *written, bson_error_t *error);

#endif
