#include "sort.h"

#include <stdlib.h>
#include <string.h>

#include "collate.h"
#include "concern.h"
#include "out.h"

#define MAX_FIELDS 32

struct row {
	const uint8_t *doc;
	size_t len, seq;
	struct value *key; /* one a field */
};

/* The comparison needs the directions; qsort has no context. One sort at a
 * time: sim.lock is held. */
static int sign[MAX_FIELDS];
static size_t n_fields;

static int
cmp_rows(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	for (size_t i = 0; i < n_fields; i++) {
		int c = collate_cmp(&x->key[i], &y->key[i]) * sign[i];

		if (c != 0)
			return c;
	}
	return x->seq < y->seq ? -1 : 1;
}

/* Of an array the smallest (ascending) or the largest element counts. */
static void
better(struct value *best, bool *any, const struct value *v, int direction)
{
	if (!*any || collate_cmp(v, best) * direction < 0)
		*best = *v;
	*any = true;
}

static void
key_at(const struct value *v, const char *path, int direction,
    struct value *best, bool *any)
{
	const char *dot = path ? strchr(path, '.') : NULL;
	char name[256];
	struct walk w;
	struct elem e;
	size_t n;

	if (v->type == BSON_TYPE_ARRAY && walk_init(&w, v->data, v->len)) {
		while (walk_next(&w, &e))
			if (!path)
				better(best, any, &e.value, direction);
			else if (e.value.type == BSON_TYPE_DOCUMENT)
				key_at(&e.value, path, direction, best, any);
		return;
	}
	if (!path) {
		better(best, any, v, direction);
		return;
	}
	n = dot ? (size_t)(dot - path) : strlen(path);
	if (n >= sizeof name || v->type != BSON_TYPE_DOCUMENT)
		return;
	memcpy(name, path, n);
	name[n] = '\0';
	if (walk_find(v->data, v->len, name, &e))
		key_at(&e.value, dot ? dot + 1 : NULL, direction, best, any);
}

static bool
read_sort(const bson_t *sort, const char **path, bson_error_t *error)
{
	bson_iter_t it;

	n_fields = 0;
	bson_iter_init(&it, sort);
	while (bson_iter_next(&it)) {
		if (!BSON_ITER_HOLDS_NUMBER(&it))
			return refuse(
			    error, 2, "Illegal key in $sort specification");
		if (n_fields == MAX_FIELDS)
			return refuse(error, 13103, "too many compound keys");
		path[n_fields] = bson_iter_key(&it);
		sign[n_fields++] = bson_iter_as_int64(&it) < 0 ? -1 : 1;
	}
	return true;
}

bool
sort_docs(struct buf *docs, const bson_t *sort, bson_error_t *error)
{
	static const uint8_t none;
	const char *path[MAX_FIELDS];
	struct buf sorted = BUF_INIT;
	struct value *keys;
	struct row *rows;
	size_t n = 0;

	if (!read_sort(sort, path, error))
		return false;
	for (size_t at = 0; at < docs->len; at += doc_len(docs->data + at))
		n++;
	rows = bson_malloc((n + 1) * sizeof *rows);
	keys = bson_malloc((n * n_fields + 1) * sizeof *keys);
	n = 0;
	for (size_t at = 0, len; at < docs->len; at += len, n++) {
		len = doc_len(docs->data + at);
		rows[n] =
		    (struct row){docs->data + at, len, n, keys + n * n_fields};
		for (size_t i = 0; i < n_fields; i++) {
			struct value v = {
			    BSON_TYPE_DOCUMENT, docs->data + at, (uint32_t)len};
			bool any = false;

			rows[n].key[i] =
			    (struct value){BSON_TYPE_NULL, &none, 0};
			key_at(&v, path[i], sign[i], &rows[n].key[i], &any);
		}
	}
	qsort(rows, n, sizeof *rows, cmp_rows);
	buf_reserve(&sorted, docs->len);
	for (size_t i = 0; i < n; i++)
		buf_add(&sorted, rows[i].doc, rows[i].len);
	buf_release(docs);
	*docs = sorted;
	bson_free(keys);
	bson_free(rows);
	return true;
}

static bool
add_doc(void *ctx, const struct doc *d)
{
	buf_add(ctx, d->data, d->len);
	return true;
}

bool
sort_cursor(struct cursor *cur, const struct coll *c, const bson_t *sort,
    bson_error_t *error)
{
	const struct collator *before = collate_use(cur->plan.collator);
	bool ok;

	cur->list = true;
	ok = scan_each(c, &cur->plan, &cur->filter, cursor_view(cur), add_doc,
		 &cur->docs, error) &&
	    sort_docs(&cur->docs, sort, error);
	collate_use(before);
	if (!ok)
		return false;
	while (cur->skip > 0 && cur->docs_at < cur->docs.len) {
		cur->docs_at += doc_len(cur->docs.data + cur->docs_at);
		cur->skip--;
	}
	return true;
}
