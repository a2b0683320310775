/* mongosim: which documents a read looks at, and in which order.
 *
 * Natural order, `_id` order, or a list of `_id`s; with bounds where the
 * filter gives them (`_id`; `ts` of the oplog, whose record id it is).
 */
#ifndef SIM_PLAN_H
#define SIM_PLAN_H

#include "coll.h"

enum plan_kind { PLAN_NATURAL, PLAN_ID, PLAN_POINTS };

/* One end of a range; value bytes are borrowed from the request or owned by
 * whoever keeps the plan (plan_keep). */
struct bound {
	bool set, open; /* open: the key itself is outside */
	struct value v;
	int64_t rid; /* of PLAN_NATURAL */
};

struct plan {
	enum plan_kind kind;
	bool backward;
	bool covered; /* the bounds say all that the filter says */
	struct bound low, high;
	const struct collator *collator; /* of the filter and the sort */
	struct value *point;             /* PLAN_POINTS: sorted, each once */
	size_t n_points;
	struct buf kept; /* bytes behind the values, once kept */
};

/* hint, min, max may be NULL. Codes 2, 51173 and the like. sorted: the plan
 * gives the order that `sort` asks for (an empty sort always). collator: the
 * query's; a bound with a string in it is none where it is not that of _id. */
bool plan_make(const struct coll *c, const struct collator *collator,
    const bson_t *filter, const bson_t *sort, const bson_iter_t *hint,
    const bson_t *min, const bson_t *max, struct plan *plan, bool *sorted,
    bson_error_t *error);
/* Copy what the values point to into the plan. */
void plan_keep(struct plan *plan);
void plan_release(struct plan *plan);

/* Does this hint name that index? */
bool hint_names(const bson_iter_t *hint, const struct index *index);

#endif
