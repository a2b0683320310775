/* mongo: inside of a job: what job.c (the document) and job_owned.c (what it
 * owns) share. For these two only.
 */
#ifndef MM_MONGO_JOB_WORK_H
#define MM_MONGO_JOB_WORK_H

#include "mongo/control.h"
#include "mongo/job.h"
#include "mongo/lease.h"

struct job {
	struct conn *conn; /* of its own: callers may be several threads */
	pthread_mutex_t lock;
	struct lease *lease;
	char *name;
	bson_t doc;
	char **owned;
	size_t n_owned;
};

/* Status 8, always false. */
bool job_refuse_lost(struct job *j, bson_error_t *error);
/* A document of mm_control.owned is this job's. For control_owned. */
bool job_note_owned(void *job, const bson_t *doc);
void job_forget_owned(struct job *j);

#endif
