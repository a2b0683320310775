#include "engine/digest_scan.h"

#include <string.h>

#include "model/put.h"

/* The range that is being filled. */
struct filling {
	const struct digest_scan *s;
	struct digest sum;
	struct buf keys, leaves;
	int64_t place;
};

static void
clear(struct filling *f)
{
	f->sum = (struct digest){0};
	buf_clear(&f->keys);
	buf_clear(&f->leaves);
	if (f->s->detail)
		put_begin(&f->keys);
}

static void
add(struct filling *f, const struct compare_side *side)
{
	bool natural = f->s->order == DIGEST_NATURAL;
	struct digest leaf;
	uint8_t bytes[DIGEST_LEAF];

	digester_leaf(f->s->digester, bson_get_data(side->doc), side->doc->len,
	    natural ? f->place : -1, &leaf);
	f->place++;
	digest_add(&f->sum, &leaf);
	if (!f->s->detail)
		return;
	put_value(&f->keys, "", 0, &side->id);
	digest_store(&leaf, bytes);
	buf_add(&f->leaves, bytes, sizeof bytes);
}

static bool
hand_over(struct filling *f, const struct value *from, const struct value *to,
    bson_error_t *error)
{
	struct digest_range r = {
	    .has_from = from != NULL, .has_to = to != NULL, .sum = f->sum};
	bool ok;

	if (from)
		r.from = *from;
	if (to)
		r.to = *to;
	if (f->s->detail) {
		put_end(&f->keys, 0);
		r.keys = f->keys.data;
		r.keys_len = (uint32_t)f->keys.len;
		r.leaves = f->leaves.data;
		r.leaves_len = (uint32_t)f->leaves.len;
	}
	ok = f->s->each(f->s->arg, &r, error);
	clear(f);
	return ok;
}

/* A value that outlives the document it came from. */
static void
keep(struct buf *b, const struct value *v, struct value *out)
{
	buf_clear(b);
	buf_add(b, v->data, v->len);
	*out = (struct value){v->type, b->data, v->len};
}

static enum compare_got
cut(struct filling *f, struct compare_side *side, int64_t docs, struct buf *b,
    bson_error_t *error)
{
	const struct value *from = f->s->task->from;
	struct value begin;
	enum compare_got got;

	while ((got = compare_side_next(side, error)) == COMPARE_DONE &&
	    side->doc) {
		if (docs > 0 && f->sum.docs >= docs) {
			if (!hand_over(f, from, &side->id, error))
				return COMPARE_FAILED;
			keep(b, &side->id, &begin);
			from = &begin;
		}
		add(f, side);
	}
	if (got == COMPARE_DONE && !hand_over(f, from, f->s->task->to, error))
		got = COMPARE_FAILED;
	return got;
}

static void
open_side(const struct digest_scan *s, const struct compare_task *task,
    struct compare_side *side)
{
	compare_side_init(side, task, s->which, s->order != DIGEST_BY_ID,
	    s->order == DIGEST_BY_ID);
}

static void
release(struct filling *f, struct compare_side *side)
{
	compare_side_release(side);
	buf_release(&f->keys);
	buf_release(&f->leaves);
}

enum compare_got
digest_cut(const struct digest_scan *s, int64_t docs, bson_error_t *error)
{
	struct filling f = {.s = s};
	struct compare_side side;
	struct buf begin = BUF_INIT;
	enum compare_got got;

	clear(&f);
	open_side(s, s->task, &side);
	got =
	    cut(&f, &side, s->order == DIGEST_BY_ID ? docs : 0, &begin, error);
	release(&f, &side);
	buf_release(&begin);
	return got;
}

static bool
hand_range(struct filling *f, const struct digest_range *r, bson_error_t *error)
{
	return hand_over(
	    f, r->has_from ? &r->from : NULL, r->has_to ? &r->to : NULL, error);
}

static enum compare_got
match(struct filling *f, struct compare_side *side,
    const struct digest_range *ranges, size_t n, bson_error_t *error)
{
	enum compare_got got;
	size_t i = 0;

	while ((got = compare_side_next(side, error)) == COMPARE_DONE &&
	    side->doc) {
		while (i + 1 < n && value_cmp(&side->id, &ranges[i].to) >= 0)
			if (!hand_range(f, &ranges[i++], error))
				return COMPARE_FAILED;
		add(f, side);
	}
	for (; got == COMPARE_DONE && i < n; i++)
		if (!hand_range(f, &ranges[i], error))
			got = COMPARE_FAILED;
	return got;
}

enum compare_got
digest_match(const struct digest_scan *s, const struct digest_range *ranges,
    size_t n, bson_error_t *error)
{
	const struct digest_range *last = &ranges[n - 1];
	struct compare_task task = *s->task;
	struct filling f = {.s = s};
	struct compare_side side;
	enum compare_got got;

	task.from = ranges[0].has_from ? &ranges[0].from : NULL;
	task.to = last->has_to ? &last->to : NULL;
	clear(&f);
	open_side(s, &task, &side);
	got = match(&f, &side, ranges, n, error);
	release(&f, &side);
	return got;
}

/* Keys of the range, one by one, and their leaves. */
struct known {
	struct walk walk;
	struct elem key;
	const uint8_t *leaf;
	bool more;
};

static bool
same_leaf(const struct digest_scan *s, const bson_t *doc, const uint8_t *leaf)
{
	struct digest mine, theirs;

	digester_leaf(s->digester, bson_get_data(doc), doc->len, -1, &mine);
	digest_load(&theirs, leaf);
	return mine.lo == theirs.lo && mine.hi == theirs.hi;
}

static enum compare_got
match_keys(const struct digest_scan *s, struct compare_side *side,
    struct known *k, digest_key_fn *each, void *arg, bson_error_t *error)
{
	enum compare_got got = compare_side_next(side, error);

	while (got == COMPARE_DONE && (side->doc || k->more)) {
		int order = !side->doc ? 1
		    : !k->more         ? -1
				       : value_cmp(&side->id, &k->key.value);

		if ((order != 0 || !same_leaf(s, side->doc, k->leaf)) &&
		    !each(arg, order <= 0 ? &side->id : &k->key.value,
			order <= 0 ? side->doc : NULL, order >= 0, error))
			return COMPARE_FAILED;
		if (order >= 0) {
			k->more = walk_next(&k->walk, &k->key);
			k->leaf += DIGEST_LEAF;
		}
		if (order <= 0)
			got = compare_side_next(side, error);
	}
	return got;
}

enum compare_got
digest_match_keys(const struct digest_scan *s, const struct digest_range *r,
    digest_key_fn *each, void *arg, bson_error_t *error)
{
	struct compare_task task = *s->task;
	struct known k = {.leaf = r->leaves};
	struct compare_side side;
	enum compare_got got;

	task.from = r->has_from ? &r->from : NULL;
	task.to = r->has_to ? &r->to : NULL;
	k.more = walk_init(&k.walk, r->keys, r->keys_len) &&
	    walk_next(&k.walk, &k.key);
	open_side(s, &task, &side);
	got = match_keys(s, &side, &k, each, arg, error);
	compare_side_release(&side);
	return got;
}
