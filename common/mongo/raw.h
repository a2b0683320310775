/* mongo: documents put together from raw bytes; private to this layer.
 *
 * libbson checks and rewrites what it appends; here every value goes through
 * as it is, and large commands are built without a second copy.
 */
#ifndef MM_MONGO_RAW_H
#define MM_MONGO_RAW_H

#include "base/buf.h"
#include "model/value.h"

/* Opens a document (or an array) at the end of b; returns its place for
 * raw_end. Not for elements: see raw_begin_in. */
size_t raw_begin(struct buf *b);
/* The same as an element of the document that is open. type:
 * BSON_TYPE_DOCUMENT or BSON_TYPE_ARRAY. */
size_t raw_begin_in(struct buf *b, uint8_t type, const char *name);
/* Closes it: sets its length. */
void raw_end(struct buf *b, size_t place);

void raw_name(struct buf *b, uint8_t type, const char *name);
void raw_elem(struct buf *b, const struct elem *e);
void raw_value(struct buf *b, const char *name, const struct value *v);
void raw_bytes(struct buf *b, uint8_t type, const char *name,
    const uint8_t *data, size_t len);
void raw_bool(struct buf *b, const char *name, bool x);
void raw_int32(struct buf *b, const char *name, int32_t x);
void raw_int64(struct buf *b, const char *name, int64_t x);
void raw_text(struct buf *b, const char *name, const char *text);
/* View of a finished document that begins at `place`. */
void raw_view(const struct buf *b, size_t place, bson_t *view);

#endif
