/* mongo: a server that takes no writes of users (setUserWriteBlockMode, 6.0).
 *
 * It is about all databases but admin, config and local; who has
 * bypassWriteBlockingMode (restore, root) writes on.
 */
#ifndef MM_MONGO_WRITE_BLOCK_H
#define MM_MONGO_WRITE_BLOCK_H

#include "mongo/server.h"

/* 1 it is so, 0 not, -1. Status 8: the server knows no such mode. */
int write_block_now(struct conn *c, bson_error_t *error);
/* Needs the action setUserWriteBlockMode; so already: true. */
bool write_block_set(struct conn *c, bool on, bson_error_t *error);
/* The account of this connection may write all the same: 1, 0, -1. */
int write_block_bypassed(struct conn *c, bson_error_t *error);

#endif
