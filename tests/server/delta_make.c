/* Fields are compared in step: a name of the old object that is not next in
 * the new one counts as removed; what is left of the new one is inserted, and
 * so moved to the end if it was seen before. Where the delta of a nested value
 * would not be smaller than the value, the value is taken whole. */
#include "delta_make.h"

#include <stdlib.h>
#include <string.h>

void
sections_release(struct sections *sec)
{
	buf_release(&sec->d);
	buf_release(&sec->u);
	buf_release(&sec->i);
	buf_release(&sec->s);
}

static void
section_write(const char *name, const struct buf *members, struct buf *out)
{
	size_t start;

	if (members->len == 0)
		return;
	doc_put_name(out, name, BSON_TYPE_DOCUMENT);
	start = doc_open(out);
	buf_add(out, members->data, members->len);
	doc_close(out, start);
}

void
sections_write(const struct sections *sec, struct buf *out)
{
	size_t start = doc_open(out);

	section_write("d", &sec->d, out);
	section_write("u", &sec->u, out);
	section_write("i", &sec->i, out);
	if (sec->s.len > 0)
		buf_add(out, sec->s.data, sec->s.len);
	doc_close(out, start);
}

void
put_prefixed(struct buf *out, char letter, const char *name, uint8_t type)
{
	buf_add_byte(out, type);
	buf_add_byte(out, (uint8_t)letter);
	buf_add(out, name, strlen(name) + 1);
}

static bool delta_array(
    const struct value *old, const struct value *new_value, struct buf *out);

/* The sub-delta of two values, or false: take the new one whole. */
static bool
delta_sub(
    const struct value *old, const struct value *new_value, struct buf *out)
{
	if (old->type != new_value->type || !value_is_doc(old))
		return false;
	if (old->type == BSON_TYPE_ARRAY)
		return delta_array(old, new_value, out);
	return delta_compute(old, new_value, 0, out);
}

static bool
same(const struct value *a, const struct value *b)
{
	return a->type == b->type && value_same(a, b);
}

static void
array_element(
    const struct elem *old, const struct elem *new_elem, struct buf *out)
{
	struct buf sub = BUF_INIT;

	if (delta_sub(&old->value, &new_elem->value, &sub)) {
		put_prefixed(out, 's', new_elem->name, BSON_TYPE_DOCUMENT);
		buf_add(out, sub.data, sub.len);
	} else {
		put_prefixed(out, 'u', new_elem->name, new_elem->value.type);
		if (new_elem->value.len > 0)
			buf_add(out, new_elem->value.data, new_elem->value.len);
	}
	buf_release(&sub);
}

/* {a: true, l: new length if shorter, u<n>: value, s<n>: sub-delta} */
static bool
delta_array(
    const struct value *old, const struct value *new_value, struct buf *out)
{
	struct buf members = BUF_INIT;
	bool more_old, more_new, cut = false;
	size_t start, begin = out->len;
	struct elem a, b;
	struct walk w, x;
	int32_t n = 0;

	walk_init(&w, old->data, old->len);
	walk_init(&x, new_value->data, new_value->len);
	for (;;) {
		more_old = walk_next(&w, &a);
		more_new = walk_next(&x, &b);
		if (!more_new)
			break;
		n++;
		if (!more_old)
			a.value = (struct value){0, NULL, 0};
		if (!more_old || !same(&a.value, &b.value))
			array_element(&a, &b, &members);
	}
	cut = more_old;
	start = doc_open(out);
	doc_put_name(out, "a", BSON_TYPE_BOOL);
	buf_add_byte(out, 1);
	if (cut) {
		doc_put_name(out, "l", BSON_TYPE_INT32);
		buf_add(out, &n, 4);
	}
	if (members.len > 0)
		buf_add(out, members.data, members.len);
	doc_close(out, start);
	buf_release(&members);
	if (out->len - begin < new_value->len)
		return true;
	out->len = begin;
	return false;
}

static void
changed_field(
    struct sections *sec, const struct elem *old, const struct elem *new_elem)
{
	struct buf sub = BUF_INIT;

	if (delta_sub(&old->value, &new_elem->value, &sub)) {
		put_prefixed(&sec->s, 's', new_elem->name, BSON_TYPE_DOCUMENT);
		buf_add(&sec->s, sub.data, sub.len);
	} else {
		doc_put_raw(&sec->u, new_elem);
	}
	buf_release(&sub);
}

struct names {
	const char **list;
	size_t count;
};

static void
names_add(struct names *n, const char *name)
{
	n->list = bson_realloc(n->list, (n->count + 1) * sizeof *n->list);
	n->list[n->count++] = name;
}

static void
names_remove(struct names *n, const char *name)
{
	size_t i;

	for (i = 0; i < n->count; i++) {
		if (strcmp(n->list[i], name) == 0) {
			n->list[i] = n->list[--n->count];
			return;
		}
	}
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
put_removed(struct sections *sec, struct names *removed)
{
	size_t i;

	if (removed->count > 0)
		qsort(removed->list, removed->count, sizeof *removed->list,
		    by_name);
	for (i = 0; i < removed->count; i++) {
		doc_put_name(&sec->d, removed->list[i], BSON_TYPE_BOOL);
		buf_add_byte(&sec->d, 0);
	}
}

bool
delta_compute(const struct value *old, const struct value *new_value,
    size_t padding, struct buf *out)
{
	struct sections sec = {BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT};
	struct names removed = {NULL, 0};
	size_t begin = out->len;
	struct elem a, b;
	struct walk w, x;
	bool more_old, more_new;

	walk_init(&w, old->data, old->len);
	walk_init(&x, new_value->data, new_value->len);
	more_old = walk_next(&w, &a);
	more_new = walk_next(&x, &b);
	while (more_old) {
		if (more_new && strcmp(a.name, b.name) == 0) {
			if (!same(&a.value, &b.value))
				changed_field(&sec, &a, &b);
			more_new = walk_next(&x, &b);
		} else {
			names_add(&removed, a.name);
		}
		more_old = walk_next(&w, &a);
	}
	for (; more_new; more_new = walk_next(&x, &b)) {
		doc_put_raw(&sec.i, &b);
		names_remove(&removed, b.name);
	}
	put_removed(&sec, &removed);
	sections_write(&sec, out);
	sections_release(&sec);
	bson_free(removed.list);
	if (out->len - begin + padding < new_value->len)
		return true;
	out->len = begin;
	return false;
}
