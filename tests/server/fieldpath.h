/* mongosim: paths as aggregation and projection mean them: an array stands for
 * each of its elements, numbers are names. */
#ifndef MM_SIM_FIELDPATH_H
#define MM_SIM_FIELDPATH_H

#include "doc.h"

/* Appends doc with the field set (objects are made where there is something
 * else or nothing) or removed (v NULL). */
void fieldpath_put(const struct value *doc, const struct path *p,
    const struct value *v, struct buf *out);
/* The value at a path; one that leads through an array is an array of what the
 * elements have, and is written into store. False: missing. */
bool fieldpath_get(const struct value *doc, const struct path *p,
    struct buf *store, struct value *v);

#endif
