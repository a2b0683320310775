/* mongosim: sorting documents by fields. */
#ifndef SIM_SORT_H
#define SIM_SORT_H

#include "cursor.h"

/* Concatenated documents in `docs`, put into the order of `sort` (dotted
 * paths; stable). */
bool sort_docs(struct buf *docs, const bson_t *sort, bson_error_t *error);
/* Run the cursor's plan and filter to the end, sort, keep the result in the
 * cursor, which is then a list. skip is done here. */
bool sort_cursor(struct cursor *cur, const struct coll *c, const bson_t *sort,
    bson_error_t *error);

#endif
