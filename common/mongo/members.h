/* mongo: the members of a replica set, and how far back its oplog goes.
 */
#ifndef MM_MONGO_MEMBERS_H
#define MM_MONGO_MEMBERS_H

#include "mongo/server.h"

/* Members that are down, or more than ms behind the one that is asked, as a
 * text; "": none. Without the right to ask (replSetGetStatus) only whether the
 * majority follows. */
bool members_behind(
    struct conn *c, int64_t ms, char *text, size_t size, bson_error_t *error);

/* The oldest entry of the oplog. first: it is the very first of the set:
 * nothing has been lost yet. */
bool members_oldest(
    struct conn *c, struct optime *oldest, bool *first, bson_error_t *error);

#endif
