/* mongosim: the document that an upsert starts from. */
#ifndef MM_SIM_UPSERT_H
#define MM_SIM_UPSERT_H

#include "base/buf.h"
#include "base/error.h"

/* Appends to out what the query says by equality, `_id` first, the others by
 * path. Only the _id for a replacement. */
bool upsert_base(
    const bson_t *query, bool id_only, struct buf *out, bson_error_t *error);

#endif
