/* engine: the work of a comparison, cut into units: a pair of collections, or
 * a range of the _ids of a large one.
 */
#ifndef MM_ENGINE_COMPARE_PLAN_H
#define MM_ENGINE_COMPARE_PLAN_H

#include "engine/compare_task.h"

struct compare_unit {
	struct pair *pair;
	bson_t *from, *to; /* {"": value}, NULL: open; the plan's */
	bool first;        /* of its pair: metadata too */
};

struct compare_bounds;

struct compare_plan {
	struct compare_unit *unit;
	size_t n;
	struct compare_bounds *bounds; /* private */
};

/* Cuts the pair into units of about that many bytes each. */
bool compare_plan_add(struct compare_plan *plan, struct pair *p,
    struct conn *source, struct conn *target, int64_t partition_bytes,
    bson_error_t *error);
/* One unit with both bounds copied; NULL: open. */
void compare_plan_add_range(struct compare_plan *plan, struct pair *p,
    const bson_t *from, const bson_t *to, bool first);
/* What `more` holds goes over to plan. */
void compare_plan_join(struct compare_plan *plan, struct compare_plan *more);
void compare_plan_release(struct compare_plan *plan);

/* The value of such a bound, as view; false: open. */
bool compare_bound(const bson_t *bound, struct value *v);

/* The documents of the unit, by the method that fits. by_lookup: never by
 * merging. */
enum compare_got compare_unit_run(const struct compare_unit *u,
    struct compare_task *task, bool by_lookup, bson_error_t *error);

/* How a pair has to be compared. */
bool pair_has_documents(const struct pair *p);
bool pair_capped(const struct pair *p);
bool pair_collated(const struct pair *p);

#endif
