/* engine: which documents stand in the way of a unique index.
 */
#ifndef MM_ENGINE_DUPLICATES_H
#define MM_ENGINE_DUPLICATES_H

#include "mongo/server.h"

#define DUPLICATES_LINES 100

/* Appends lines for people to the array: up to 20 groups of documents with
 * equal keys, each with their number, first and last `_id`, and no other value
 * of a document. Keys that are arrays are not told apart; `why`, the server's
 * own words, is the line then. No more than DUPLICATES_LINES in all. */
void duplicates_list(struct conn *c, const char *ns, const bson_t *spec,
    const char *why, bson_t *lines);
/* Each line as a warning. */
void duplicates_tell(const bson_t *lines);

#endif
