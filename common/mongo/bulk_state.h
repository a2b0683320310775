/* mongo: what bulk.c (adding) and bulk_run.c (sending) share.
 */
#ifndef MM_MONGO_BULK_STATE_H
#define MM_MONGO_BULK_STATE_H

#include "model/ns.h"
#include "mongo/bulk.h"
#include "mongo/part.h"

struct bulk {
	struct conn *c;
	char db[NS_MAX + 1];
	char *coll;
	bool ordered, no_ns, no_id;
	struct part *part; /* n_parts of them, in the order of sending */
	size_t n_parts, cap_parts;
	size_t open[PART_KINDS]; /* part being filled, + 1; 0: none */
	size_t count, bytes;
	struct bulk_error *error;
	size_t n_errors, cap_errors;
	struct part fix; /* second half of PART_INSERT_ZERO */
};

/* The server knows bypassEmptyTsReplacement. */
bool bulk_keeps_zero_time(const struct bulk *b);

#endif
