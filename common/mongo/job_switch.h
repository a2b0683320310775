/* mongo: the end of a job's applying, told by mm-switch, who has no lease: the
 * applier at work finds it when it saves or looks for requests, and ends by
 * itself. What it would have saved then is not saved.
 */
#ifndef MM_MONGO_JOB_SWITCH_H
#define MM_MONGO_JOB_SWITCH_H

#include "mongo/job.h"

/* Phase switched. Status 8: there is no such job, or it is not applied. */
bool job_switch(struct conn *c, const char *name, bson_error_t *error);

/* By the writer: somebody has called job_switch. */
bool job_switched(const struct job *j);

#endif
