/* engine: puts the documents of one block into a collection of the target, so
 * often until all of it is acknowledged by a majority.
 */
#ifndef MM_ENGINE_LOADER_H
#define MM_ENGINE_LOADER_H

#include "engine/standing.h"
#include "mongo/bulk.h"
#include "stream/stream.h"

struct loader; /* one a thread */

/* Borrows both. */
struct loader *loader_new(struct conn *c, struct standing *s);
void loader_free(struct loader *l);
/* In any order. kept: the collection holds documents of others, and those of
 * the block are put beside them as standing_how says; else all that is there
 * came by the load itself (a repeated batch, or twice in the snapshot), and is
 * replaced. *whole: none was left out (standing_left_out). False: error is set;
 * status 8 where the target refuses a document for good. */
bool loader_insert(struct loader *l, const char *ns, bool kept,
    const struct block_view *block, bool *whole, bson_error_t *error);
/* The same in order, and nothing of the load itself is replaced: for capped
 * collections, which are never kept, and where it is asked for. *again: the
 * first of them may be there already; false then, when none was. */
bool loader_insert_in_order(struct loader *l, const char *ns, bool kept,
    const struct block_view *block, bool *again, bool *whole,
    bson_error_t *error);

#endif
