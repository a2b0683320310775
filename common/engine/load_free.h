/* engine: whether a namespace of the target is free for a load: nothing is
 * there, or an empty collection as the load would make it, and no other job's;
 * where documents of others may stand (standing.h), one that holds some.
 */
#ifndef MM_ENGINE_LOAD_FREE_H
#define MM_ENGINE_LOAD_FREE_H

#include "engine/load_colls.h"
#include "engine/standing.h"

struct load_free;

/* Borrows both. how: what is to be done where documents of others are. */
struct load_free *load_free_new(
    struct conn *c, struct job *j, enum standing_how how, bool resuming);
void load_free_end(struct load_free *f);
/* Status 8 when it is not. lc->kept: it holds documents of others. What the
 * load before left there is dropped, unless the collection is resumed: then it
 * must be there. */
bool load_free_check(
    struct load_free *f, struct load_coll *lc, bson_error_t *error);

#endif
