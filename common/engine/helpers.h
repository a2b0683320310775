/* engine: threads that have nothing left to read help those that read: they
 * compress and write blocks that are full (mm-dump). */
#ifndef MM_ENGINE_HELPERS_H
#define MM_ENGINE_HELPERS_H

#include "stream/stream.h"

struct helpers;

/* Borrows the stream. */
struct helpers *helpers_new(struct stream_out *out);
void helpers_free(struct helpers *h);

/* Hands a block over, with fields of its record (NULL: none), when somebody is
 * idle: true, b is empty then and *pending
 * has grown; the caller keeps *pending until helpers_wait. Blocks handed over
 * may come into the stream in another order. */
bool helpers_offer(
    struct helpers *h, struct block *b, const bson_t *extra, unsigned *pending);
/* Until all blocks counted in *pending are written, or have failed. */
void helpers_wait(struct helpers *h, unsigned *pending);

/* A thread becomes a helper until helpers_close. False: error is set, a block
 * could not be written. */
bool helpers_serve(struct helpers *h, bson_error_t *error);
/* Nobody reads any more. */
void helpers_close(struct helpers *h);

#endif
