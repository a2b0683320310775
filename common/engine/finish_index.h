/* engine: what a job holds back is made as it is to be (mm-load
 * --finish-indexes).
 */
#ifndef MM_ENGINE_FINISH_INDEX_H
#define MM_ENGINE_FINISH_INDEX_H

#include "mongo/job.h"

/* Builds the unique indexes that the job holds back; with wake also gives TTL
 * indexes their lifetime, from which moment on the target deletes by itself.
 * What is done is no longer held back. The job's lease must be held. Status 1:
 * some could not be built because of duplicates, which are named (warnings);
 * all others are done. */
bool finish_indexes(struct conn *c, struct job *j, bool wake, int64_t *built,
    int64_t *woken, bson_error_t *error);

#endif
