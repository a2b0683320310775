/* model: what a view is made of. */
#ifndef MM_MODEL_VIEW_H
#define MM_MODEL_VIEW_H

#include <bson/bson.h>

/* Calls `each` for the name of every collection or view (in the view's own
 * database) that options name: in viewOn, and in its pipeline by $lookup,
 * $graphLookup and $unionWith, however deep. A name may come twice, and text
 * that is no name may come, too. */
void view_each_source(const bson_t *options,
    void (*each)(void *arg, const char *name), void *arg);

#endif
