#include "text.h"
#include "doc.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
static void add_value(struct buf *s, const struct value *v);

const char *
text_type(uint8_t type)
{
	static const char *const names[] = {"missing", "double", "string",
	    "object", "array", "binData", "undefined", "objectId", "bool",
	    "date", "null", "regex", "dbPointer", "javascript", "symbol",
	    "javascriptWithScope", "int", "timestamp", "long", "decimal"};

	if (type < sizeof names / sizeof *names)
		return names[type];
	return type == BSON_TYPE_MINKEY ? "minKey" : "maxKey";
}

static void
add_members(struct buf *s, const struct value *v)
{
	bool array = v->type == BSON_TYPE_ARRAY, any = false;
	struct walk w;
	struct elem e;

	buf_add_text(s, array ? "[" : "{");
	for (walk_init(&w, v->data, v->len); walk_next(&w, &e); any = true) {
		buf_add_text(s, any ? ", " : " ");
		if (!array) {
			buf_add_text(s, e.name);
			buf_add_text(s, ": ");
		}
		add_value(s, &e.value);
	}
	if (any)
		buf_add_text(s, " ");
	buf_add_text(s, array ? "]" : "}");
}

static void
add_hex(struct buf *s, const uint8_t *data, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		buf_add_format(s, "%02X", data[i]);
}

static void
add_double(struct buf *s, double d)
{
	char text[64];

	if (isnan(d)) {
		buf_add_text(s, "nan.0");
		return;
	}
	if (isinf(d)) {
		buf_add_text(s, d < 0 ? "-inf" : "inf");
		return;
	}
	snprintf(text, sizeof text, "%.16g", d);
	buf_add_text(s, text);
	if (!strpbrk(text, ".e"))
		buf_add_text(s, ".0");
}

static void
add_number(struct buf *s, bson_iter_t *iter)
{
	char text[BSON_DECIMAL128_STRING];
	bson_decimal128_t dec;

	switch (bson_iter_type(iter)) {
	case BSON_TYPE_DOUBLE:
		add_double(s, bson_iter_double(iter));
		return;
	case BSON_TYPE_DECIMAL128:
		bson_iter_decimal128(iter, &dec);
		bson_decimal128_to_string(&dec, text);
		buf_add_text(s, text);
		return;
	default:
		buf_add_format(s, "%lld", (long long)bson_iter_as_int64(iter));
	}
}

static void
add_binary(struct buf *s, bson_iter_t *iter)
{
	bson_subtype_t subtype;
	const uint8_t *data;
	uint32_t len;

	bson_iter_binary(iter, &subtype, &len, &data);
	if (subtype == BSON_SUBTYPE_UUID && len == 16) {
		buf_add_format(s,
		    "UUID(\"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
		    "%02x%02x%02x%02x%02x%02x\")",
		    data[0], data[1], data[2], data[3], data[4], data[5],
		    data[6], data[7], data[8], data[9], data[10], data[11],
		    data[12], data[13], data[14], data[15]);
		return;
	}
	buf_add_format(s, "BinData(%d, ", subtype);
	add_hex(s, data, len);
	buf_add_text(s, ")");
}

static void
add_scalar(struct buf *s, bson_iter_t *iter)
{
	const char *options, *text;
	char oid[25];
	uint32_t t, i;

	switch (bson_iter_type(iter)) {
	case BSON_TYPE_UTF8:
		buf_add_format(s, "\"%s\"", bson_iter_utf8(iter, NULL));
		return;
	case BSON_TYPE_SYMBOL:
		buf_add_format(s, "\"%s\"", bson_iter_symbol(iter, NULL));
		return;
	case BSON_TYPE_BINARY:
		add_binary(s, iter);
		return;
	case BSON_TYPE_OID:
		bson_oid_to_string(bson_iter_oid(iter), oid);
		buf_add_format(s, "ObjectId('%s')", oid);
		return;
	case BSON_TYPE_BOOL:
		buf_add_text(s, bson_iter_bool(iter) ? "true" : "false");
		return;
	case BSON_TYPE_DATE_TIME:
		buf_add_format(
		    s, "new Date(%lld)", (long long)bson_iter_date_time(iter));
		return;
	case BSON_TYPE_REGEX:
		text = bson_iter_regex(iter, &options);
		buf_add_format(s, "/%s/%s", text, options);
		return;
	case BSON_TYPE_CODE:
		buf_add_text(s, bson_iter_code(iter, NULL));
		return;
	case BSON_TYPE_TIMESTAMP:
		bson_iter_timestamp(iter, &t, &i);
		buf_add_format(s, "Timestamp(%u, %u)", t, i);
		return;
	case BSON_TYPE_NULL:
		buf_add_text(s, "null");
		return;
	case BSON_TYPE_UNDEFINED:
		buf_add_text(s, "undefined");
		return;
	case BSON_TYPE_MINKEY:
		buf_add_text(s, "MinKey");
		return;
	case BSON_TYPE_MAXKEY:
		buf_add_text(s, "MaxKey");
		return;
	case BSON_TYPE_DBPOINTER:
	case BSON_TYPE_CODEWSCOPE:
		buf_add_text(s, text_type((uint8_t)bson_iter_type(iter)));
		return;
	default:
		add_number(s, iter);
	}
}

static void
add_value(struct buf *s, const struct value *v)
{
	struct buf b = BUF_INIT;
	bson_iter_t iter;
	size_t start;
	bson_t doc;

	if (value_is_doc(v)) {
		add_members(s, v);
		return;
	}
	start = doc_open(&b);
	doc_put(&b, "", v);
	doc_close(&b, start);
	if (bson_init_static(&doc, b.data, b.len) &&
	    bson_iter_init(&iter, &doc) && bson_iter_next(&iter))
		add_scalar(s, &iter);
	buf_release(&b);
}

char *
text_doc(const bson_t *doc)
{
	struct buf s_buf = BUF_INIT, *s = &s_buf;
	struct value v = value_bson(doc);

	add_members(s, &v);
	return buf_take_text(s);
}

char *
text_elem(const char *name, const struct value *v)
{
	struct buf s_buf = BUF_INIT, *s = &s_buf;

	buf_add_text(s, name);
	buf_add_text(s, ": ");
	add_value(s, v);
	return buf_take_text(s);
}
