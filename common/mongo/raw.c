#include "mongo/raw.h"

#include <string.h>

#include "base/le.h"

static void
put_int32(uint8_t *to, int32_t x)
{
	x = (int32_t)BSON_UINT32_TO_LE((uint32_t)x);
	memcpy(to, &x, sizeof x);
}

size_t
raw_begin(struct buf *b)
{
	size_t place = b->len;

	buf_add(b, "\0\0\0", 4);
	return place;
}

size_t
raw_begin_in(struct buf *b, uint8_t type, const char *name)
{
	raw_name(b, type, name);
	return raw_begin(b);
}

void
raw_end(struct buf *b, size_t place)
{
	buf_add_byte(b, 0);
	put_int32(b->data + place, (int32_t)(b->len - place));
}

void
raw_name(struct buf *b, uint8_t type, const char *name)
{
	buf_add_byte(b, type);
	buf_add(b, name, strlen(name) + 1);
}

void
raw_elem(struct buf *b, const struct elem *e)
{
	buf_add(b, e->raw, e->raw_len);
}

void
raw_bytes(struct buf *b, uint8_t type, const char *name, const uint8_t *data,
    size_t len)
{
	raw_name(b, type, name);
	buf_add(b, data, len);
}

void
raw_value(struct buf *b, const char *name, const struct value *v)
{
	raw_bytes(b, v->type, name, v->data, v->len);
}

void
raw_bool(struct buf *b, const char *name, bool x)
{
	raw_name(b, BSON_TYPE_BOOL, name);
	buf_add_byte(b, x);
}

void
raw_int32(struct buf *b, const char *name, int32_t x)
{
	uint8_t bytes[4];

	put_int32(bytes, x);
	raw_bytes(b, BSON_TYPE_INT32, name, bytes, sizeof bytes);
}

void
raw_int64(struct buf *b, const char *name, int64_t x)
{
	x = (int64_t)BSON_UINT64_TO_LE((uint64_t)x);
	raw_bytes(b, BSON_TYPE_INT64, name, (const uint8_t *)&x, sizeof x);
}

void
raw_text(struct buf *b, const char *name, const char *text)
{
	uint8_t len[4];
	size_t n = strlen(text) + 1;

	put_int32(len, (int32_t)n);
	raw_bytes(b, BSON_TYPE_UTF8, name, len, sizeof len);
	buf_add(b, text, n);
}

void
raw_view(const struct buf *b, size_t place, bson_t *view)
{
	bson_init_static(view, b->data + place, le32(b->data + place));
}
