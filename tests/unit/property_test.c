/* Convergence: whatever moment of a document a snapshot caught, and however
 * often parts of the log are applied again, the end is what the source has.
 *
 * Histories are made without the engine: documents are changed at random with
 * libbson, and a plain differ (change_of.c) writes down what a server would
 * log. With $v:2 the end is the same to the byte. With $v:1 the order of fields
 * that were removed and set anew need not come right when parts are applied
 * again ($set leaves what is there in its place), on a server neither: there
 * only names and values are compared. MM_SEED=N repeats a run, MM_CASES=N asks
 * for more. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "change.h"
#include "model/entry.h"
#include "tap.h"

enum { DOCS = 2, STEPS = 14, CUTS = 20, CASES = 300000 };

struct history {
	bson_t *entry[STEPS];
	int doc[STEPS];                 /* which document it changes */
	bson_t *state[STEPS + 1][DOCS]; /* after so many steps; NULL: none */
};

static const char *const ops[] = {"i", "u", "d"};

static bson_t *
entry_of(int n, int op, int doc, const bson_t *o)
{
	bson_t *e = BCON_NEW("op", ops[op], "ns", "d.x", "o", BCON_DOCUMENT(o),
	    "ts", BCON_TIMESTAMP((uint32_t)n + 1, 1), "v", BCON_INT32(2));

	if (op == 1)
		BCON_APPEND(e, "o2", "{", "_id", BCON_INT32(doc), "}");
	return e;
}

/* One step of the source, and what it logs. */
static void
step(struct history *h, int n, enum change_form form)
{
	int d = (int)change_random(DOCS);
	const bson_t *pre = h->state[n][d];
	bson_t *o = NULL, *post = NULL;

	for (int i = 0; i < DOCS; i++)
		h->state[n + 1][i] =
		    h->state[n][i] ? bson_copy(h->state[n][i]) : NULL;
	if (pre && change_random(8) == 0) {
		o = BCON_NEW("_id", BCON_INT32(d));
		h->entry[n] = entry_of(n, 2, d, o);
	} else if (!pre) {
		post = change_new(d);
		h->entry[n] = entry_of(n, 0, d, post);
	} else {
		post = change_some(pre);
		o = change_of(pre, post, form);
		h->entry[n] = entry_of(n, 1, d, o);
	}
	h->doc[n] = d;
	if (h->state[n + 1][d])
		bson_destroy(h->state[n + 1][d]);
	h->state[n + 1][d] = post;
	if (o)
		bson_destroy(o);
}

static void
history_make(struct history *h, enum change_form form)
{
	for (int d = 0; d < DOCS; d++)
		h->state[0][d] = change_random(4) ? change_new(d) : NULL;
	for (int n = 0; n < STEPS; n++)
		step(h, n,
		    form != CHANGE_UPGRADE ? form
			: n < STEPS / 2    ? CHANGE_MODIFIERS
					   : CHANGE_DIFF);
}

static void
history_release(struct history *h)
{
	for (int n = 0; n <= STEPS; n++) {
		if (n < STEPS)
			bson_destroy(h->entry[n]);
		for (int d = 0; d < DOCS; d++)
			if (h->state[n][d])
				bson_destroy(h->state[n][d]);
	}
}

/* ------------------------------------------------- the target */

struct target {
	struct buf doc[DOCS]; /* empty: none */
	struct buf out;
};

static bool
apply(struct target *t, const struct history *h, int n, struct entry_note *note)
{
	struct buf *doc = &t->doc[h->doc[n]], swap;
	enum entry_effect effect;
	struct entry e;
	bson_t pre;

	if (!entry_parse(
		bson_get_data(h->entry[n]), h->entry[n]->len, &e, NULL))
		return false;
	if (doc->len > 0)
		bson_init_static(&pre, doc->data, doc->len);
	buf_clear(&t->out);
	if (!entry_apply(
		&e, doc->len ? &pre : NULL, &t->out, &effect, note, NULL))
		return false;
	if (effect == EFFECT_DELETED)
		buf_clear(doc);
	if (effect == EFFECT_STORED) {
		swap = *doc;
		*doc = t->out;
		t->out = swap;
	}
	return true;
}

static bool same_fields(const bson_t *a, const bson_t *b, bool array);

static bool
same_value(const bson_iter_t *a, const bson_iter_t *b)
{
	bson_t x, y;
	bool array = BSON_ITER_HOLDS_ARRAY(a);
	const uint8_t *data;
	uint32_t len;

	if (bson_iter_type(a) != bson_iter_type(b))
		return false;
	if (BSON_ITER_HOLDS_INT32(a))
		return bson_iter_int32(a) == bson_iter_int32(b);
	if (BSON_ITER_HOLDS_UTF8(a))
		return strcmp(bson_iter_utf8(a, NULL),
			   bson_iter_utf8(b, NULL)) == 0;
	if (!array && !BSON_ITER_HOLDS_DOCUMENT(a))
		return true; /* null */
	(array ? bson_iter_array : bson_iter_document)(a, &len, &data);
	bson_init_static(&x, data, len);
	(array ? bson_iter_array : bson_iter_document)(b, &len, &data);
	bson_init_static(&y, data, len);
	return same_fields(&x, &y, array);
}

/* The order of the fields of objects aside. */
static bool
same_fields(const bson_t *a, const bson_t *b, bool array)
{
	bson_iter_t x, y;

	if (bson_count_keys(a) != bson_count_keys(b))
		return false;
	bson_iter_init(&x, a);
	bson_iter_init(&y, b);
	while (bson_iter_next(&x)) {
		if (array ? !bson_iter_next(&y)
			  : !bson_iter_init_find(&y, b, bson_iter_key(&x)))
			return false;
		if (!same_value(&x, &y))
			return false;
	}
	return true;
}

static bool
is_about_state(const struct target *t, const struct history *h, int n)
{
	for (int d = 0; d < DOCS; d++) {
		const bson_t *want = h->state[n][d];
		bson_t got;

		if ((t->doc[d].len == 0) != (want == NULL))
			return false;
		if (want &&
		    (!bson_init_static(&got, t->doc[d].data, t->doc[d].len) ||
			!same_fields(&got, want, false)))
			return false;
	}
	return true;
}

static bool
is_state(const struct target *t, const struct history *h, int n)
{
	for (int d = 0; d < DOCS; d++) {
		const bson_t *want = h->state[n][d];
		size_t len = want ? want->len : 0;

		if (t->doc[d].len != len ||
		    (len &&
			memcmp(t->doc[d].data, bson_get_data(want), len) != 0))
			return false;
	}
	return true;
}

static void
load(struct target *t, const struct history *h, int d, int n)
{
	buf_clear(&t->doc[d]);
	if (h->state[n][d])
		buf_add(&t->doc[d], bson_get_data(h->state[n][d]),
		    h->state[n][d]->len);
}

/* Every entry met exactly its document: nothing to note, same result. */
static bool
direct(struct target *t, const struct history *h)
{
	struct entry_note note;

	for (int d = 0; d < DOCS; d++)
		load(t, h, d, 0);
	for (int n = 0; n < STEPS; n++)
		if (!apply(t, h, n, &note) || !is_state(t, h, n + 1) ||
		    note.existed || note.missing || note.delta.clashes ||
		    note.delta.absent)
			return false;
	return true;
}

/* Each document read at a time of its own between `from` and `to`; then the
 * log from `from`, going back now and then. */
static bool
cut(struct target *t, const struct history *h)
{
	int from = (int)change_random(STEPS + 1);
	int to = from + (int)change_random((uint32_t)(STEPS - from) + 1);
	int restarts = (int)change_random(4);

	for (int d = 0; d < DOCS; d++)
		load(t, h, d,
		    from + (int)change_random((uint32_t)(to - from) + 1));
	for (int n = from; n < STEPS; n++) {
		if (!apply(t, h, n, NULL))
			return false;
		if (restarts > 0 && change_random(STEPS) < 3) {
			restarts--;
			n = from +
			    (int)change_random((uint32_t)(n - from) + 1) - 1;
		}
	}
	/* from `to` on it is exact at every moment; here at the last */
	return is_state(t, h, STEPS);
}

static void
explain(const struct target *t, const struct history *h)
{
	for (int n = 0; n < STEPS; n++) {
		char *json = bson_as_relaxed_extended_json(h->entry[n], NULL);

		tap_note("%s", json);
		bson_free(json);
	}
	for (int d = 0; d < DOCS; d++) {
		bson_t got;

		if (t->doc[d].len)
			bson_init_static(&got, t->doc[d].data, t->doc[d].len);
		tap_same_doc(t->doc[d].len ? &got : NULL, h->state[STEPS][d]);
	}
}

static void
run(const char *name, enum change_form form, int cases)
{
	struct target t = {{BUF_INIT, BUF_INIT}, BUF_INIT};
	struct history h;
	int bad_direct = 0, bad = 0, order = 0;

	for (int i = 0; i < cases / CUTS; i++) {
		history_make(&h, form);
		if (!direct(&t, &h) && bad_direct++ == 0)
			explain(&t, &h);
		for (int k = 0; k < CUTS; k++)
			if (cut(&t, &h))
				continue;
			else if (form != CHANGE_DIFF &&
			    is_about_state(&t, &h, STEPS))
				order++;
			else if (bad++ == 0)
				explain(&t, &h);
		history_release(&h);
	}
	OK(bad_direct == 0 && bad == 0,
	    "%s: %d cases, %d do not converge; %d histories differ", name,
	    cases, bad, bad_direct);
	tap_note("%d in another order", order);
	for (int d = 0; d < DOCS; d++)
		buf_release(&t.doc[d]);
	buf_release(&t.out);
}

int
main(void)
{
	const char *given = getenv("MM_SEED"), *more = getenv("MM_CASES");
	uint64_t seed =
	    given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
	int cases = more ? atoi(more) : CASES;

	tap_note("MM_SEED=%llu", (unsigned long long)seed);
	change_seed(seed);
	run("$v:2", CHANGE_DIFF, cases * 6 / 10);
	run("$v:1", CHANGE_MODIFIERS, cases * 3 / 10);
	run("$v:1, then $v:2", CHANGE_UPGRADE, cases / 10);
	return tap_done();
}
