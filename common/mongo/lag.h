/* mongo: how far the members of a replica set are behind.
 */
#ifndef MM_MONGO_LAG_H
#define MM_MONGO_LAG_H

#include "mongo/server.h"

/* Seconds between the newest member and the one that is the furthest behind,
 * as the member of the connection knows them. Those that are down, are not to
 * follow at once (a delay), or have the address `except` ("": none) do not
 * count. Needs replSetGetStatus (clusterMonitor); status 8 without. */
bool lag_read(
    struct conn *c, const char *except, int64_t *seconds, bson_error_t *error);

#endif
