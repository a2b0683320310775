/* engine: a coll record of a snapshot as it is to be on the target, and its
 * blocks counted; private to load and load_colls. */
#ifndef MM_ENGINE_LOAD_COLL_H
#define MM_ENGINE_LOAD_COLL_H

#include "engine/load_colls.h"
#include "stream/stream.h"

/* NULL: error is set; status 8: not within the grant, or of a type that cannot
 * be loaded. */
struct load_coll *load_coll_parse(
    const struct grant *g, const bson_t *record, bson_error_t *error);
void load_coll_free(struct load_coll *lc);
/* Its estimate counts into the totals of the status file. */
void load_coll_estimate(const bson_t *record);

/* What cend tells, of one block. */
struct load_tally {
	int64_t docs, bytes;
	uint64_t sum;
};
struct load_tally load_coll_tally(const struct block_view *block);

#endif
