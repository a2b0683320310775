/* engine: an index build on the target, waited for until it has come to its
 * end, however long that takes.
 *
 * A build belongs to the server: it goes on when the connection, or the
 * program, is gone (from 4.4 on also when the primary steps down). A server of
 * 4.2 or later lets a second createIndexes of an index that it is building wait
 * for that build. So one that was left by a killed run is taken up, and one
 * whose connection was lost is waited for again, by sending the same command;
 * none is begun twice.
 */
#ifndef MM_ENGINE_INDEX_BUILD_H
#define MM_ENGINE_INDEX_BUILD_H

#include "mongo/catalog.h"

/* All specs in one createIndexes: the collection is read once. While it is seen
 * that the target builds, or where the connection was lost after more than a
 * minute, the tries do not run out. Status 9: stopped by a signal while the
 * target was away. */
bool index_build(
    struct conn *c, const char *ns, const bson_t *specs, bson_error_t *error);
/* catalog_create_ttl_asleep in the same way. */
bool index_build_asleep(
    struct conn *c, const char *ns, const bson_t *spec, bson_error_t *error);

#endif
