/* $v:1: $set and $unset of paths.
 *
 * New fields of one object are appended in this order: component by component,
 * bytewise ("10" before "2"). So do 3.6 to 4.9. Servers from 5.0 on (which
 * write $v:1 only at an old feature compatibility version) take numbers by
 * value; entries do not tell who wrote them, and the difference is only the
 * order of new numeric names set in an object by one update. */
#include <stdlib.h>

#include "model/delta_path.h"

/* ------------------------------------------------- absent values */

static void
create(struct modify *m, const struct group *g, const char *name,
    uint32_t name_len)
{
	const struct leaf *leaf = path_leaf(m, g);
	size_t begin;

	if (leaf) {
		put_value(m->w->out, name, name_len, &leaf->value);
		return;
	}
	put_name(m->w->out, BSON_TYPE_DOCUMENT, name, name_len);
	begin = put_begin(m->w->out);
	for (uint32_t i = g->lo; i < g->hi;) {
		struct group sub = path_group(m, i, g->hi, g->skip);

		if (sub.sets)
			create(m, &sub, sub.name, sub.name_len);
		i = sub.hi;
	}
	put_end(m->w->out, begin);
}

/* ------------------------------------------------- present values */

static bool apply_object(struct modify *m, const struct value *pre,
    const struct group *g, int depth);
static bool apply_array(struct modify *m, const struct value *pre,
    const struct group *g, int depth);

static bool
apply_elem(struct modify *m, const struct elem *old, const struct group *g,
    bool in_array, int depth)
{
	const struct leaf *leaf = path_leaf(m, g);
	uint8_t type = old->value.type;

	if (leaf && leaf->set) {
		put_value(m->w->out, old->name, old->name_len, &leaf->value);
		return delta_fits(m->w);
	}
	if (leaf) {
		if (in_array) /* the others keep their places */
			put_name(m->w->out, BSON_TYPE_NULL, old->name,
			    old->name_len);
		return true;
	}
	if (type != BSON_TYPE_DOCUMENT && type != BSON_TYPE_ARRAY) {
		m->w->note.clashes++; /* not viable: only this path */
		buf_add(m->w->out, old->raw, old->raw_len);
		return true;
	}
	put_name(m->w->out, type, old->name, old->name_len);
	return type == BSON_TYPE_ARRAY
	    ? apply_array(m, &old->value, g, depth + 1)
	    : apply_object(m, &old->value, g, depth + 1);
}

static bool
apply_object(
    struct modify *m, const struct value *pre, const struct group *g, int depth)
{
	size_t begin = put_begin(m->w->out);
	const uint8_t *from;
	struct walk walk;
	struct elem e;

	for (uint32_t i = g->lo; i < g->hi; i++)
		m->leaf[i].seen = 0;
	walk_init(&walk, pre->data, pre->len);
	from = walk.at;
	while (walk_next(&walk, &e)) {
		struct leaf *l = path_find(m, g->lo, g->hi, g->skip, &e);
		struct group sub;

		if (!l)
			continue;
		buf_add(m->w->out, from, (size_t)(e.raw - from));
		from = walk.at;
		sub = path_group(m, (uint32_t)(l - m->leaf), g->hi, g->skip);
		if (!apply_elem(m, &e, &sub, false, depth))
			return false;
		l->seen = depth + 1; /* deeper levels have used it too */
	}
	buf_add(m->w->out, from, (size_t)(walk.end - from));
	for (uint32_t i = g->lo; i < g->hi;) {
		struct group sub = path_group(m, i, g->hi, g->skip);

		i = sub.hi;
		if (m->leaf[sub.lo].seen == depth + 1)
			continue;
		if (sub.sets)
			create(m, &sub, sub.name, sub.name_len);
		else
			m->w->note.absent++;
	}
	put_end(m->w->out, begin);
	return delta_fits(m->w);
}

/* ------------------------------------------------- arrays */

struct slot {
	uint32_t index;
	struct group group;
};

static int
slot_order(const void *a, const void *b)
{
	const struct slot *x = a, *y = b;

	return x->index < y->index ? -1 : x->index > y->index;
}

/* Which groups name places, in the order of the places. Others cannot be:
 * skipped, as the server does when it applies a log. */
static uint32_t
slots_of(struct modify *m, const struct group *g, struct slot *slot)
{
	uint32_t n = 0, kept = 0;

	for (uint32_t i = g->lo; i < g->hi;) {
		struct group sub = path_group(m, i, g->hi, g->skip);
		uint64_t index = 0;
		uint32_t d = 0;

		i = sub.hi;
		for (; d < sub.name_len && sub.name[d] >= '0' &&
		     sub.name[d] <= '9' && index < UINT32_MAX / 16;
		     d++)
			index = index * 10 + (uint64_t)(sub.name[d] - '0');
		if (d == sub.name_len)
			slot[n++] = (struct slot){(uint32_t)index, sub};
		else
			m->w->note.clashes++;
	}
	if (n > 1)
		qsort(slot, n, sizeof *slot, slot_order);
	for (uint32_t i = 0; i < n; i++) {
		if (kept > 0 && slot[kept - 1].index == slot[i].index)
			m->w->note.clashes++; /* "1" and "01" */
		else
			slot[kept++] = slot[i];
	}
	return kept;
}

static bool
array_beyond(
    struct modify *m, uint32_t have, const struct slot *slot, uint32_t n)
{
	char text[INDEX_TEXT];

	for (uint32_t i = 0; i < n; i++) {
		if (!slot[i].group.sets) {
			m->w->note.absent++;
			continue;
		}
		if (!delta_pad(m->w, have, slot[i].index))
			return false;
		create(m, &slot[i].group, text,
		    delta_index_text(slot[i].index, text));
		have = slot[i].index + 1;
	}
	return true;
}

static bool
apply_slots(struct modify *m, const struct value *pre, const struct slot *slot,
    uint32_t n, int depth)
{
	size_t begin = put_begin(m->w->out);
	uint32_t i = 0, next = 0;
	const uint8_t *from;
	struct walk walk;
	struct elem e;

	walk_init(&walk, pre->data, pre->len);
	for (from = walk.at; walk_next(&walk, &e); i++) {
		if (next == n || slot[next].index != i)
			continue;
		buf_add(m->w->out, from, (size_t)(e.raw - from));
		from = walk.at;
		if (!apply_elem(m, &e, &slot[next++].group, true, depth))
			return false;
	}
	buf_add(m->w->out, from, (size_t)(walk.end - from));
	if (!array_beyond(m, i, slot + next, n - next) || !delta_fits(m->w))
		return false;
	put_end(m->w->out, begin);
	return true;
}

static bool
apply_array(
    struct modify *m, const struct value *pre, const struct group *g, int depth)
{
	struct slot *slot = bson_malloc((g->hi - g->lo) * sizeof *slot);
	uint32_t n = slots_of(m, g, slot);
	bool ok = apply_slots(m, pre, slot, n, depth);

	bson_free(slot);
	return ok;
}

bool
delta_modify(struct delta_work *w, const bson_t *pre, const struct value *set,
    const struct value *unset)
{
	struct value doc = {BSON_TYPE_DOCUMENT, bson_get_data(pre), pre->len};
	struct modify m = {w, NULL, 0};
	bool ok;

	path_collect(&m, set, unset);
	ok = path_sort(&m);
	if (ok) {
		struct group all = {0, m.n, "", 0, 0, true};

		ok = apply_object(&m, &doc, &all, 0);
	}
	bson_free(m.leaf);
	return ok;
}
