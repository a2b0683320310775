/* mongosim: writing BSON into a growing buffer.
 *
 * bson_t cannot nest a 16 MiB array without copying it; here a document is
 * opened, filled, and closed in place, so that a reply is built where it is
 * sent from. A mark is an offset, so the buffer may move. Field names are
 * NUL-terminated; for array elements use out_index().
 */
#ifndef SIM_OUT_H
#define SIM_OUT_H

#include "base/buf.h"
#include "base/optime.h"
#include "model/value.h"

/* key NULL: a top-level document. type: BSON_TYPE_DOCUMENT or _ARRAY. */
size_t out_open(struct buf *b, const char *key, bson_type_t type);
void out_close(struct buf *b, size_t mark);

void out_i32(struct buf *b, const char *key, int32_t v);
void out_i64(struct buf *b, const char *key, int64_t v);
/* int32 where it fits, else int64: how the server writes counters. */
void out_int(struct buf *b, const char *key, int64_t v);
void out_double(struct buf *b, const char *key, double v);
void out_bool(struct buf *b, const char *key, bool v);
void out_null(struct buf *b, const char *key);
void out_text(struct buf *b, const char *key, const char *v);
void out_date(struct buf *b, const char *key, int64_t ms);
void out_ts(struct buf *b, const char *key, uint64_t ts);
void out_oid(struct buf *b, const char *key, const bson_oid_t *v);
void out_bin(
    struct buf *b, const char *key, int subtype, const void *data, size_t len);
void out_optime(struct buf *b, const char *key, struct optime o);
void out_value(struct buf *b, const char *key, const struct value *v);
/* A whole document (length and closing NUL included) as a value. */
/* Documents one behind another, as an array. */
void out_docs(struct buf *b, const char *key, const struct buf *docs);
void out_doc(struct buf *b, const char *key, const uint8_t *doc, size_t len);
void out_array(struct buf *b, const char *key, const uint8_t *doc, size_t len);
void out_bson(struct buf *b, const char *key, const bson_t *doc);
/* All elements of a document, at the present level. */
void out_elements(struct buf *b, const uint8_t *doc, size_t len);
/* The document as element `i` of an array. */
void out_index(struct buf *b, uint32_t i, const uint8_t *doc, size_t len);

#define INDEX_TEXT 11
const char *index_text(uint32_t i, char text[INDEX_TEXT]);

#define UUID_TEXT 37
/* 8-4-4-4-12 hex digits; returns text. */
/* A random one (version 4). */
void uuid_make(uint8_t uuid[16]);
const char *uuid_text(const uint8_t uuid[16], char text[UUID_TEXT]);

/* Timestamps are one number inside the server: seconds << 32 | increment. */
static inline uint64_t
ts_of(struct optime o)
{
	return (uint64_t)o.secs << 32 | o.inc;
}

static inline uint32_t
doc_len(const uint8_t *doc)
{
	uint32_t n;

	__builtin_memcpy(&n, doc, 4);
	return BSON_UINT32_FROM_LE(n);
}

#endif
