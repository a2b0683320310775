/* Canonical bytes: type class, then the value in a form that is one for all
 * values the server holds equal. Every part ends by itself, so nested values
 * cannot be mistaken for one another. They are a key in memory, not a format.
 */
#include "model/docid.h"

#include <string.h>

#include "base/hash.h"
#include "base/le.h"
#include "model/class.h"
#include "model/number.h"

#define DEPTH_MAX 250 /* sound values have at most 200 */
#define SMALL 160     /* a scalar of up to SMALL - 32 bytes fits the stack */
#define TEXT_MAX 120

bool
docid_of(const bson_t *doc, struct value *id, bson_error_t *error)
{
	struct elem e;

	if (!walk_find(bson_get_data(doc), doc->len, "_id", &e))
		return error_set(
		    error, MM_EXIT_REFUSED, 0, "document without _id");
	*id = e.value;
	return true;
}

static void
add_le(struct buf *out, uint64_t v, int bytes)
{
	for (; bytes > 0; bytes--, v >>= 8)
		buf_add_byte(out, (uint8_t)v);
}

static void
add_number(const struct value *v, struct buf *out)
{
	struct number n;
	int64_t i;

	if (number_int64(v, &i)) {
		buf_add_byte(out, 'i');
		add_le(out, (uint64_t)i, 8);
		return;
	}
	number_of(v, &n);
	number_reduce(&n);
	buf_add_byte(out, (uint8_t)('A' + n.kind));
	buf_add_byte(out, n.negative);
	if (n.kind != NUMBER_FINITE)
		return;
	add_le(out, (uint32_t)n.two, 4);
	add_le(out, (uint32_t)n.five, 4);
	add_le(out, (uint64_t)n.m, 8);
	add_le(out, (uint64_t)(n.m >> 64), 8);
}

static void add_payload(
    const struct value *v, enum value_class class, struct buf *out, int depth);

static void
add_tree(
    const uint8_t *data, size_t len, bool names, struct buf *out, int depth)
{
	struct walk w;
	struct elem e;

	if (depth > DEPTH_MAX || !walk_init(&w, data, len)) {
		buf_add(out, data, len);
		return;
	}
	while (walk_next(&w, &e)) {
		enum value_class class = value_class(e.value.type);

		buf_add_byte(out, (uint8_t) class);
		if (names)
			buf_add(out, e.name, e.name_len + 1);
		add_payload(&e.value, class, out, depth + 1);
	}
	buf_add_byte(out, 0);
}

static void
add_payload(
    const struct value *v, enum value_class class, struct buf *out, int depth)
{
	uint32_t code;

	switch (class) {
	case CLASS_NUMBER:
		add_number(v, out);
		break;
	case CLASS_OBJECT:
	case CLASS_ARRAY:
		add_tree(v->data, v->len, class == CLASS_OBJECT, out, depth);
		break;
	case CLASS_SCOPE:
		code = 4 + le32(v->data + 4);
		buf_add(out, v->data + 4, code);
		add_tree(
		    v->data + 4 + code, v->len - 4 - code, true, out, depth);
		break;
	case CLASS_BOOL:
		buf_add_byte(out, *v->data != 0);
		break;
	default: /* the bytes of these say their own end */
		buf_add(out, v->data, v->len);
		break;
	}
}

void
docid_canonical(const struct value *id, struct buf *out)
{
	enum value_class class = value_class(id->type);

	buf_reserve(out, id->len + 32);
	buf_add_byte(out, (uint8_t) class);
	add_payload(id, class, out, 0);
}

bool
docid_same(const struct value *a, const struct value *b)
{
	struct buf x = BUF_INIT, y = BUF_INIT;
	bool same;

	docid_canonical(a, &x);
	docid_canonical(b, &y);
	same = x.len == y.len && memcmp(x.data, y.data, x.len) == 0;
	buf_release(&x);
	buf_release(&y);
	return same;
}

uint64_t
docid_hash(const struct value *id)
{
	uint8_t small[SMALL];
	bool nested = id->type == BSON_TYPE_DOCUMENT ||
	    id->type == BSON_TYPE_ARRAY || id->type == BSON_TYPE_CODEWSCOPE;
	bool heap = nested || id->len > SMALL - 32;
	struct buf b = BUF_INIT;
	uint64_t hash;

	if (!heap) { /* never grows: a scalar takes at most 32 bytes more */
		b.data = small;
		b.cap = sizeof small;
	}
	docid_canonical(id, &b);
	hash = hash_xxh64(b.data, b.len, 0);
	if (heap)
		buf_release(&b);
	return hash;
}

char *
docid_text(const struct value *id)
{
	struct buf b = BUF_INIT;
	char *json, *text = NULL;
	uint32_t len = id->len + 10;
	bson_t view;

	add_le(&b, len, 4);
	buf_add_byte(&b, id->type);
	buf_add(&b, "_id", 4);
	buf_add(&b, id->data, id->len);
	buf_add_byte(&b, 0);
	json = bson_init_static(&view, b.data, b.len)
	    ? bson_as_canonical_extended_json(&view, NULL)
	    : NULL;
	if (json && strlen(json) > 12) /* { "_id" : ... } */
		text = bson_strndup(json + 10, strlen(json) - 12);
	bson_free(json);
	if (!text)
		text = bson_strdup_printf("(type 0x%02x)", id->type);
	if (strlen(text) > TEXT_MAX) {
		size_t cut = TEXT_MAX - 3;

		while (((unsigned char)text[cut] & 0xc0) == 0x80)
			cut--; /* not inside a character */
		strcpy(text + cut, "...");
	}
	buf_release(&b);
	return text;
}
