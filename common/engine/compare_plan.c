#include "engine/compare_plan.h"

#include <string.h>

#include "base/status.h"

enum { MAX_RANGES = 256 };

struct compare_bounds {
	bson_t **item;
	size_t n;
	struct compare_bounds *next;
};

bool
pair_has_documents(const struct pair *p)
{
	return (!p->source || p->source->type != COLL_VIEW) &&
	    (!p->target || p->target->type != COLL_VIEW);
}

bool
pair_capped(const struct pair *p)
{
	return p->source && p->target && p->source->type == COLL_CAPPED &&
	    p->target->type == COLL_CAPPED;
}

bool
pair_collated(const struct pair *p)
{
	return (p->source && p->source->collated) ||
	    (p->target && p->target->collated);
}

static void
add_unit(struct compare_plan *plan, struct pair *p, bson_t *from, bson_t *to,
    bool first)
{
	plan->unit =
	    bson_realloc(plan->unit, (plan->n + 1) * sizeof *plan->unit);
	plan->unit[plan->n++] = (struct compare_unit){p, from, to, first};
	atomic_fetch_add(&p->units, 1);
}

static struct compare_bounds *
add_bounds(struct compare_plan *plan)
{
	struct compare_bounds *cut = bson_malloc0(sizeof *cut);

	cut->next = plan->bounds;
	plan->bounds = cut;
	return cut;
}

/* Bounds come from the larger side; they are values, so they cut both sides at
 * the same place. */
bool
compare_plan_add(struct compare_plan *plan, struct pair *p, struct conn *source,
    struct conn *target, int64_t partition_bytes, bson_error_t *error)
{
	int64_t a = p->source ? p->source->est_bytes : 0;
	int64_t b = p->target ? p->target->est_bytes : 0;
	int64_t want = (a > b ? a : b) / partition_bytes;
	char db[NS_MAX + 1] = "";
	struct compare_bounds *cut;
	const char *coll;
	bson_t *from = NULL;

	status_add("docs_total", p->source ? p->source->est_docs : 0);
	if (want < 2 || pair_capped(p) || pair_collated(p) ||
	    !pair_has_documents(p)) {
		add_unit(plan, p, NULL, NULL, true);
		return true;
	}
	ns_split(a >= b ? p->ns : p->target_ns, db, &coll);
	cut = add_bounds(plan);
	if (!scan_split(a >= b ? source : target, db, coll,
		(int)(want > MAX_RANGES ? MAX_RANGES : want), &cut->item,
		&cut->n, error))
		return false;
	for (size_t i = 0; i < cut->n; i++) {
		add_unit(plan, p, from, cut->item[i], i == 0);
		from = cut->item[i];
	}
	add_unit(plan, p, from, NULL, cut->n == 0);
	return true;
}

void
compare_plan_add_range(struct compare_plan *plan, struct pair *p,
    const bson_t *from, const bson_t *to, bool first)
{
	struct compare_bounds *kept = add_bounds(plan);
	bson_t *a = from ? bson_copy(from) : NULL;
	bson_t *b = to ? bson_copy(to) : NULL;

	kept->item = bson_malloc(2 * sizeof *kept->item);
	if (a)
		kept->item[kept->n++] = a;
	if (b)
		kept->item[kept->n++] = b;
	add_unit(plan, p, a, b, first);
}

void
compare_plan_join(struct compare_plan *plan, struct compare_plan *more)
{
	struct compare_bounds **end = &plan->bounds;

	while (*end)
		end = &(*end)->next;
	*end = more->bounds;
	more->bounds = NULL;
	if (more->n > 0) {
		plan->unit = bson_realloc(
		    plan->unit, (plan->n + more->n) * sizeof *plan->unit);
		memcpy(plan->unit + plan->n, more->unit,
		    more->n * sizeof *more->unit);
		plan->n += more->n;
	}
	compare_plan_release(more);
}

void
compare_plan_release(struct compare_plan *plan)
{
	struct compare_bounds *cut;

	while ((cut = plan->bounds)) {
		plan->bounds = cut->next;
		for (size_t i = 0; i < cut->n; i++)
			bson_destroy(cut->item[i]);
		bson_free(cut->item);
		bson_free(cut);
	}
	bson_free(plan->unit);
	plan->unit = NULL;
	plan->n = 0;
}

bool
compare_bound(const bson_t *bound, struct value *v)
{
	struct elem e;

	if (!bound || !walk_find(bson_get_data(bound), bound->len, "", &e))
		return false;
	*v = e.value;
	return true;
}

enum compare_got
compare_unit_run(const struct compare_unit *u, struct compare_task *task,
    bool by_lookup, bson_error_t *error)
{
	struct value from, to;

	if (!pair_has_documents(u->pair))
		return COMPARE_DONE;
	task->pair = u->pair;
	task->from = compare_bound(u->from, &from) ? &from : NULL;
	task->to = compare_bound(u->to, &to) ? &to : NULL;
	if (pair_capped(u->pair))
		return compare_sequence(task, error);
	if (by_lookup || pair_collated(u->pair))
		return compare_lookup(task, error);
	return compare_merge(task, error);
}
