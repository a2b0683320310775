/* Modifiers: the touched paths are laid over the old document. A part that the
 * old document does not have is an insert of all that the new one has there. */
#include "diff.h"
#include "delta_make.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of {$v: 2, diff: ...} around a delta, as the server counts them. */
#define DELTA_METADATA 15

struct touched {
	struct path path;
	bool set;
};

struct touches {
	struct touched *list;
	size_t count;
};

static void
touches_read(struct touches *t, const bson_t *doc)
{
	struct walk w;
	struct elem e;

	*t = (struct touches){NULL, 0};
	for (walk_init(&w, bson_get_data(doc), doc->len); walk_next(&w, &e);) {
		t->list =
		    bson_realloc(t->list, (t->count + 1) * sizeof *t->list);
		path_init(&t->list[t->count].path, e.name);
		t->list[t->count++].set = e.value.data[0];
	}
}

static void
touches_release(struct touches *t)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		path_release(&t->list[i].path);
	bson_free(t->list);
}

/* Which of the touches lie below the place at hand: those that share the first
 * `depth` parts with `of`. */
static bool
below(const struct touched *t, const struct touched *of, unsigned depth)
{
	unsigned i;

	if (t->path.parts <= depth)
		return false;
	for (i = 0; i < depth; i++) {
		if (strcmp(t->path.part[i], of->path.part[i]) != 0)
			return false;
	}
	return true;
}

static void lay_object(const struct touches *t, const struct touched *of,
    unsigned depth, const struct value *old, const struct value *new_value,
    struct buf *out);

static void lay_array(const struct touches *t, const struct touched *of,
    unsigned depth, const struct value *old, const struct value *new_value,
    struct buf *out);

static void
lay_sub(const struct touches *t, const struct touched *of, unsigned depth,
    const struct value *old, const struct value *new_value, struct buf *out)
{
	put_prefixed(out, 's', of->path.part[depth], BSON_TYPE_DOCUMENT);
	if (old->type == BSON_TYPE_ARRAY)
		lay_array(t, of, depth + 1, old, new_value, out);
	else
		lay_object(t, of, depth + 1, old, new_value, out);
}

/* True when an earlier touch already stands for this part of the path. */
static bool
seen(const struct touches *t, const struct touched *at, unsigned depth)
{
	const struct touched *before;

	for (before = t->list; before < at; before++) {
		if (below(before, at, depth) &&
		    strcmp(before->path.part[depth], at->path.part[depth]) == 0)
			return true;
	}
	return false;
}

static void
lay_object(const struct touches *t, const struct touched *of, unsigned depth,
    const struct value *old, const struct value *new_value, struct buf *out)
{
	struct sections sec = {BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT};
	const struct touched *at;
	const char *name;
	struct elem a, b;
	bool was, is;

	for (at = t->list; at < t->list + t->count; at++) {
		if (!below(at, of, depth) || seen(t, at, depth))
			continue;
		name = at->path.part[depth];
		was = walk_find(old->data, old->len, name, &a);
		is = walk_find(new_value->data, new_value->len, name, &b);
		if (is && !was) {
			doc_put_raw(&sec.i, &b);
		} else if (was && !is) {
			doc_put_name(&sec.d, name, BSON_TYPE_BOOL);
			buf_add_byte(&sec.d, 0);
		} else if (is && at->path.parts == depth + 1) {
			doc_put_raw(&sec.u, &b);
		} else if (is) {
			lay_sub(t, at, depth, &a.value, &b.value, &sec.s);
		}
	}
	sections_write(&sec, out);
	sections_release(&sec);
}

static uint32_t
index_of(const struct touched *t, unsigned depth)
{
	uint32_t index = 0;

	path_index(t->path.part[depth], &index);
	return index;
}

static void
lay_array(const struct touches *t, const struct touched *of, unsigned depth,
    const struct value *old, const struct value *new_value, struct buf *out)
{
	size_t start = doc_open(out);
	const struct touched *at, *next;
	int64_t last = -1;
	struct elem a, b;

	doc_put_name(out, "a", BSON_TYPE_BOOL);
	buf_add_byte(out, 1);
	for (;;) {
		next = NULL;
		for (at = t->list; at < t->list + t->count; at++) {
			if (below(at, of, depth) &&
			    index_of(at, depth) > last &&
			    (!next ||
				index_of(at, depth) < index_of(next, depth)))
				next = at;
		}
		if (!next)
			break;
		last = index_of(next, depth);
		if (!walk_find(new_value->data, new_value->len,
			next->path.part[depth], &b))
			continue;
		if (next->path.parts > depth + 1 &&
		    walk_find(old->data, old->len, b.name, &a)) {
			lay_sub(t, next, depth, &a.value, &b.value, out);
		} else {
			put_prefixed(out, 'u', b.name, b.value.type);
			if (b.value.len > 0)
				buf_add(out, b.value.data, b.value.len);
		}
	}
	doc_close(out, start);
}

static void
make_v2(const struct value *old, const struct value *new_value,
    const struct touches *t, bson_t *o)
{
	struct buf delta = BUF_INIT;
	bson_t diff;

	lay_object(t, t->list, 0, old, new_value, &delta);
	if (!bson_init_static(&diff, delta.data, delta.len))
		abort();
	BSON_APPEND_INT32(o, "$v", 2);
	BSON_APPEND_DOCUMENT(o, "diff", &diff);
	buf_release(&delta);
}

static void
add_section(bson_t *o, const char *name, const struct buf *members)
{
	struct buf doc = BUF_INIT;
	size_t start = doc_open(&doc);
	bson_t section;

	buf_add(&doc, members->data, members->len);
	doc_close(&doc, start);
	if (!bson_init_static(&section, doc.data, doc.len))
		abort();
	BSON_APPEND_DOCUMENT(o, name, &section);
	buf_release(&doc);
}

/* {$v: 1, $set: {path: value}, $unset: {path: true}}, the sections in the
 * order in which they were begun. */
static void
make_v1(const struct value *new_value, const struct touches *t, bson_t *o)
{
	struct buf set = BUF_INIT, unset = BUF_INIT;
	struct value v, parent;
	bool unset_first;
	char *path;
	size_t i;

	for (i = 0; i < t->count; i++) {
		path = path_text(&t->list[i].path, PATH_PARTS_MAX);
		if (!t->list[i].set) {
			doc_put_name(&unset, path, BSON_TYPE_BOOL);
			buf_add_byte(&unset, 1);
		} else if (path_walk(new_value, &t->list[i].path, &v,
			       &parent) == t->list[i].path.parts) {
			doc_put(&set, path, &v);
		}
		bson_free(path);
	}
	unset_first = !t->list[0].set;
	BSON_APPEND_INT32(o, "$v", 1);
	if (unset_first)
		add_section(o, "$unset", &unset);
	if (set.len > 0)
		add_section(o, "$set", &set);
	if (!unset_first && unset.len > 0)
		add_section(o, "$unset", &unset);
	buf_release(&set);
	buf_release(&unset);
}

static void
make_pipeline(const bson_t *old, const struct buf *logged, int v, bson_t *o)
{
	struct value a = value_bson(old);
	struct value b =
	    value_doc(BSON_TYPE_DOCUMENT, logged->data, logged->len);
	struct buf delta = BUF_INIT;
	bson_t view;

	if (v == 2 && delta_compute(&a, &b, DELTA_METADATA, &delta)) {
		if (!bson_init_static(&view, delta.data, delta.len))
			abort();
		BSON_APPEND_INT32(o, "$v", 2);
		BSON_APPEND_DOCUMENT(o, "diff", &view);
	} else {
		value_to_bson(&b, &view);
		bson_concat(o, &view);
	}
	buf_release(&delta);
}

bool
diff_make(const bson_t *old, const bson_t *new_doc,
    const struct update_log *log, int v, bson_t *o)
{
	struct value a = value_bson(old), b = value_bson(new_doc);
	struct touches t;
	bson_t view;

	bson_init(o);
	if (log->form == UPDATE_NOOP)
		return false;
	if (log->form == UPDATE_PIPELINE) {
		make_pipeline(old, &log->logged, v, o);
		return true;
	}
	if (log->form == UPDATE_REPLACEMENT) {
		b = value_doc(
		    BSON_TYPE_DOCUMENT, log->logged.data, log->logged.len);
		value_to_bson(&b, &view);
		bson_concat(o, &view);
		return true;
	}
	touches_read(&t, &log->touched);
	if (v == 2)
		make_v2(&a, &b, &t, o);
	else
		make_v1(&b, &t, o);
	touches_release(&t);
	return true;
}
