/* mongo: all that mm_control has of a job: what is left of it, and taking that
 * away. Documents of other jobs stay, and the collections too: another program
 * may be about to write to them.
 */
#ifndef MM_MONGO_JOB_LEFT_H
#define MM_MONGO_JOB_LEFT_H

#include "mongo/server.h"

/* Calls each with the name of a collection that has documents of the job, and
 * how many. A server without mm_control has none. */
bool job_each_left(struct conn *c, const char *job,
    void (*each)(void *arg, const char *coll, int64_t n), void *arg,
    bson_error_t *error);
/* May be called again. */
bool job_left_remove(struct conn *c, const char *job, bson_error_t *error);

#endif
