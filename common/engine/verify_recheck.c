/* The bracket. A batch waits until the applier has passed all its events; then
 * both sides are read one after the other, and the log says which documents
 * were at rest meanwhile. Those are decided, the others come again. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/sig.h"
#include "engine/verify_work.h"

enum { TAKE_MS = 50, APPLIED_MS = 1000, TELL_BYTES = 2 << 20 };

struct checker {
	struct verify *v;
	struct bracket b;
	struct key_batch batch;
	struct leaf *source, *target; /* by place in the batch */
	bool *again;
	bool *wanted;
	bson_t **docs[2]; /* of what is told, by place; NULL: none */
};

/* -------------------------------------------------------------- in groups */

static size_t
group_end(const struct key_batch *b, size_t first)
{
	size_t end = first;

	while (end < b->n && b->item[end].ns == b->item[first].ns)
		end++;
	return end;
}

static bool
read_side(struct checker *c, enum compare_which which, bson_error_t *error)
{
	struct reading r = {.v = c->v,
	    .b = &c->b,
	    .batch = &c->batch,
	    .leaf = which == COMPARE_SOURCE ? c->source : c->target,
	    .wanted = c->wanted};

	for (size_t i = 0; i < c->batch.n; i += r.n) {
		struct ns_info ns;

		r.first = i;
		r.n = group_end(&c->batch, i) - i;
		r.ns = &ns;
		memset(r.leaf + i, 0, r.n * sizeof *r.leaf);
		if (!verify_ns(c->v, c->batch.item[i].ns, &ns, error))
			return false;
		if (ns.documents && !ns.capped &&
		    !verify_read(&r, which, error))
			return false;
	}
	return true;
}

/* Capped collections are compared as a whole; a collection of which keys are
 * not known by their bytes is at rest only as a whole. */
static bool
judge_groups(struct checker *c, bson_error_t *error)
{
	for (size_t i = 0, end; i < c->batch.n; i = end) {
		uint32_t number = c->batch.item[i].ns;
		bool moved = optime_cmp(keys_ns_event(c->v->keys, number),
				 c->b.from) > 0;
		struct ns_info ns;

		end = group_end(&c->batch, i);
		if (!verify_ns(c->v, number, &ns, error))
			return false;
		for (size_t k = i; k < end; k++) {
			struct key *key = &c->batch.item[k];

			if (ns.capped) {
				verify_dirty(c->v, number, key->since);
				key->behind = key->touched = false;
			} else if (ns.collated && moved) {
				key->touched = true;
			}
		}
	}
	return true;
}

/* ---------------------------------------------------------------- telling */

static bool
keep_doc(void *arg, size_t i, const bson_t *doc, bson_error_t *error)
{
	bson_t **slot = arg;

	(void)error;
	if (slot[i])
		bson_destroy(slot[i]);
	slot[i] = bson_copy(doc);
	return true;
}

static enum diff_class
class_of(const struct checker *c, size_t i)
{
	if (c->target[i].len == 0)
		return DIFF_MISSING;
	return c->source[i].len == 0 ? DIFF_EXTRA : DIFF_CONTENT;
}

static bool
as_it_was(const bson_t *doc, const struct leaf *was)
{
	struct leaf leaf = {.len = 0};

	if (doc)
		leaf_of(doc, &leaf);
	return leaf_same(&leaf, was);
}

/* One key: told when both documents still are what was decided about. */
static bool
tell_one(
    struct checker *c, size_t i, const struct ns_info *ns, bson_error_t *error)
{
	struct key *key = &c->batch.item[i];
	const bson_t *a = c->docs[0][i], *b = c->docs[1][i];
	struct verdict verdict = {.pair = ns->pair,
	    .class = class_of(c, i),
	    .id = key_id(&c->batch, key),
	    .source = a,
	    .target = b,
	    .m0 = c->b.from,
	    .p2 = c->b.to,
	    .event = key->event,
	    .rounds = (int)key->rounds + 1};

	if (!as_it_was(a, &c->source[i]) || !as_it_was(b, &c->target[i])) {
		c->again[i] = true;
		return true;
	}
	if (atomic_load(&c->v->last_look))
		verdict.class = key->behind ? DIFF_PENDING : DIFF_UNSTABLE;
	else
		known_set(c->v->known, key->hash, KNOWN_TOLD);
	return verify_tell(c->v, &verdict, error);
}

static void
drop_docs(struct checker *c, size_t first, size_t n)
{
	for (int side = 0; side < 2; side++)
		for (size_t i = first; i < first + n; i++) {
			if (c->docs[side][i])
				bson_destroy(c->docs[side][i]);
			c->docs[side][i] = NULL;
		}
}

/* Keys first .. first + n of one namespace, those that are wanted. */
static bool
tell_some(struct checker *c, size_t first, size_t n, const struct ns_info *ns,
    bson_error_t *error)
{
	struct reading r = {.v = c->v,
	    .b = &c->b,
	    .batch = &c->batch,
	    .ns = ns,
	    .first = first,
	    .n = n,
	    .doc = keep_doc,
	    .wanted = c->wanted};
	bool ok;

	r.arg = c->docs[0];
	ok = verify_read(&r, COMPARE_SOURCE, error);
	r.arg = c->docs[1];
	ok = ok && verify_read(&r, COMPARE_TARGET, error);
	for (size_t i = first; ok && i < first + n; i++)
		if (c->wanted[i])
			ok = tell_one(c, i, ns, error);
	drop_docs(c, first, n);
	return ok;
}

/* All that are wanted, with bounded memory: the lengths are known. */
static bool
tell_wanted(struct checker *c, bson_error_t *error)
{
	for (size_t i = 0, end; i < c->batch.n; i = end) {
		size_t stop = group_end(&c->batch, i), bytes = 0;
		struct ns_info ns;

		for (end = i; end < stop; end++) {
			size_t more = c->wanted[end]
			    ? (size_t)c->source[end].len + c->target[end].len
			    : 0;

			if (bytes > 0 && bytes + more > TELL_BYTES)
				break;
			bytes += more;
		}
		if (bytes > 0 &&
		    (!verify_ns(c->v, c->batch.item[i].ns, &ns, error) ||
			!tell_some(c, i, end - i, &ns, error)))
			return false;
	}
	return true;
}

/* --------------------------------------------------------------- deciding */

/* A key that is never at rest goes aside, so that others are not waited for
 * in vain. */
static bool
once_more(struct checker *c, size_t i, bson_error_t *error)
{
	const struct key *key = &c->batch.item[i];

	c->again[i] = true;
	if (key->behind || c->v->o->end == VERIFY_FOLLOW ||
	    (int)key->rounds < c->v->o->rounds)
		return true;
	c->again[i] = false;
	return verify_restless(c->v, &c->batch, key, error);
}

static bool
decide(struct checker *c, size_t i, bson_error_t *error)
{
	const struct key *key = &c->batch.item[i];
	bool told = known_get(c->v->known, key->hash) == KNOWN_TOLD;

	atomic_store(&c->v->decided_ms, clock_ms());
	if (leaf_same(&c->source[i], &c->target[i]))
		return verify_equal(c->v, &c->b, &c->batch, key, error);
	c->wanted[i] = atomic_load(&c->v->telling) && !told;
	return c->wanted[i] && c->v->o->end == VERIFY_ONCE
	    ? true
	    : verify_differs(c->v, &c->batch, key, error);
}

static bool
decide_all(struct checker *c, bson_error_t *error)
{
	memset(c->wanted, 0, c->batch.n * sizeof *c->wanted);
	for (size_t i = 0; i < c->batch.n; i++) {
		const struct key *key = &c->batch.item[i];

		c->again[i] = false;
		if (key->behind || key->touched ? !once_more(c, i, error)
						: !decide(c, i, error))
			return false;
	}
	return tell_wanted(c, error);
}

/* The end has come before they could be decided: those that are unequal as it
 * stands are told so. */
static bool
look_last(struct checker *c, bson_error_t *error)
{
	int64_t n = 0;

	for (size_t i = 0; i < c->batch.n; i++) {
		const struct key *key = &c->batch.item[i];
		enum known_state known = known_get(c->v->known, key->hash);

		c->again[i] = c->wanted[i] = false;
		/* A key may wait twice; the restless are told apart. */
		if (known == KNOWN_RESTLESS)
			continue;
		n++;
		c->wanted[i] = known != KNOWN_TOLD &&
		    !leaf_same(&c->source[i], &c->target[i]);
		if (known == KNOWN_NOT)
			known_set(c->v->known, key->hash, KNOWN_RESTLESS);
	}
	atomic_fetch_add(&c->v->undecided, n);
	if (!tell_wanted(c, error))
		return false;
	/* One that changed between the two looks is written all the time. */
	memset(c->again, 0, c->batch.n * sizeof *c->again);
	return true;
}

/* Which ones are to be read. False: none. */
static bool
choose(struct checker *c, bool last)
{
	bool any = false;

	for (size_t i = 0; i < c->batch.n; i++) {
		c->wanted[i] = last || !c->batch.item[i].behind;
		any = any || c->wanted[i];
	}
	return any;
}

static bool
check_batch(struct checker *c, bson_error_t *error)
{
	struct verify *v = c->v;
	bool last = atomic_load(&v->last_look);
	enum bracket_got got = bracket_begin(
	    v, &c->b, c->batch.event, last ? 0 : APPLIED_MS, error);

	if (got == BRACKET_STOPPED)
		return keys_give_back(v->keys, &c->batch, NULL, false, error);
	if (got == BRACKET_FAILED)
		return false;
	keys_arm(v->keys, &c->batch, c->b.from);
	if (!choose(c, last))
		return keys_give_back(v->keys, &c->batch, NULL, false, error);
	if (!read_side(c, COMPARE_SOURCE, error) ||
	    !read_side(c, COMPARE_TARGET, error))
		return false;
	got = bracket_end(v, &c->b, error);
	if (got == BRACKET_FAILED)
		return false;
	if (got != BRACKET_READY)
		return keys_give_back(v->keys, &c->batch, NULL, false, error);
	keys_judge(v->keys, &c->batch, c->b.to);
	return judge_groups(c, error) &&
	    (last ? look_last(c, error) : decide_all(c, error)) &&
	    keys_give_back(v->keys, &c->batch, c->again, true, error);
}

static bool
check_all(struct checker *c, bson_error_t *error)
{
	while (!verify_ending(c->v)) {
		int got = keys_take(c->v->keys, &c->batch, TAKE_MS, error);

		if (got < 0 || (got > 0 && !check_batch(c, error)))
			return false;
	}
	return true;
}

void *
verify_recheck(void *arg)
{
	struct checker c = {.v = arg};
	bson_error_t error = {0};

	key_batch_init(&c.batch);
	c.source = bson_malloc0(KEY_BATCH * sizeof *c.source);
	c.target = bson_malloc0(KEY_BATCH * sizeof *c.target);
	c.again = bson_malloc0(KEY_BATCH * sizeof *c.again);
	c.wanted = bson_malloc0(KEY_BATCH * sizeof *c.wanted);
	for (int side = 0; side < 2; side++)
		c.docs[side] = bson_malloc0(KEY_BATCH * sizeof *c.docs[side]);
	if (!bracket_open(c.v, &c.b, &error) || !check_all(&c, &error))
		verify_fail(c.v, &error);
	if (c.batch.n > 0)
		keys_give_back(c.v->keys, &c.batch, NULL, false, NULL);
	bracket_close(&c.b);
	key_batch_release(&c.batch);
	bson_free(c.source);
	bson_free(c.target);
	bson_free(c.again);
	bson_free(c.wanted);
	bson_free(c.docs[0]);
	bson_free(c.docs[1]);
	return NULL;
}
