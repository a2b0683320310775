/* Capped collections have an order of their own, and it is part of the data:
 * a reader that tails one sees it. Both sides are walked in natural order.
 * Where the two places hold different _ids, each is looked up on the other
 * side: what is not there at all is missing or extra, and the walk goes on
 * past it; what is there elsewhere stands at another place. So each document
 * is compared exactly once, and the cost of a lookup is paid per difference
 * only. */
#include "engine/compare_task.h"

#include "model/docid.h"

struct walker {
	const struct compare_task *task;
	struct compare_side a, b;
	bson_t there;   /* what the target has under the _id of a, elsewhere */
	bool has_there; /* ... asked and found since a moved last */
};

/* The document at the source's place is elsewhere on the target. */
static bool
moved(struct walker *w, bson_error_t *error)
{
	const struct compare_task *task = w->task;

	if (!compare_same(w->a.doc, &w->there) &&
	    !task->found(task->arg, DIFF_CONTENT, w->a.doc, &w->there, error))
		return false;
	return task->found(
	    task->arg, DIFF_SEQUENCE, w->a.doc, &w->there, error);
}

/* The source's document has no partner at this place. *go: it is nowhere on
 * the target, and that is told. */
static bool
settle_source(struct walker *w, bool *go, bson_error_t *error)
{
	int got;

	if (w->has_there)
		return true;
	bson_destroy(&w->there);
	got = compare_find(w->task, COMPARE_TARGET, &w->a.id, &w->there, error);
	w->has_there = got == 1;
	if (got != 0)
		return got > 0;
	*go = true;
	return w->task->found(
	    w->task->arg, DIFF_MISSING, w->a.doc, NULL, error);
}

static bool
settle_target(struct walker *w, bool *go, bson_error_t *error)
{
	bson_t there;
	int got =
	    compare_find(w->task, COMPARE_SOURCE, &w->b.id, &there, error);

	bson_destroy(&there);
	if (got != 0)
		return got > 0;
	*go = true;
	return w->task->found(w->task->arg, DIFF_EXTRA, NULL, w->b.doc, error);
}

/* The two places differ (or one side has ended). Says which to step over. */
static bool
unequal(struct walker *w, bool *go_a, bool *go_b, bson_error_t *error)
{
	*go_a = *go_b = false;
	if (w->a.doc && !settle_source(w, go_a, error))
		return false;
	if (w->b.doc && !*go_a && !settle_target(w, go_b, error))
		return false;
	if (*go_a || *go_b)
		return true;
	/* Each is elsewhere on the other side. The target's was or will be
	 * told when the source is at it. */
	*go_a = w->a.doc != NULL;
	*go_b = w->b.doc != NULL;
	return !w->a.doc || moved(w, error);
}

static bool
step(struct walker *w, bool *go_a, bool *go_b, bson_error_t *error)
{
	const struct compare_task *task = w->task;

	*go_a = *go_b = true;
	if (w->a.doc && w->b.doc) {
		if (compare_same(w->a.doc, w->b.doc))
			return true;
		if (value_cmp(&w->a.id, &w->b.id) == 0)
			return task->found(
			    task->arg, DIFF_CONTENT, w->a.doc, w->b.doc, error);
	}
	return unequal(w, go_a, go_b, error);
}

static enum compare_got
walk(struct walker *w, bson_error_t *error)
{
	bool go_a = true, go_b = true;
	enum compare_got got;

	for (;;) {
		if (go_a) {
			w->has_there = false;
			got = compare_side_next(&w->a, error);
			if (got != COMPARE_DONE)
				return got;
		}
		if (go_b &&
		    (got = compare_side_next(&w->b, error)) != COMPARE_DONE)
			return got;
		if (!w->a.doc && !w->b.doc)
			return COMPARE_DONE;
		if (!step(w, &go_a, &go_b, error))
			return COMPARE_FAILED;
		go_a = go_a && w->a.doc;
		go_b = go_b && w->b.doc;
	}
}

enum compare_got
compare_sequence(const struct compare_task *task, bson_error_t *error)
{
	struct walker w = {.task = task, .there = BSON_INITIALIZER};
	enum compare_got got;

	compare_side_init(&w.a, task, COMPARE_SOURCE, true, false);
	compare_side_init(&w.b, task, COMPARE_TARGET, true, false);
	got = walk(&w, error);
	compare_side_release(&w.a);
	compare_side_release(&w.b);
	bson_destroy(&w.there);
	return got;
}
