/* mongosim: write concerns, read concerns, and the majority view. */
#ifndef SIM_CONCERN_H
#define SIM_CONCERN_H

#include "request.h"

/* r->concern from the command, or the default. */
bool concern_parse(struct request *r, bson_error_t *error);
/* Waits until the newest write is as safe as asked for; appends
 * writeConcernError to the reply where that cannot be, or took too long. */
void concern_wait(struct request *r);
void concern_put_error(
    struct request *r, int code, const char *message, bool timed_out);

/* r->majority and r->at by the readConcern; waits for afterClusterTime or
 * atClusterTime, and in a majority read for the majority to have the
 * collection as it is in the catalog. Then *c is the collection, or NULL.
 * False: unknown level, time in the future (72), not done in time (50), no
 * snapshot of that time any more (239) or of this collection (246). */
bool read_begin(
    struct request *r, const char *name, struct coll **c, bson_error_t *error);
/* As of now: VIEW_LOCAL, or the majority's timestamp; at a time, if not 0. */
uint64_t view_now(bool majority, uint64_t at);
/* 239: what was there at that time is forgotten. */
bool snapshot_there(uint64_t at, bson_error_t *error);

#endif
