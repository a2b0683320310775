/* mongo: inside of a job: what job.c (the document), job_owned.c (what it owns)
 * and job_adopt.c share. For these only.
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
	struct owned {
		char *ns;
		bool kept;
		struct optime from; /* of the load that kept it last */
	} * owned;
	size_t n_owned;
	atomic_bool switched; /* mongo/job_switch.h */
};

/* A document of the job was read. */
void job_note_phase(struct job *j, const bson_t *doc);
/* The lease is still ours and the phase switched: 1, 0, -1. */
int job_find_switched(struct job *j, bson_error_t *error);

/* Status 8, always false. */
bool job_refuse_lost(struct job *j, bson_error_t *error);
/* A document of mm_control.owned is this job's. For control_owned. */
bool job_note_owned(void *job, const bson_t *doc);
void job_forget_owned(struct job *j);
/* Sets and unsets fields under the lease, in the copy at hand, too. */
bool job_put(
    struct job *j, const bson_t *set, const bson_t *unset, bson_error_t *error);
void job_append_checkpoint(bson_t *set, const struct job_checkpoint *cp);

#endif
