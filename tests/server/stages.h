/* mongosim: aggregation pipelines, as far as they go: $match, $sort, $skip,
 * $limit, $project, $count, $sample, $group; $out. Others are refused (40324,
 * 238).
 */
#ifndef SIM_STAGES_H
#define SIM_STAGES_H

#include "cursor.h"

/* A cursor over the result, read as r says; c NULL: over nothing. The
 * caller's. */
struct cursor *stages_cursor(const struct request *r, const struct coll *c,
    const char *ns, const bson_t *pipeline, bson_error_t *error);
/* The same over a view: *c is the collection below it. */
struct cursor *stages_over_view(struct request *r, const char *ns,
    const bson_t *view, const bson_t *pipeline, struct coll **c,
    bson_error_t *error);
/* find on a view: its pipeline, then the find's filter, sort, limit. */
bool stages_find_view(struct request *r, const char *name, const bson_t *view,
    bson_error_t *error);

#endif
