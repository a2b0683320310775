/* model: BSON written piece by piece into a struct buf, lengths patched in
 * place. */
#ifndef MM_MODEL_PUT_H
#define MM_MODEL_PUT_H

#include <string.h>

#include "base/buf.h"
#include "model/value.h"

/* Begins a document (or array); its place is for put_end. */
static inline size_t
put_begin(struct buf *out)
{
	size_t at = out->len;

	buf_add(out, "\0\0\0", 4);
	return at;
}

/* Closing NUL and the length of the document that began at `at`. */
static inline void
put_end(struct buf *out, size_t at)
{
	uint32_t len;

	buf_add_byte(out, 0);
	len = BSON_UINT32_TO_LE((uint32_t)(out->len - at));
	memcpy(out->data + at, &len, 4);
}

static inline void
put_name(struct buf *out, uint8_t type, const char *name, uint32_t len)
{
	buf_reserve(out, len + 2);
	out->data[out->len++] = type;
	if (len)
		memcpy(out->data + out->len, name, len);
	out->len += len;
	out->data[out->len++] = 0;
}

static inline void
put_value(
    struct buf *out, const char *name, uint32_t len, const struct value *v)
{
	put_name(out, v->type, name, len);
	buf_add(out, v->data, v->len);
}

static inline void
put_elem(struct buf *out, const struct elem *e)
{
	buf_add(out, e->raw, e->raw_len);
}

/* Fields with names known to the compiler. */
static inline void
put_text(struct buf *out, const char *name, const char *text)
{
	uint32_t len = (uint32_t)strlen(text) + 1;
	uint32_t le = BSON_UINT32_TO_LE(len);

	put_name(out, BSON_TYPE_UTF8, name, (uint32_t)strlen(name));
	buf_add(out, &le, 4);
	buf_add(out, text, len);
}

static inline void
put_int32(struct buf *out, const char *name, int32_t i)
{
	uint32_t le = BSON_UINT32_TO_LE((uint32_t)i);

	put_name(out, BSON_TYPE_INT32, name, (uint32_t)strlen(name));
	buf_add(out, &le, 4);
}

static inline void
put_bool(struct buf *out, const char *name, bool b)
{
	put_name(out, BSON_TYPE_BOOL, name, (uint32_t)strlen(name));
	buf_add_byte(out, b);
}

/* A document or array (`type`) as field; ends with put_end(out, place). */
static inline size_t
put_begin_in(struct buf *out, uint8_t type, const char *name)
{
	put_name(out, type, name, (uint32_t)strlen(name));
	return put_begin(out);
}

#endif
