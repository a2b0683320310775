/* engine: puts the documents of one block into a collection of the target, so
 * often until all of it is acknowledged by a majority.
 */
#ifndef MM_ENGINE_LOADER_H
#define MM_ENGINE_LOADER_H

#include "mongo/bulk.h"
#include "stream/stream.h"

struct loader; /* one a thread */

/* Borrows conn. */
struct loader *loader_new(struct conn *c);
void loader_free(struct loader *l);
/* In any order; a document whose `_id` is there already is replaced (it came
 * twice, by a repeated batch or in the snapshot itself). False: error is set;
 * status 8 where the target refuses a document for good. */
bool loader_insert(struct loader *l, const char *ns,
    const struct block_view *block, bson_error_t *error);
/* The same for a capped collection: in order, nothing is replaced. *again: the
 * first of them may be there already; false then, when none was. */
bool loader_insert_in_order(struct loader *l, const char *ns,
    const struct block_view *block, bool *again, bson_error_t *error);

#endif
