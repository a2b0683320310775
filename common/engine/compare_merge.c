/* The plain case, and the fast one: two scans in the same order, compared step
 * by step. Equal documents, nearly all, cost one memcmp. */
#include "engine/compare_task.h"

#include "model/docid.h"

/* <0: source only; 0: both; >0: target only. */
static int
which_first(const struct compare_side *a, const struct compare_side *b)
{
	if (!b->doc)
		return -1;
	if (!a->doc)
		return 1;
	return value_cmp(&a->id, &b->id);
}

static enum compare_got
merge(struct compare_side *a, struct compare_side *b, bson_error_t *error)
{
	const struct compare_task *task = a->task;
	enum compare_got got;

	if ((got = compare_side_next(a, error)) != COMPARE_DONE ||
	    (got = compare_side_next(b, error)) != COMPARE_DONE)
		return got;
	while (a->doc || b->doc) {
		int order = 0;
		bool ok = true;

		if (!a->doc || !b->doc || !compare_same(a->doc, b->doc)) {
			order = which_first(a, b);
			ok = task->found(task->arg,
			    order < 0   ? DIFF_MISSING
				: order ? DIFF_EXTRA
					: DIFF_CONTENT,
			    order <= 0 ? a->doc : NULL,
			    order >= 0 ? b->doc : NULL, error);
		}
		if (!ok)
			return COMPARE_FAILED;
		if (order <= 0 &&
		    (got = compare_side_next(a, error)) != COMPARE_DONE)
			return got;
		if (order >= 0 &&
		    (got = compare_side_next(b, error)) != COMPARE_DONE)
			return got;
	}
	return COMPARE_DONE;
}

enum compare_got
compare_merge(const struct compare_task *task, bson_error_t *error)
{
	struct compare_side a, b;
	enum compare_got got;

	compare_side_init(&a, task, COMPARE_SOURCE, false, true);
	compare_side_init(&b, task, COMPARE_TARGET, false, true);
	got = merge(&a, &b, error);
	compare_side_release(&a);
	compare_side_release(&b);
	return got;
}
