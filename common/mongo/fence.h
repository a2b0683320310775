/* mongo: a mark in an oplog, and the last word of a switch beside its job.
 */
#ifndef MM_MONGO_FENCE_H
#define MM_MONGO_FENCE_H

#include "mongo/server.h"

/* Writes a note with a random token to the oplog of the primary (where that is
 * not allowed: a document to mm_control.fences) and waits for a majority. Every
 * write that was acknowledged before is before *at. Status 8: not a primary, or
 * neither is allowed. */
bool fence_write(
    struct conn *c, const char *job, struct optime *at, bson_error_t *error);

/* mm_control.switches on the target: {_id: job, n, link, state}, the last
 * record of the journal of a switch, so that an old copy of the journal is
 * known as one. 1, 0 none, -1; doc is initialised. */
int mirror_read(
    struct conn *c, const char *job, bson_t *doc, bson_error_t *error);
/* once: without trying again, and nothing where there is none. */
bool mirror_write(struct conn *c, const char *job, const bson_t *fields,
    bool once, bson_error_t *error);

#endif
