/* Order-only needs no canonical form: the fields of both documents are sorted
 * by name, as offsets, and compared pair by pair; only pairs of embedded
 * documents and arrays with other bytes are looked into. Each byte is walked
 * once a level, and a pair of unequal length ends it. */
#include "model/doc_class.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "model/value.h"

#define DEPTH_MAX 250 /* sound documents have at most 200 */

static bool reordered(const struct value *a, const struct value *b, int depth);

/* Offsets of the elements of a document. */
static bool
list_fields(const struct value *doc, struct buf *at)
{
	struct walk w;
	struct elem e;

	if (!walk_init(&w, doc->data, doc->len))
		return false;
	while (walk_next(&w, &e)) {
		uint32_t offset = (uint32_t)(e.raw - doc->data);

		buf_add(at, &offset, sizeof offset);
	}
	return !w.broken;
}

/* Fields of one name keep their order. */
static int
by_name(const void *x, const void *y, void *doc)
{
	uint32_t a, b;
	int r;

	memcpy(&a, x, sizeof a);
	memcpy(&b, y, sizeof b);
	r = strcmp((const char *)doc + a + 1, (const char *)doc + b + 1);
	return r ? r : a < b ? -1 : a > b;
}

static bool
elem_at(const struct value *doc, const struct buf *at, size_t i, struct elem *e)
{
	struct walk w;
	uint32_t offset;

	memcpy(&offset, at->data + i * sizeof offset, sizeof offset);
	w = (struct walk){doc->data + offset, doc->data + doc->len - 1, false};
	return walk_next(&w, e);
}

static bool
pair_fits(const struct elem *x, const struct elem *y, int depth)
{
	if (x->raw_len != y->raw_len)
		return false;
	if (memcmp(x->raw, y->raw, x->raw_len) == 0)
		return true;
	if (x->value.type != y->value.type || strcmp(x->name, y->name) != 0 ||
	    (x->value.type != BSON_TYPE_DOCUMENT &&
		x->value.type != BSON_TYPE_ARRAY))
		return false;
	return reordered(&x->value, &y->value, depth + 1);
}

static bool
lists_fit(const struct value *a, const struct buf *in_a, const struct value *b,
    const struct buf *in_b, int depth)
{
	struct elem x, y;

	if (in_a->len != in_b->len)
		return false;
	for (size_t i = 0; i < in_a->len / sizeof(uint32_t); i++)
		if (!elem_at(a, in_a, i, &x) || !elem_at(b, in_b, i, &y) ||
		    !pair_fits(&x, &y, depth))
			return false;
	return true;
}

/* One can be made from the other by putting fields in another order. */
static bool
reordered(const struct value *a, const struct value *b, int depth)
{
	struct buf in_a = BUF_INIT, in_b = BUF_INIT;
	bool fits;

	if (depth > DEPTH_MAX || a->len != b->len)
		return false;
	fits = list_fields(a, &in_a) && list_fields(b, &in_b);
	if (fits && a->type == BSON_TYPE_DOCUMENT && in_a.len && in_b.len) {
		qsort_r(in_a.data, in_a.len / 4, 4, by_name, (void *)a->data);
		qsort_r(in_b.data, in_b.len / 4, 4, by_name, (void *)b->data);
	}
	fits = fits && lists_fit(a, &in_a, b, &in_b, depth);
	buf_release(&in_a);
	buf_release(&in_b);
	return fits;
}

enum doc_class
doc_class_of(const bson_t *a, const bson_t *b)
{
	struct value x = {BSON_TYPE_DOCUMENT, bson_get_data(a), a->len};
	struct value y = {BSON_TYPE_DOCUMENT, bson_get_data(b), b->len};

	if (value_same(&x, &y))
		return DOC_SAME;
	if (!value_sound(x.data, x.len) || !value_sound(y.data, y.len))
		return DOC_CONTENT;
	if (reordered(&x, &y, 0))
		return DOC_ORDER;
	return value_cmp(&x, &y) == 0 ? DOC_TYPE : DOC_CONTENT;
}
