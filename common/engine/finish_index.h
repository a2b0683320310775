/* engine: what a job holds back is made as it is to be (mm-load
 * --finish-indexes), by a program that holds its lease.
 */
#ifndef MM_ENGINE_FINISH_INDEX_H
#define MM_ENGINE_FINISH_INDEX_H

#include "mongo/job.h"

struct finish_opts {
	struct conn *conn;
	struct job *job;
	bool wake; /* TTL indexes get their lifetime as well */
	int jobs;  /* collections at a time; 1 with enter and leave */
	/* Around the work on one collection, where an applier is at work; may
	 * be NULL. leave only after an enter that was true. */
	bool (*enter)(void *arg, const char *ns, bson_error_t *error);
	void (*leave)(void *arg, const char *ns);
	void *arg;
};

struct finish_result {
	int64_t built, woken, n_refused;
	bson_t refused; /* lines for people: engine/duplicates.h */
};

void finish_result_init(struct finish_result *r);
void finish_result_release(struct finish_result *r);

/* Builds the unique indexes that the job holds back, and what was being built
 * when an applier ended; with wake also gives TTL indexes their lifetime, from
 * which moment on the target deletes by itself. What is done is no longer held
 * back. Status 1: some could not be built because of duplicates, all others
 * are done; 9: stopped by a signal. */
bool finish_indexes(const struct finish_opts *opts, struct finish_result *out,
    bson_error_t *error);

#endif
