/* For collections whose order this program does not know: a collation on _id
 * (its order is that of a library of the server's version), or an order that
 * turned out to be another. One side is read in whatever order it comes, a
 * batch of about 1 MiB at a time, and the other is asked for the _ids of the
 * batch; then the same the other way round, for what only the target has.
 *
 * Partners are found by canonical _id. Under a collation "a" and "A" may be
 * one key: what found no partner that way is asked for alone, and the answer
 * is its partner when both sides have a collation. */
#include "engine/compare_task.h"

#include <string.h>

#include "base/array.h"
#include "base/sig.h"
#include "model/docid.h"

enum {
	BATCH_DOCS = 1000,
	BATCH_BYTES = 1 << 20,
	SLOTS = 4096, /* power of two, well above BATCH_DOCS */
	MAX_LOST = 5
};

struct kept {
	size_t at; /* in docs */
	uint32_t len;
	bool met;
};

struct lookup {
	const struct compare_task *task;
	enum compare_which scanned;
	struct compare_side side;
	struct buf docs; /* the batch */
	struct kept item[BATCH_DOCS];
	size_t n;
	uint16_t slot[SLOTS]; /* index + 1, by hash of the _id */
	bool both_collated;
};

static bool
view(const struct lookup *l, size_t i, bson_t *doc, struct value *id,
    bson_error_t *error)
{
	if (!bson_init_static(
		doc, l->docs.data + l->item[i].at, l->item[i].len))
		return error_set(
		    error, MM_EXIT_INTERNAL, 0, "a kept document is damaged");
	return docid_of(doc, id, error);
}

static void
index_batch(struct lookup *l)
{
	memset(l->slot, 0, sizeof l->slot);
	for (size_t i = 0; i < l->n; i++) {
		struct value id;
		bson_t doc;
		size_t h;

		if (!view(l, i, &doc, &id, NULL))
			continue;
		h = docid_hash(&id) % SLOTS;
		while (l->slot[h])
			h = (h + 1) % SLOTS;
		l->slot[h] = (uint16_t)(i + 1);
	}
}

/* Index of the batch's document with that key, or BATCH_DOCS. */
static size_t
in_batch(const struct lookup *l, const struct value *key)
{
	for (size_t h = docid_hash(key) % SLOTS; l->slot[h];
	     h = (h + 1) % SLOTS) {
		size_t i = (size_t)l->slot[h] - 1;
		struct value id;
		bson_t doc;

		if (view(l, i, &doc, &id, NULL) && docid_same(&id, key))
			return i;
	}
	return BATCH_DOCS;
}

/* *more: false at the end of the side. */
static enum compare_got
fill_batch(struct lookup *l, bool *more, bson_error_t *error)
{
	l->n = 0;
	buf_clear(&l->docs);
	while (l->n < BATCH_DOCS && l->docs.len < BATCH_BYTES) {
		enum compare_got got = compare_side_next(&l->side, error);

		if (got != COMPARE_DONE)
			return got;
		if (!l->side.doc)
			break;
		l->item[l->n++] =
		    (struct kept){l->docs.len, l->side.doc->len, false};
		buf_add(&l->docs, bson_get_data(l->side.doc), l->side.doc->len);
	}
	*more = l->side.doc != NULL;
	index_batch(l);
	return COMPARE_DONE;
}

static bool
tell_partner(struct lookup *l, const bson_t *mine, const bson_t *other,
    bson_error_t *error)
{
	/* Content is told by the pass over the source alone. */
	if (l->scanned == COMPARE_TARGET || compare_same(mine, other))
		return true;
	return l->task->found(l->task->arg, DIFF_CONTENT, mine, other, error);
}

static bool
tell_absent(struct lookup *l, const bson_t *doc, bson_error_t *error)
{
	if (l->scanned == COMPARE_SOURCE)
		return l->task->found(
		    l->task->arg, DIFF_MISSING, doc, NULL, error);
	return l->task->found(l->task->arg, DIFF_EXTRA, NULL, doc, error);
}

static bool
meet(struct lookup *l, const bson_t *other, bson_error_t *error)
{
	struct value key, id;
	bson_t mine;
	size_t i;

	if (!docid_of(other, &key, error))
		return false;
	i = in_batch(l, &key);
	if (i == BATCH_DOCS || l->item[i].met)
		return true;
	l->item[i].met = true;
	return view(l, i, &mine, &id, error) &&
	    tell_partner(l, &mine, other, error);
}

/* {_id: {$in: [those that were not met]}} */
static void
ask_filter(const struct lookup *l, bson_t *filter)
{
	bson_t in, list;
	char room[ARRAY_KEY];
	uint32_t n = 0;

	bson_init(filter);
	BSON_APPEND_DOCUMENT_BEGIN(filter, "_id", &in);
	BSON_APPEND_ARRAY_BEGIN(&in, "$in", &list);
	for (size_t i = 0; i < l->n; i++) {
		struct value id;
		bson_t doc;

		if (l->item[i].met || !view(l, i, &doc, &id, NULL))
			continue;
		compare_append_value(&list, array_key(&n, room), &id);
	}
	bson_append_array_end(&in, &list);
	bson_append_document_end(filter, &in);
}

static enum cursor_got
ask_once(struct lookup *l, bson_error_t *error)
{
	bool target = l->scanned == COMPARE_SOURCE;
	const struct compare_task *task = l->task;
	char db[NS_MAX + 1] = "";
	struct cursor_opts opts = {.db = db};
	struct cursor *cur;
	enum cursor_got got;
	const bson_t *doc;
	bson_t filter;

	ns_split(
	    target ? task->pair->target_ns : task->pair->ns, db, &opts.coll);
	ask_filter(l, &filter);
	opts.filter = &filter;
	cur = cursor_new(target ? task->target : task->source, &opts);
	while ((got = cursor_next(cur, &doc, error)) == CURSOR_DOC)
		if (!meet(l, doc, error)) {
			got = CURSOR_ERROR;
			break;
		}
	cursor_free(cur);
	bson_destroy(&filter);
	return got;
}

static enum compare_got
ask(struct lookup *l, bson_error_t *error)
{
	for (int lost = 0;; lost++) {
		enum cursor_got got = ask_once(l, error);

		if (got == CURSOR_END)
			return COMPARE_DONE;
		if (got == CURSOR_ERROR || lost == MAX_LOST)
			return COMPARE_FAILED;
		if (!sig_sleep(100 << lost))
			return COMPARE_STOPPED;
	}
}

/* What has no partner by canonical _id. */
static bool
settle(struct lookup *l, size_t i, bson_error_t *error)
{
	bson_t mine, other = BSON_INITIALIZER;
	struct value id;
	int got = 0;
	bool ok;

	if (!view(l, i, &mine, &id, error))
		return false;
	if (l->both_collated) {
		bson_destroy(&other);
		got = compare_find(l->task,
		    l->scanned == COMPARE_SOURCE ? COMPARE_TARGET
						 : COMPARE_SOURCE,
		    &id, &other, error);
	}
	ok = got == 1 ? tell_partner(l, &mine, &other, error)
		      : got == 0 && tell_absent(l, &mine, error);
	bson_destroy(&other);
	return ok;
}

static enum compare_got
pass(struct lookup *l, enum compare_which scanned, bson_error_t *error)
{
	enum compare_got got = COMPARE_DONE;
	bool more = true;

	l->scanned = scanned;
	compare_side_init(&l->side, l->task, scanned, false, false);
	while (more && got == COMPARE_DONE) {
		got = fill_batch(l, &more, error);
		if (got == COMPARE_DONE && l->n > 0)
			got = ask(l, error);
		for (size_t i = 0; got == COMPARE_DONE && i < l->n; i++)
			if (!l->item[i].met && !settle(l, i, error))
				got = COMPARE_FAILED;
	}
	compare_side_release(&l->side);
	return got;
}

enum compare_got
compare_lookup(const struct compare_task *task, bson_error_t *error)
{
	struct lookup *l = bson_malloc0(sizeof *l);
	const struct pair *p = task->pair;
	enum compare_got got;

	l->task = task;
	l->both_collated = p->source && p->target && p->source->collated &&
	    p->target->collated;
	got = pass(l, COMPARE_SOURCE, error);
	if (got == COMPARE_DONE)
		got = pass(l, COMPARE_TARGET, error);
	buf_release(&l->docs);
	bson_free(l);
	return got;
}
