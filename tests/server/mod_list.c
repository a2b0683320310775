#include "mod_list.h"

#include <string.h>

void
list_add(struct list *l, const struct value *v)
{
	l->v = bson_realloc(l->v, (l->count + 1) * sizeof *l->v);
	l->v[l->count++] = *v;
}

void
list_read(struct list *l, const struct value *array)
{
	struct walk w;
	struct elem e;

	for (walk_init(&w, array->data, array->len); walk_next(&w, &e);)
		list_add(l, &e.value);
}

void
list_cut(struct list *l, size_t from, size_t n)
{
	memmove(
	    l->v + from, l->v + from + n, (l->count - from - n) * sizeof *l->v);
	l->count -= n;
}

void
list_write(struct mod_at *at, const struct list *l)
{
	char name[DOC_INDEX_MAX];
	size_t i, start;

	buf_clear(&at->store);
	start = doc_open(&at->store);
	for (i = 0; i < l->count; i++)
		doc_put(&at->store, doc_index((uint32_t)i, name), &l->v[i]);
	doc_close(&at->store, start);
	at->value = value_doc(BSON_TYPE_ARRAY, at->store.data, at->store.len);
}

bool
list_has(const struct list *l, const struct value *v)
{
	size_t i;

	for (i = 0; i < l->count; i++) {
		if (value_cmp(&l->v[i], v) == 0)
			return true;
	}
	return false;
}

void
list_release(struct list *l)
{
	bson_free(l->v);
	*l = (struct list){NULL, 0};
}
