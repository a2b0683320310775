#include "upsert.h"
#include "doc.h"
#include "match_run.h"

#include <stdlib.h>
#include <string.h>

/* Equalities found in the query. */
struct equal {
	const char *path;
	struct value value;
};

struct equals {
	struct equal *list;
	size_t count;
	bson_error_t *error;
};

static bool
add(struct equals *eq, const char *path, const struct value *v)
{
	size_t i;

	for (i = 0; i < eq->count; i++) {
		if (strcmp(eq->list[i].path, path) == 0)
			return error_set(eq->error, MM_EXIT_REFUSED, 54,
			    "cannot infer query fields to set, path '%s' is "
			    "matched twice",
			    path);
	}
	eq->list = bson_realloc(eq->list, (eq->count + 1) * sizeof *eq->list);
	eq->list[eq->count++] = (struct equal){path, *v};
	return true;
}

static bool
collect_field(struct equals *eq, const struct elem *e)
{
	struct elem op, only;
	struct walk w;

	if (e->value.type == BSON_TYPE_REGEX)
		return true;
	if (!match_is_ops(&e->value))
		return add(eq, e->name, &e->value);
	if (walk_find(e->value.data, e->value.len, "$eq", &op))
		return add(eq, e->name, &op.value);
	/* {$all: [x]} says as much. */
	if (walk_find(e->value.data, e->value.len, "$all", &op) &&
	    op.value.type == BSON_TYPE_ARRAY) {
		walk_init(&w, op.value.data, op.value.len);
		if (walk_next(&w, &only) && !match_is_ops(&only.value) &&
		    !walk_next(&w, &op))
			return add(eq, e->name, &only.value);
	}
	return true;
}

static bool
collect(struct equals *eq, const struct value *query)
{
	struct walk w, in;
	struct elem e, part, more;
	bool ok = true;

	walk_init(&w, query->data, query->len);
	while (ok && walk_next(&w, &e)) {
		if (e.name[0] != '$') {
			ok = collect_field(eq, &e);
		} else if (strcmp(e.name, "$and") == 0) {
			walk_init(&in, e.value.data, e.value.len);
			while (ok && walk_next(&in, &part))
				ok = collect(eq, &part.value);
		} else if (strcmp(e.name, "$or") == 0) {
			walk_init(&in, e.value.data, e.value.len);
			if (walk_next(&in, &part) && !walk_next(&in, &more))
				ok = collect(eq, &part.value);
		}
	}
	return ok;
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(
	    ((const struct equal *)a)->path, ((const struct equal *)b)->path);
}

static bool
put(struct buf *doc, const struct equal *eq, bson_error_t *error)
{
	struct value whole = value_doc(BSON_TYPE_DOCUMENT, doc->data, doc->len);
	struct value at, parent;
	struct buf next = BUF_INIT;
	struct path p;
	unsigned exists;

	if (!path_init(&p, eq->path)) {
		path_release(&p);
		return error_set(error, MM_EXIT_REFUSED, 2,
		    "path '%.80s' is too deep", eq->path);
	}
	exists = path_walk(&whole, &p, &at, &parent);
	if (exists == p.parts || at.type != BSON_TYPE_DOCUMENT) {
		path_release(&p);
		return error_set(error, MM_EXIT_REFUSED, 54,
		    "cannot infer query fields to set, path '%s' is matched "
		    "twice",
		    eq->path);
	}
	path_put(&whole, &p, &eq->value, &next);
	path_release(&p);
	buf_release(doc);
	*doc = next;
	return true;
}

bool
upsert_base(
    const bson_t *query, bool id_only, struct buf *out, bson_error_t *error)
{
	struct equals eq = {NULL, 0, error};
	struct value q = value_bson(query);
	struct buf doc = BUF_INIT;
	bool ok = collect(&eq, &q);
	size_t i, start = doc_open(&doc);

	for (i = 0; i < eq.count; i++) {
		if (strcmp(eq.list[i].path, "_id") == 0)
			doc_put(&doc, "_id", &eq.list[i].value);
	}
	doc_close(&doc, start);
	if (eq.count > 0)
		qsort(eq.list, eq.count, sizeof *eq.list, by_path);
	for (i = 0; ok && !id_only && i < eq.count; i++) {
		if (strcmp(eq.list[i].path, "_id") != 0)
			ok = put(&doc, &eq.list[i], error);
	}
	if (ok)
		buf_add(out, doc.data, doc.len);
	buf_release(&doc);
	bson_free(eq.list);
	return ok;
}
