/* The walker checks what it hands out (the element fits into its document,
 * texts end with NUL, embedded documents with theirs), so nothing that works
 * on its values can run past the bytes, however hostile they are. */
#include "model/value.h"

#include <string.h>

#include "base/le.h"

#define DEPTH_MAX 200

static uint32_t
text_len(const uint8_t *p, size_t room)
{
	uint32_t len;

	if (room < 5)
		return 0;
	len = le32(p);
	if (len < 1 || len > room - 4 || p[4 + len - 1] != 0)
		return 0;
	return 4 + len;
}

static uint32_t
doc_len(const uint8_t *p, size_t room)
{
	uint32_t len;

	if (room < 5)
		return 0;
	len = le32(p);
	return len >= 5 && len <= room && p[len - 1] == 0 ? len : 0;
}

static uint32_t
binary_len(const uint8_t *p, size_t room)
{
	uint32_t len;

	if (room < 5)
		return 0;
	len = le32(p);
	return len <= room - 5 ? 5 + len : 0;
}

static uint32_t
regex_len(const uint8_t *p, size_t room)
{
	const uint8_t *first = memchr(p, 0, room), *second;

	if (!first)
		return 0;
	first++;
	second = memchr(first, 0, room - (size_t)(first - p));
	return second ? (uint32_t)(second + 1 - p) : 0;
}

static uint32_t
scope_len(const uint8_t *p, size_t room)
{
	uint32_t len, code;

	if (room < 14)
		return 0;
	len = le32(p);
	if (len < 14 || len > room)
		return 0;
	code = text_len(p + 4, len - 4);
	if (code == 0 || len - 4 - code < 5 ||
	    doc_len(p + 4 + code, len - 4 - code) != len - 4 - code)
		return 0;
	return len;
}

/* Bytes of the value at p, of which `room` are there; false: does not fit. */
static bool
value_len(uint8_t type, const uint8_t *p, size_t room, uint32_t *out)
{
	uint32_t len = 0;

	switch (type) {
	case BSON_TYPE_NULL:
	case BSON_TYPE_UNDEFINED:
	case BSON_TYPE_MINKEY:
	case BSON_TYPE_MAXKEY:
		*out = 0;
		return true;
	case BSON_TYPE_BOOL:
		len = 1;
		break;
	case BSON_TYPE_INT32:
		len = 4;
		break;
	case BSON_TYPE_INT64:
	case BSON_TYPE_DOUBLE:
	case BSON_TYPE_DATE_TIME:
	case BSON_TYPE_TIMESTAMP:
		len = 8;
		break;
	case BSON_TYPE_OID:
		len = 12;
		break;
	case BSON_TYPE_DECIMAL128:
		len = 16;
		break;
	case BSON_TYPE_UTF8:
	case BSON_TYPE_CODE:
	case BSON_TYPE_SYMBOL:
		len = text_len(p, room);
		break;
	case BSON_TYPE_DOCUMENT:
	case BSON_TYPE_ARRAY:
		len = doc_len(p, room);
		break;
	case BSON_TYPE_BINARY:
		len = binary_len(p, room);
		break;
	case BSON_TYPE_REGEX:
		len = regex_len(p, room);
		break;
	case BSON_TYPE_DBPOINTER:
		len = text_len(p, room);
		len = len ? len + 12 : 0;
		break;
	case BSON_TYPE_CODEWSCOPE:
		len = scope_len(p, room);
		break;
	default:
		return false;
	}
	*out = len;
	return len > 0 && len <= room;
}

bool
walk_init(struct walk *w, const uint8_t *data, size_t len)
{
	w->broken = len < 5 || len > INT32_MAX || doc_len(data, len) != len;
	w->at = w->broken ? NULL : data + 4;
	w->end = w->broken ? NULL : data + len - 1;
	return !w->broken;
}

bool
walk_next(struct walk *w, struct elem *e)
{
	const uint8_t *p = w->at, *stop;

	if (p == w->end)
		return false;
	stop = memchr(p + 1, 0, (size_t)(w->end - p - 1));
	if (!stop ||
	    !value_len(
		*p, stop + 1, (size_t)(w->end - stop - 1), &e->value.len)) {
		w->broken = true;
		w->at = w->end;
		return false;
	}
	e->name = (const char *)(p + 1);
	e->name_len = (uint32_t)(stop - p - 1);
	e->value.type = *p;
	e->value.data = stop + 1;
	e->raw = p;
	w->at = e->value.data + e->value.len;
	e->raw_len = (uint32_t)(w->at - p);
	return true;
}

bool
walk_find(const uint8_t *doc, size_t len, const char *name, struct elem *e)
{
	size_t name_len = strlen(name);
	struct walk w;

	if (!walk_init(&w, doc, len))
		return false;
	while (walk_next(&w, e))
		if (e->name_len == name_len &&
		    memcmp(e->name, name, name_len) == 0)
			return true;
	return false;
}

static bool
sound(const uint8_t *doc, size_t len, int depth)
{
	struct walk w;
	struct elem e;

	if (depth > DEPTH_MAX || !walk_init(&w, doc, len))
		return false;
	while (walk_next(&w, &e)) {
		const struct value *v = &e.value;

		if ((v->type == BSON_TYPE_DOCUMENT ||
			v->type == BSON_TYPE_ARRAY) &&
		    !sound(v->data, v->len, depth + 1))
			return false;
		if (v->type == BSON_TYPE_CODEWSCOPE) {
			uint32_t skip = 8 + le32(v->data + 4);

			if (!sound(v->data + skip, v->len - skip, depth + 1))
				return false;
		}
	}
	return !w.broken;
}

bool
value_sound(const uint8_t *doc, size_t len)
{
	return sound(doc, len, 0);
}

bool
value_same(const struct value *a, const struct value *b)
{
	return a->type == b->type && a->len == b->len &&
	    (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}
