#include "match_leaf.h"
#include "collate.h"
#include "doc.h"

#include <math.h>
#include <string.h>

struct each {
	enum match_leaf leaf;
	match_fn *fn;
	void *ctx;
	int *position;
};

static bool each_field(
    const struct each *it, const struct value *doc, const char *path);

static bool
each_leaf(const struct each *it, const struct value *v)
{
	struct walk w;
	struct elem e;
	int i = 0;

	if (it->leaf == LEAF_EACH && v->type == BSON_TYPE_ARRAY) {
		for (walk_init(&w, v->data, v->len); walk_next(&w, &e); i++) {
			if (it->fn(it->ctx, &e.value)) {
				*it->position = i;
				return true;
			}
		}
	}
	return it->fn(it->ctx, v);
}

static bool
each_array(const struct each *it, const struct value *array, const char *path)
{
	struct walk w;
	struct elem e;
	int i = 0;

	for (walk_init(&w, array->data, array->len); walk_next(&w, &e); i++) {
		if (e.value.type == BSON_TYPE_DOCUMENT &&
		    each_field(it, &e.value, path)) {
			*it->position = i;
			return true;
		}
	}
	/* A number in the path may also be an index. */
	if (path[0] < '0' || path[0] > '9')
		return false;
	return each_field(it, array, path);
}

static bool
each_field(const struct each *it, const struct value *doc, const char *path)
{
	const char *dot = strchr(path, '.');
	char *name = NULL;
	bool found, in_array = doc->type == BSON_TYPE_ARRAY;
	struct elem e;

	if (dot)
		name = bson_strndup(path, (size_t)(dot - path));
	found = walk_find(doc->data, doc->len, dot ? name : path, &e);
	bson_free(name);
	if (!found)
		return in_array ? false : it->fn(it->ctx, NULL);
	if (!dot)
		return each_leaf(it, &e.value);
	if (e.value.type == BSON_TYPE_DOCUMENT)
		return each_field(it, &e.value, dot + 1);
	if (e.value.type == BSON_TYPE_ARRAY)
		return each_array(it, &e.value, dot + 1);
	return in_array ? false : it->fn(it->ctx, NULL);
}

bool
match_any(const struct match_at *at, enum match_leaf leaf, match_fn *fn,
    void *ctx, int *position)
{
	struct each it = {leaf, fn, ctx, position};

	if (at->single)
		return fn(ctx, at->single);
	return each_field(&it, at->doc, at->path);
}

static int
bracket(uint8_t type)
{
	switch (type) {
	case BSON_TYPE_INT32:
	case BSON_TYPE_INT64:
	case BSON_TYPE_DECIMAL128:
		return BSON_TYPE_DOUBLE;
	case BSON_TYPE_SYMBOL:
		return BSON_TYPE_UTF8;
	case BSON_TYPE_UNDEFINED:
		return BSON_TYPE_NULL;
	default:
		return type;
	}
}

static bool
is_nan(const struct value *v)
{
	uint64_t bits;
	double d;

	if (v->type == BSON_TYPE_DOUBLE) {
		memcpy(&d, v->data, 8);
		return isnan(d);
	}
	if (v->type != BSON_TYPE_DECIMAL128)
		return false;
	memcpy(&bits, v->data + 8, 8);
	return (bits >> 58 & 0x1f) == 0x1f;
}

bool
match_compare(enum match_cmp op, const struct value *v, const struct value *rhs)
{
	const struct value missing = VALUE_NULL;
	int cmp;

	if (!v)
		v = &missing;
	if (bracket(v->type) != bracket(rhs->type))
		return (rhs->type == BSON_TYPE_MINKEY &&
			   (op == CMP_GT || op == CMP_GTE)) ||
		    (rhs->type == BSON_TYPE_MAXKEY &&
			(op == CMP_LT || op == CMP_LTE));
	if (is_nan(v) || is_nan(rhs))
		return is_nan(v) && is_nan(rhs) && op != CMP_LT && op != CMP_GT;
	if (bracket(v->type) == BSON_TYPE_NULL)
		return op != CMP_LT && op != CMP_GT;
	cmp = collate_cmp(v, rhs);
	switch (op) {
	case CMP_EQ:
		return cmp == 0;
	case CMP_LT:
		return cmp < 0;
	case CMP_LTE:
		return cmp <= 0;
	case CMP_GT:
		return cmp > 0;
	default:
		return cmp >= 0;
	}
}

static bool
type_name(const char *name, uint32_t *set, bson_error_t *error)
{
	static const char *const names[] = {"minKey", "double", "string",
	    "object", "array", "binData", "undefined", "objectId", "bool",
	    "date", "null", "regex", "dbPointer", "javascript", "symbol",
	    "javascriptWithScope", "int", "timestamp", "long", "decimal"};
	unsigned i;

	for (i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcmp(name, names[i]) == 0) {
			*set |= 1u << i;
			return true;
		}
	}
	if (strcmp(name, "maxKey") == 0)
		*set |= 1u << 31;
	else if (strcmp(name, "number") == 0)
		*set |= 1u << 1 | 1u << 16 | 1u << 18 | 1u << 19;
	else
		return error_set(error, MM_EXIT_REFUSED, 2,
		    "Unknown type name alias: %s", name);
	return true;
}

bool
match_types(const struct value *rhs, uint32_t *set, bson_error_t *error)
{
	const char *name;
	size_t len;
	int64_t n;

	if (match_text(rhs, &name, &len))
		return type_name(name, set, error);
	if (!match_int(rhs, &n))
		return error_set(error, MM_EXIT_REFUSED, 14,
		    "type must be represented as a number or a string");
	if (n == -1)
		*set |= 1;
	else if (n == 127)
		*set |= 1u << 31;
	else if (n >= 1 && n <= 19)
		*set |= 1u << n;
	else
		return error_set(error, MM_EXIT_REFUSED, 2,
		    "Invalid numerical type code: %lld", (long long)n);
	return true;
}

bool
match_has_type(uint32_t set, const struct value *v)
{
	if (v->type == BSON_TYPE_MINKEY)
		return set & 1;
	if (v->type == BSON_TYPE_MAXKEY)
		return set >> 31;
	return set >> v->type & 1;
}

bool
match_text(const struct value *v, const char **text, size_t *len)
{
	if (v->type != BSON_TYPE_UTF8 && v->type != BSON_TYPE_SYMBOL)
		return false;
	*text = (const char *)v->data + 4;
	*len = v->len - 5;
	return true;
}

void
match_regex_parts(
    const struct value *v, const char **pattern, const char **options)
{
	*pattern = (const char *)v->data;
	*options = *pattern + strlen(*pattern) + 1;
}

bool
match_int(const struct value *v, int64_t *n)
{
	int32_t i32;
	double d;

	switch (v->type) {
	case BSON_TYPE_INT32:
		memcpy(&i32, v->data, 4);
		*n = i32;
		return true;
	case BSON_TYPE_INT64:
		memcpy(n, v->data, 8);
		return true;
	case BSON_TYPE_DOUBLE:
		memcpy(&d, v->data, 8);
		if (!(d > -9.2e18 && d < 9.2e18))
			return false;
		*n = (int64_t)d;
		return true;
	default:
		return false;
	}
}
