/* mongosim: match: what its two halves share. */
#ifndef MM_SIM_MATCH_RUN_H
#define MM_SIM_MATCH_RUN_H

#include "match_leaf.h"

struct match_run {
	bool check; /* visit everything, the answer does not matter */
	bool failed;
	int position; /* index in the outermost array that matched, or -1 */
	bson_error_t *error;
};

/* match.c: a whole filter on an object. */
bool match_filter(
    struct match_run *r, const bson_t *filter, const struct value *doc);
/* match_ops.c: {$gt: 1, $lt: 5} on what stands at a path. */
bool match_ops(struct match_run *r, const bson_t *ops, struct match_at at);
/* {path: value}: equality, or a search when value is a regex. */
bool match_equal(
    struct match_run *r, struct match_at at, const struct value *rhs);
/* An object whose first name is an operator. */
bool match_is_ops(const struct value *v);
/* The first refusal counts. Always false. */
bool match_refuse(struct match_run *r, int code, const char *format, ...)
    BSON_GNUC_PRINTF(3, 4);

#endif
