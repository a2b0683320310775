#include "out.h"

#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

static void
head(struct buf *b, uint8_t type, const char *key)
{
	size_t n = strlen(key) + 1;

	buf_reserve(b, n + 1);
	b->data[b->len] = type;
	memcpy(b->data + b->len + 1, key, n);
	b->len += n + 1;
}

static void
put32(struct buf *b, uint32_t v)
{
	v = BSON_UINT32_TO_LE(v);
	buf_add(b, &v, 4);
}

static void
put64(struct buf *b, uint64_t v)
{
	v = BSON_UINT64_TO_LE(v);
	buf_add(b, &v, 8);
}

size_t
out_open(struct buf *b, const char *key, bson_type_t type)
{
	size_t mark;

	if (key)
		head(b, (uint8_t)type, key);
	mark = b->len;
	put32(b, 0);
	return mark;
}

void
out_close(struct buf *b, size_t mark)
{
	uint32_t n;

	buf_add_byte(b, 0);
	n = BSON_UINT32_TO_LE((uint32_t)(b->len - mark));
	memcpy(b->data + mark, &n, 4);
}

void
out_i32(struct buf *b, const char *key, int32_t v)
{
	head(b, BSON_TYPE_INT32, key);
	put32(b, (uint32_t)v);
}

void
out_i64(struct buf *b, const char *key, int64_t v)
{
	head(b, BSON_TYPE_INT64, key);
	put64(b, (uint64_t)v);
}

void
out_int(struct buf *b, const char *key, int64_t v)
{
	if (v >= INT32_MIN && v <= INT32_MAX)
		out_i32(b, key, (int32_t)v);
	else
		out_i64(b, key, v);
}

void
out_double(struct buf *b, const char *key, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, 8);
	head(b, BSON_TYPE_DOUBLE, key);
	put64(b, bits);
}

void
out_bool(struct buf *b, const char *key, bool v)
{
	head(b, BSON_TYPE_BOOL, key);
	buf_add_byte(b, v);
}

void
out_null(struct buf *b, const char *key)
{
	head(b, BSON_TYPE_NULL, key);
}

void
out_text(struct buf *b, const char *key, const char *v)
{
	size_t n = strlen(v) + 1;

	head(b, BSON_TYPE_UTF8, key);
	put32(b, (uint32_t)n);
	buf_add(b, v, n);
}

void
out_date(struct buf *b, const char *key, int64_t ms)
{
	head(b, BSON_TYPE_DATE_TIME, key);
	put64(b, (uint64_t)ms);
}

void
out_ts(struct buf *b, const char *key, uint64_t ts)
{
	head(b, BSON_TYPE_TIMESTAMP, key);
	put64(b, ts);
}

void
out_oid(struct buf *b, const char *key, const bson_oid_t *v)
{
	head(b, BSON_TYPE_OID, key);
	buf_add(b, v->bytes, 12);
}

void
out_bin(
    struct buf *b, const char *key, int subtype, const void *data, size_t len)
{
	head(b, BSON_TYPE_BINARY, key);
	put32(b, (uint32_t)len);
	buf_add_byte(b, (uint8_t)subtype);
	buf_add(b, data, len);
}

void
out_optime(struct buf *b, const char *key, struct optime o)
{
	size_t mark = out_open(b, key, BSON_TYPE_DOCUMENT);

	out_ts(b, "ts", ts_of(o));
	out_i64(b, "t", o.term);
	out_close(b, mark);
}

void
out_value(struct buf *b, const char *key, const struct value *v)
{
	head(b, v->type, key);
	buf_add(b, v->data, v->len);
}

void
out_doc(struct buf *b, const char *key, const uint8_t *doc, size_t len)
{
	head(b, BSON_TYPE_DOCUMENT, key);
	buf_add(b, doc, len);
}

void
out_array(struct buf *b, const char *key, const uint8_t *doc, size_t len)
{
	head(b, BSON_TYPE_ARRAY, key);
	buf_add(b, doc, len);
}

void
out_bson(struct buf *b, const char *key, const bson_t *doc)
{
	out_doc(b, key, bson_get_data(doc), doc->len);
}

void
out_elements(struct buf *b, const uint8_t *doc, size_t len)
{
	buf_add(b, doc + 4, len - 5);
}

const char *
index_text(uint32_t i, char text[INDEX_TEXT])
{
	char *p = text + INDEX_TEXT - 1;

	*p = '\0';
	do
		*--p = (char)('0' + i % 10);
	while (i /= 10);
	return p;
}

void
out_index(struct buf *b, uint32_t i, const uint8_t *doc, size_t len)
{
	char text[INDEX_TEXT];

	out_doc(b, index_text(i, text), doc, len);
}

void
uuid_make(uint8_t uuid[16])
{
	RAND_bytes(uuid, 16);
	uuid[6] = (uuid[6] & 0x0f) | 0x40;
	uuid[8] = (uuid[8] & 0x3f) | 0x80;
}

const char *
uuid_text(const uint8_t uuid[16], char text[UUID_TEXT])
{
	char *p = text;

	for (int i = 0; i < 16; i++)
		p += sprintf(p,
		    i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x",
		    uuid[i]);
	return text;
}

void
out_docs(struct buf *b, const char *key, const struct buf *docs)
{
	size_t mark = out_open(b, key, BSON_TYPE_ARRAY);
	uint32_t n = 0;

	for (size_t at = 0; at < docs->len; at += doc_len(docs->data + at))
		out_index(b, n++, docs->data + at, doc_len(docs->data + at));
	out_close(b, mark);
}
