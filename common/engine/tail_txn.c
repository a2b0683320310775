/* A commitTransaction says nothing about what it commits. It is harmless only
 * when its prepare entry was seen and touched nothing of the selection, so
 * those are remembered by their position until they commit or abort. */
#include "engine/tail_txn.h"

#include <string.h>

#include "model/value.h"

enum { NESTING_MAX = 10 };

struct tail_txn {
	struct tail_filter *filter;
	struct optime *harmless; /* prepared, and not of the selection */
	size_t n, cap;
};

struct tail_txn *
tail_txn_new(struct tail_filter *f)
{
	struct tail_txn *t = bson_malloc0(sizeof *t);

	t->filter = f;
	return t;
}

void
tail_txn_free(struct tail_txn *t)
{
	if (!t)
		return;
	bson_free(t->harmless);
	bson_free(t);
}

static bool
refuse(struct optime at, const char *what, bson_error_t *error)
{
	char text[OPTIME_TEXT];

	return error_set(error, MM_EXIT_REFUSED, 0,
	    "cannot follow %s at position %s: transactions and grouped writes "
	    "of the selection are not supported yet",
	    what, optime_text(at, text));
}

/* Some operation of the list `ops` may be of the selection. */
static bool
touches(struct tail_txn *t, const uint8_t *ops, size_t len, struct optime at,
    int depth, bool *out, bson_error_t *error)
{
	struct walk w;
	struct elem e, o, list;
	enum tail_part part;

	*out = true;
	if (depth > NESTING_MAX || !walk_init(&w, ops, len))
		return true;
	while (walk_next(&w, &e)) {
		bool inner = false;

		if (e.value.type != BSON_TYPE_DOCUMENT)
			return true;
		if (!tail_filter_inner(
			t->filter, e.value.data, e.value.len, at, &part, error))
			return false;
		if (part == TAIL_TAKE)
			return true;
		if (part == TAIL_PASS)
			continue;
		if (!walk_find(e.value.data, e.value.len, "o", &o) ||
		    !walk_find(o.value.data, o.value.len, "applyOps", &list) ||
		    list.value.type != BSON_TYPE_ARRAY)
			return true;
		if (!touches(t, list.value.data, list.value.len, at, depth + 1,
			&inner, error))
			return false;
		if (inner)
			return true;
	}
	*out = w.broken;
	return true;
}

static void
remember(struct tail_txn *t, struct optime at)
{
	if (t->n == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 16;
		t->harmless =
		    bson_realloc(t->harmless, t->cap * sizeof *t->harmless);
	}
	t->harmless[t->n++] = at;
}

/* The entry before this one in its chain was remembered: forget it. */
static bool
forget(struct tail_txn *t, const uint8_t *data, size_t len)
{
	bson_t entry;
	struct optime prev;

	if (!bson_init_static(&entry, data, len) ||
	    !optime_read(&entry, "prevOpTime", &prev))
		return false;
	for (size_t i = 0; i < t->n; i++)
		if (optime_same(t->harmless[i], prev)) {
			t->harmless[i] = t->harmless[--t->n];
			return true;
		}
	return false;
}

bool
tail_txn_take(struct tail_txn *t, const uint8_t *data, size_t len,
    const struct tail_look *look, bson_error_t *error)
{
	struct elem e, prepare;
	bool found = false, known;

	if (walk_find(look->o, look->o_len, "applyOps", &e)) {
		known = forget(t, data, len);
		if (e.value.type == BSON_TYPE_ARRAY &&
		    !touches(t, e.value.data, e.value.len, look->at, 0, &found,
			error))
			return false;
		if (found || e.value.type != BSON_TYPE_ARRAY)
			return refuse(look->at, "an applyOps entry", error);
		if (!walk_find(look->o, look->o_len, "prepare", &prepare))
			return true;
		/* An empty last piece of a chain that began before us. */
		if (e.value.len <= 5 && !known)
			return refuse(
			    look->at, "a prepared transaction", error);
		remember(t, look->at);
		return true;
	}
	known = forget(t, data, len);
	if (walk_find(look->o, look->o_len, "abortTransaction", &e) || known)
		return true;
	return refuse(look->at, "a commitTransaction", error);
}
