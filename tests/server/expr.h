/* mongosim: the few aggregation expressions that pipelines here may use:
 * literals, "$path", $$ROOT, $literal, $add, $mergeObjects, $concatArrays,
 * $ifNull, $bsonSize. Others are refused (238). */
#ifndef MM_SIM_EXPR_H
#define MM_SIM_EXPR_H

#include "doc.h"

/* Memory of values made while evaluating. */
struct expr_pool {
	struct buf **bufs;
	size_t count;
};

/* v->type 0: missing. v borrows from expr, root and pool. */
bool expr_eval(struct expr_pool *pool, const struct value *expr,
    const struct value *root, struct value *v, bson_error_t *error);
void expr_pool_release(struct expr_pool *pool);

#endif
