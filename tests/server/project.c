/* Inclusion walks the document and keeps what a path leads to; exclusion takes
 * out path after path. Computed fields, $slice and $elemMatch are refused. */
#include "project.h"
#include "doc.h"
#include "fieldpath.h"
#include "match_leaf.h"

#include <math.h>
#include <string.h>

struct projection {
	struct path *list;
	size_t count;
	bool inclusive;
	bool id; /* _id is wanted */
};

static bool
truthy(const struct value *v, bool *yes)
{
	int64_t n = 0;
	double d;

	if (v->type == BSON_TYPE_BOOL) {
		*yes = v->data[0];
	} else if (v->type == BSON_TYPE_DOUBLE) {
		memcpy(&d, v->data, 8);
		*yes = d != 0;
	} else if (match_int(v, &n)) {
		*yes = n != 0;
	} else {
		return false;
	}
	return true;
}

static bool
projection_add(struct projection *p, const struct elem *e, bool *decided,
    bson_error_t *error)
{
	bool yes;

	if (!truthy(&e->value, &yes))
		return error_set(error, MM_EXIT_REFUSED, 238,
		    "projection of '%s' by an expression is not implemented",
		    e->name);
	if (strcmp(e->name, "_id") == 0) {
		p->id = yes;
		return true;
	}
	if (*decided && yes != p->inclusive)
		return error_set(error, MM_EXIT_REFUSED, yes ? 31253 : 31254,
		    "Cannot do %s on field %s in %s projection",
		    yes ? "inclusion" : "exclusion", e->name,
		    yes ? "exclusion" : "inclusion");
	p->inclusive = yes;
	*decided = true;
	p->list = bson_realloc(p->list, (p->count + 1) * sizeof *p->list);
	if (path_init(&p->list[p->count++], e->name))
		return true;
	return error_set(error, MM_EXIT_REFUSED, 2, "path too deep");
}

static bool
projection_read(struct projection *p, const bson_t *doc, bson_error_t *error)
{
	bool decided = false, any = false;
	struct walk w;
	struct elem e;

	*p = (struct projection){.id = true};
	walk_init(&w, bson_get_data(doc), doc->len);
	while (walk_next(&w, &e)) {
		any = true;
		if (!projection_add(p, &e, &decided, error))
			return false;
	}
	/* {_id: 1} alone includes, {_id: 0} alone and {} exclude. */
	if (!decided)
		p->inclusive = any && p->id;
	return true;
}

static void
projection_release(struct projection *p)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		path_release(&p->list[i]);
	bson_free(p->list);
}

/* Paths still followed at some depth: a bit a path would limit their
 * number, so they are filtered into a new list at each level. */
struct live {
	const struct path **list;
	size_t count;
};

static void include(const struct value *doc, const struct live *live,
    unsigned depth, struct buf *out);

static void
include_array(const struct value *array, const struct live *live,
    unsigned depth, struct buf *out)
{
	size_t start = doc_open(out);
	char name[DOC_INDEX_MAX];
	uint32_t n = 0;
	struct walk w;
	struct elem e;

	for (walk_init(&w, array->data, array->len); walk_next(&w, &e);) {
		if (!value_is_doc(&e.value))
			continue;
		doc_put_name(out, doc_index(n++, name), e.value.type);
		if (e.value.type == BSON_TYPE_ARRAY)
			include_array(&e.value, live, depth, out);
		else
			include(&e.value, live, depth, out);
	}
	doc_close(out, start);
}

/* True: the whole field is wanted. Else below holds the paths that go
 * on. */
static bool
follow(const struct live *live, unsigned depth, const char *name,
    struct live *below)
{
	size_t i;

	below->count = 0;
	for (i = 0; i < live->count; i++) {
		if (strcmp(live->list[i]->part[depth], name) != 0)
			continue;
		if (live->list[i]->parts == depth + 1)
			return true;
		below->list[below->count++] = live->list[i];
	}
	return false;
}

static void
include(const struct value *doc, const struct live *live, unsigned depth,
    struct buf *out)
{
	struct live below = {NULL, 0};
	size_t start = doc_open(out);
	struct walk w;
	struct elem e;

	below.list = bson_malloc((live->count + 1) * sizeof *below.list);
	for (walk_init(&w, doc->data, doc->len); walk_next(&w, &e);) {
		if (follow(live, depth, e.name, &below)) {
			doc_put_raw(out, &e);
		} else if (below.count > 0 && value_is_doc(&e.value)) {
			doc_put_name(out, e.name, e.value.type);
			if (e.value.type == BSON_TYPE_ARRAY)
				include_array(&e.value, &below, depth + 1, out);
			else
				include(&e.value, &below, depth + 1, out);
		}
	}
	doc_close(out, start);
	bson_free(below.list);
}

static void
run_inclusion(const struct projection *p, const bson_t *doc, struct buf *out)
{
	struct path id = {.parts = 1, .part = {"_id"}};
	struct value v = value_bson(doc);
	struct live live = {NULL, 0};
	size_t i;

	live.list = bson_malloc((p->count + 1) * sizeof *live.list);
	for (i = 0; i < p->count; i++)
		live.list[live.count++] = &p->list[i];
	if (p->id)
		live.list[live.count++] = &id;
	include(&v, &live, 0, out);
	bson_free(live.list);
}

static void
run_exclusion(const struct projection *p, const bson_t *doc, struct buf *out)
{
	struct path id = {.parts = 1, .part = {"_id"}};
	struct buf now = BUF_INIT, next = BUF_INIT, swap;
	struct value v;
	size_t i;

	buf_add(&now, bson_get_data(doc), doc->len);
	for (i = 0; i < p->count + !p->id; i++) {
		v = value_doc(BSON_TYPE_DOCUMENT, now.data, now.len);
		buf_clear(&next);
		fieldpath_put(
		    &v, i < p->count ? &p->list[i] : &id, NULL, &next);
		swap = now;
		now = next;
		next = swap;
	}
	buf_add(out, now.data, now.len);
	buf_release(&now);
	buf_release(&next);
}

bool
project_doc(const bson_t *projection, const bson_t *doc, struct buf *out,
    bson_error_t *error)
{
	struct projection p;
	bool ok = projection_read(&p, projection, error);

	if (ok && p.inclusive)
		run_inclusion(&p, doc, out);
	else if (ok)
		run_exclusion(&p, doc, out);
	projection_release(&p);
	return ok;
}
