/* mongosim: building indexes, with the entries that go with it. */
#ifndef SIM_INDEX_BUILD_H
#define SIM_INDEX_BUILD_H

#include "building.h"

/* All of the (normalised) specs or none: 11000 where a unique one does not
 * hold, keyPattern and keyValue in r->info. */
bool index_build(struct request *r, struct coll *c, const bson_t *spec,
    size_t n, const struct building_hold *hold, bson_error_t *error);

#endif
