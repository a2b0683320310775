#include "engine/digest_range.h"

#include <string.h>

#include "engine/compare_task.h"
#include "stream/record.h"

static const char *const orders[] = {"id", "whole", "natural"};

const char *
digest_order_text(enum digest_order order)
{
	return orders[order];
}

bool
digest_order_parse(const char *text, enum digest_order *order)
{
	for (int i = 0; i < 3; i++)
		if (strcmp(text, orders[i]) == 0) {
			*order = (enum digest_order)i;
			return true;
		}
	return false;
}

static bool
bound(const uint8_t *doc, uint32_t len, const char *name, struct value *v)
{
	struct elem e;

	if (!walk_find(doc, len, name, &e))
		return false;
	*v = e.value;
	return true;
}

static bool
binary(const bson_t *doc, const char *field, const uint8_t **data,
    uint32_t *len, bson_error_t *error)
{
	bson_subtype_t sub;
	bson_iter_t it;

	if (!bson_iter_init_find(&it, doc, field) ||
	    !BSON_ITER_HOLDS_BINARY(&it))
		return error_set(error, MM_EXIT_STREAM, 0,
		    "a range has no binary field \"%s\"", field);
	bson_iter_binary(&it, &sub, len, data);
	return true;
}

/* As many keys as leaves, and as documents. */
static bool
check_detail(const struct digest_range *r, bson_error_t *error)
{
	struct walk w;
	struct elem e;
	int64_t n = 0;

	if (walk_init(&w, r->keys, r->keys_len))
		while (walk_next(&w, &e))
			n++;
	return (n == r->sum.docs && r->leaves_len % DIGEST_LEAF == 0 &&
		   r->leaves_len / DIGEST_LEAF == n) ||
	    error_set(error, MM_EXIT_STREAM, 0,
		"a range has not as many keys and leaves as documents");
}

static bool
read_detail(const bson_t *doc, struct digest_range *r, bson_error_t *error)
{
	bson_iter_t it;

	if (!bson_iter_init_find(&it, doc, "keys"))
		return true;
	if (!BSON_ITER_HOLDS_DOCUMENT(&it))
		return error_set(error, MM_EXIT_STREAM, 0,
		    "a range has keys that are no document");
	bson_iter_document(&it, &r->keys_len, &r->keys);
	return binary(doc, "leaves", &r->leaves, &r->leaves_len, error) &&
	    check_detail(r, error);
}

bool
digest_range_read(const uint8_t *doc, uint32_t len, struct digest_range *r,
    bson_error_t *error)
{
	const uint8_t *sum;
	uint32_t sum_len;
	bson_t view;

	memset(r, 0, sizeof *r);
	if (!value_sound(doc, len) || !bson_init_static(&view, doc, len))
		return error_set(
		    error, MM_EXIT_STREAM, 0, "a range is no sound document");
	r->has_from = bound(doc, len, "from", &r->from);
	r->has_to = bound(doc, len, "to", &r->to);
	if (!record_int64(&view, "docs", &r->sum.docs, error) ||
	    !record_int64(&view, "bytes", &r->sum.bytes, error) ||
	    !binary(&view, "sum", &sum, &sum_len, error))
		return false;
	if (sum_len != DIGEST_LEAF || r->sum.docs < 0)
		return error_set(
		    error, MM_EXIT_STREAM, 0, "a range has a wrong sum");
	digest_load(&r->sum, sum);
	return read_detail(&view, r, error);
}

void
digest_range_write(const struct digest_range *r, bson_t *out)
{
	uint8_t sum[DIGEST_LEAF];

	bson_init(out);
	if (r->has_from)
		compare_append_value(out, "from", &r->from);
	if (r->has_to)
		compare_append_value(out, "to", &r->to);
	BSON_APPEND_INT64(out, "docs", r->sum.docs);
	BSON_APPEND_INT64(out, "bytes", r->sum.bytes);
	digest_store(&r->sum, sum);
	BSON_APPEND_BINARY(out, "sum", BSON_SUBTYPE_BINARY, sum, sizeof sum);
	if (!r->keys)
		return;
	compare_append_value(out, "keys",
	    &(struct value){BSON_TYPE_DOCUMENT, r->keys, r->keys_len});
	BSON_APPEND_BINARY(out, "leaves", BSON_SUBTYPE_BINARY,
	    r->leaves ? r->leaves : (const uint8_t *)"", r->leaves_len);
}

bool
digest_range_joins(const struct digest_range *a, const struct digest_range *b)
{
	return a->has_to && b->has_from && value_same(&a->to, &b->from);
}
