/* engine: how far the applier is, read from its job while others wait for it.
 */
#ifndef MM_ENGINE_VERIFY_APPLIED_H
#define MM_ENGINE_VERIFY_APPLIED_H

#include "mongo/job.h"

/* What one read of the job says. */
struct applied {
	struct job_checkpoint cp;
	enum job_phase phase;
	/* The target's time of this read, seconds and increment; null: not
	 * known. A later read that waits for it sees at least all that the
	 * checkpoint speaks of, also on a new primary. */
	struct optime target;
};

/* 1, 0: no such job, or one without a checkpoint; -1 error. */
int applied_read(struct conn *target, const char *job, struct applied *a,
    bson_error_t *error);
/* Reads it until it is at or after `to`, for ms at most; then true with what
 * it is. False: error, status 9 after a stop signal. */
bool applied_wait(struct conn *target, const char *job, struct optime to,
    int ms, struct applied *a, bson_error_t *error);
/* Fields of a find that reads at majority and not before a->target. Appended
 * to `more`. */
void applied_after(const struct applied *a, bson_t *more);

#endif
