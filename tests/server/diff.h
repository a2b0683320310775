/* mongosim: the `o` of an update entry as the server writes it. */
#ifndef MM_SIM_DIFF_H
#define MM_SIM_DIFF_H

#include "update.h"

/* o is initialised here, the caller destroys it. v: 1 ($set, $unset) or 2
 * (delta). Replacements are logged whole; so is the result of a pipeline under
 * v 1, and under v 2 where the delta would not be smaller. False, o empty:
 * nothing changed, no entry. */
bool diff_make(const bson_t *old, const bson_t *new_doc,
    const struct update_log *log, int v, bson_t *o);

#endif
