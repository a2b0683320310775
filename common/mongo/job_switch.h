/* mongo: the end of a job's applying, told by mm-switch, who has no lease: the
 * applier at work finds it when it saves or looks for requests, and ends by
 * itself. What it would have saved then is not saved. And what comes after.
 */
#ifndef MM_MONGO_JOB_SWITCH_H
#define MM_MONGO_JOB_SWITCH_H

#include "mongo/job.h"

/* Phase switched. Status 8: there is no such job, or it is not applied. */
bool job_switch(struct conn *c, const char *name, bson_error_t *error);

/* The same in whatever phase it is; no such job: true. */
bool job_retire(struct conn *c, const char *name, bson_error_t *error);
/* Phase applying again where it was switched: it goes on at its checkpoint. */
bool job_resume(struct conn *c, const char *name, bson_error_t *error);
/* A job in phase switched, with what it owns, is known no longer. Status 8: it
 * is in another one. */
bool job_forget(struct conn *c, const char *name, bson_error_t *error);

/* By the writer: somebody has called job_switch. */
bool job_switched(const struct job *j);

#endif
