/* mongosim: stepping through a collection by a plan. */
#ifndef SIM_SCAN_H
#define SIM_SCAN_H

#include "plan.h"

/* A place in a scan; valid until the collection changes. */
struct scan {
	const struct coll *c;
	const struct plan *plan;
	uint64_t view;
	const struct order *order;
	struct order_at at;
	size_t point;
	bool more;
};

void scan_start(struct scan *s, const struct coll *c, const struct plan *plan,
    uint64_t view);
/* Behind a document already seen. id is NULL in natural order. False: the
 * position is gone from a capped collection. */
bool scan_after(struct scan *s, const struct coll *c, const struct plan *plan,
    uint64_t view, int64_t rid, const struct value *id, size_t points_done);
/* The next document that the view shows; NULL: the end. The filter is not
 * looked at. */
const struct doc *scan_next(struct scan *s);

#endif
