#include "fieldpath.h"

#include <string.h>

static void put_object(const struct value *doc, const struct path *p,
    unsigned from, const struct value *v, struct buf *out);

static void
put_new(
    const struct path *p, unsigned from, const struct value *v, struct buf *out)
{
	size_t start;

	if (from == p->parts) {
		buf_add(out, v->data, v->len);
		return;
	}
	start = doc_open(out);
	doc_put_name(out, p->part[from],
	    from + 1 == p->parts ? v->type : BSON_TYPE_DOCUMENT);
	put_new(p, from + 1, v, out);
	doc_close(out, start);
}

/* One element whose value stands at part `from`. */
static void
put_below(const struct elem *e, const struct path *p, unsigned from,
    const struct value *v, struct buf *out)
{
	struct walk w;
	struct elem in;
	size_t start;

	if (e->value.type == BSON_TYPE_DOCUMENT) {
		doc_put_name(out, e->name, BSON_TYPE_DOCUMENT);
		put_object(&e->value, p, from, v, out);
	} else if (e->value.type == BSON_TYPE_ARRAY) {
		doc_put_name(out, e->name, BSON_TYPE_ARRAY);
		start = doc_open(out);
		walk_init(&w, e->value.data, e->value.len);
		while (walk_next(&w, &in))
			put_below(&in, p, from, v, out);
		doc_close(out, start);
	} else if (v) {
		doc_put_name(out, e->name, BSON_TYPE_DOCUMENT);
		put_new(p, from, v, out);
	} else {
		doc_put_raw(out, e);
	}
}

static void
put_object(const struct value *doc, const struct path *p, unsigned from,
    const struct value *v, struct buf *out)
{
	bool last = from + 1 == p->parts, found = false;
	size_t start = doc_open(out);
	struct walk w;
	struct elem e;

	for (walk_init(&w, doc->data, doc->len); walk_next(&w, &e);) {
		if (found || strcmp(e.name, p->part[from]) != 0) {
			doc_put_raw(out, &e);
			continue;
		}
		found = true;
		if (!last)
			put_below(&e, p, from + 1, v, out);
		else if (v)
			doc_put(out, e.name, v);
	}
	if (!found && v) {
		doc_put_name(
		    out, p->part[from], last ? v->type : BSON_TYPE_DOCUMENT);
		put_new(p, from + 1, v, out);
	}
	doc_close(out, start);
}

void
fieldpath_put(const struct value *doc, const struct path *p,
    const struct value *v, struct buf *out)
{
	put_object(doc, p, 0, v, out);
}

static bool get(const struct value *doc, const struct path *p, unsigned from,
    struct buf *store, struct value *v);

static bool
get_each(const struct value *array, const struct path *p, unsigned from,
    struct buf *store, struct value *v)
{
	struct buf in = BUF_INIT, all = BUF_INIT;
	size_t start = doc_open(&all);
	char name[DOC_INDEX_MAX];
	struct value found;
	uint32_t n = 0;
	struct walk w;
	struct elem e;

	for (walk_init(&w, array->data, array->len); walk_next(&w, &e);) {
		buf_clear(&in);
		if (get(&e.value, p, from, &in, &found))
			doc_put(&all, doc_index(n++, name), &found);
	}
	doc_close(&all, start);
	buf_clear(store);
	buf_add(store, all.data, all.len);
	*v = value_doc(BSON_TYPE_ARRAY, store->data, store->len);
	buf_release(&in);
	buf_release(&all);
	return true;
}

static bool
get(const struct value *doc, const struct path *p, unsigned from,
    struct buf *store, struct value *v)
{
	struct elem e;

	if (from == p->parts) {
		*v = *doc;
		return true;
	}
	if (doc->type == BSON_TYPE_ARRAY && from > 0)
		return get_each(doc, p, from, store, v);
	if (doc->type != BSON_TYPE_DOCUMENT ||
	    !walk_find(doc->data, doc->len, p->part[from], &e))
		return false;
	return get(&e.value, p, from + 1, store, v);
}

bool
fieldpath_get(const struct value *doc, const struct path *p, struct buf *store,
    struct value *v)
{
	return get(doc, p, 0, store, v);
}
