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

/* r->majority by the readConcern; waits for afterClusterTime, and in a
 * majority read for the majority to have the collection as it is in the
 * catalog. Then *c is the collection, or NULL. False: unknown level, time in
 * the future, not done in time (50). */
bool read_begin(
    struct request *r, const char *name, struct coll **c, bson_error_t *error);
/* As of now: VIEW_LOCAL, or the majority's timestamp. */
uint64_t view_now(bool majority);

#endif
