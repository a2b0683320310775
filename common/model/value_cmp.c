/* The order in which the server keeps `_id` (its KeyString, simple
 * collation). It looks at the type class first; what is one class compares
 * across its types. */
#include <string.h>

#include "base/le.h"
#include "model/class.h"
#include "model/number.h"

#define DEPTH_MAX 250 /* sound values have at most 200; a guard, no rule */

enum value_class
value_class(uint8_t type)
{
	switch (type) {
	case BSON_TYPE_MINKEY:
		return CLASS_MINKEY;
	case BSON_TYPE_UNDEFINED:
		return CLASS_UNDEFINED;
	case BSON_TYPE_NULL:
		return CLASS_NULL;
	case BSON_TYPE_INT32:
	case BSON_TYPE_INT64:
	case BSON_TYPE_DOUBLE:
	case BSON_TYPE_DECIMAL128:
		return CLASS_NUMBER;
	case BSON_TYPE_UTF8:
	case BSON_TYPE_SYMBOL:
		return CLASS_TEXT;
	case BSON_TYPE_DOCUMENT:
		return CLASS_OBJECT;
	case BSON_TYPE_ARRAY:
		return CLASS_ARRAY;
	case BSON_TYPE_BINARY:
		return CLASS_BINARY;
	case BSON_TYPE_OID:
		return CLASS_OID;
	case BSON_TYPE_BOOL:
		return CLASS_BOOL;
	case BSON_TYPE_DATE_TIME:
		return CLASS_DATE;
	case BSON_TYPE_TIMESTAMP:
		return CLASS_TIMESTAMP;
	case BSON_TYPE_REGEX:
		return CLASS_REGEX;
	case BSON_TYPE_DBPOINTER:
		return CLASS_DBPOINTER;
	case BSON_TYPE_CODE:
		return CLASS_CODE;
	case BSON_TYPE_CODEWSCOPE:
		return CLASS_SCOPE;
	default:
		return CLASS_MAXKEY;
	}
}

static int
bytes_cmp(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	size_t len = a_len < b_len ? a_len : b_len;
	int r = len ? memcmp(a, b, len) : 0;

	return r ? r : a_len < b_len ? -1 : a_len > b_len;
}

/* Length-prefixed, NUL-terminated texts. */
static int
text_cmp(const uint8_t *a, const uint8_t *b)
{
	return bytes_cmp(a + 4, le32(a) - 1, b + 4, le32(b) - 1);
}

/* Shorter first, then the bytes. */
static int
sized_cmp(const struct value *a, const struct value *b)
{
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return memcmp(a->data, b->data, a->len);
}

static int
regex_cmp(const struct value *a, const struct value *b)
{
	const char *x = (const char *)a->data, *y = (const char *)b->data;
	int r = strcmp(x, y);

	return r ? r : strcmp(x + strlen(x) + 1, y + strlen(y) + 1);
}

static int cmp(const struct value *a, const struct value *b, int depth);

/* Arrays are compared without their names, which are only the numbers. */
static int
tree_cmp(const struct value *a, const struct value *b, bool names, int depth)
{
	struct walk wa, wb;
	struct elem x, y;
	bool more_a, more_b;
	int r;

	if (depth > DEPTH_MAX || !walk_init(&wa, a->data, a->len) ||
	    !walk_init(&wb, b->data, b->len))
		return bytes_cmp(a->data, a->len, b->data, b->len);
	for (;;) {
		more_a = walk_next(&wa, &x);
		more_b = walk_next(&wb, &y);
		if (!more_a || !more_b)
			return (int)more_a - (int)more_b;
		r = (int)value_class(x.value.type) -
		    (int)value_class(y.value.type);
		if (r == 0 && names)
			r = strcmp(x.name, y.name);
		if (r == 0)
			r = cmp(&x.value, &y.value, depth + 1);
		if (r != 0)
			return r;
	}
}

static int
scope_cmp(const struct value *a, const struct value *b, int depth)
{
	uint32_t skip_a = 8 + le32(a->data + 4);
	uint32_t skip_b = 8 + le32(b->data + 4);
	struct value x = {
	    BSON_TYPE_DOCUMENT, a->data + skip_a, a->len - skip_a};
	struct value y = {
	    BSON_TYPE_DOCUMENT, b->data + skip_b, b->len - skip_b};
	int r = text_cmp(a->data + 4, b->data + 4);

	return r ? r : tree_cmp(&x, &y, true, depth);
}

static int
cmp(const struct value *a, const struct value *b, int depth)
{
	enum value_class class = value_class(a->type);
	int r = (int)class - (int)value_class(b->type);
	uint64_t x, y;

	if (r != 0)
		return r;
	switch (class) {
	case CLASS_NUMBER:
		return number_cmp(a, b);
	case CLASS_TEXT:
	case CLASS_CODE:
		return text_cmp(a->data, b->data);
	case CLASS_OBJECT:
	case CLASS_ARRAY:
		return tree_cmp(a, b, class == CLASS_OBJECT, depth);
	case CLASS_BINARY:
	case CLASS_DBPOINTER:
		return sized_cmp(a, b);
	case CLASS_OID:
		return memcmp(a->data, b->data, 12);
	case CLASS_BOOL:
		return (*a->data != 0) - (*b->data != 0);
	case CLASS_DATE:
	case CLASS_TIMESTAMP:
		x = le64(a->data);
		y = le64(b->data);
		if (class == CLASS_DATE) /* signed */
			x ^= UINT64_C(1) << 63, y ^= UINT64_C(1) << 63;
		return x < y ? -1 : x > y;
	case CLASS_REGEX:
		return regex_cmp(a, b);
	case CLASS_SCOPE:
		return scope_cmp(a, b, depth);
	default:
		return 0;
	}
}

int
value_cmp(const struct value *a, const struct value *b)
{
	return cmp(a, b, 0);
}
