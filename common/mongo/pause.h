/* mongo: a secondary that takes no writes for a while: fsync lock and unlock.
 *
 * The lock is counted, and outlives the client. Needs the cluster actions
 * fsync, unlock, replSetGetStatus, replSetGetConfig and inprog (roles
 * hostManager and clusterMonitor).
 */
#ifndef MM_MONGO_PAUSE_H
#define MM_MONGO_PAUSE_H

#include "mongo/server.h"

/* Status 8, with the reason: not a secondary, one that may become primary and
 * is not hidden, or one without which no majority for writes is left. */
bool pause_may(struct conn *c, bson_error_t *error);
/* Whether it is locked, by whomever: 1, 0, -1. */
int pause_is_locked(struct conn *c, bson_error_t *error);
/* *count: locks it has now. Status 8 where there is no such command. False
 * does not say that it is not locked: conn_no_reply. */
bool pause_lock(struct conn *c, int64_t *count, bson_error_t *error);
/* One of its locks; *count: how many are left. Not locked: true, 0. */
bool pause_unlock(struct conn *c, int64_t *count, bson_error_t *error);
/* What the member has applied. */
bool pause_position(struct conn *c, struct optime *at, bson_error_t *error);
/* HOST:PORT of the primary, and of where the member reads its log (the primary
 * where it does not say). Hold 300 bytes each. */
bool pause_others(
    struct conn *c, char *primary, char *sync_source, bson_error_t *error);

#endif
