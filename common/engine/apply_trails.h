/* engine: ledger and journal of an applier, for its job. */
#ifndef MM_ENGINE_APPLY_TRAILS_H
#define MM_ENGINE_APPLY_TRAILS_H

#include "engine/journal.h"
#include "engine/ledger.h"
#include "mongo/job.h"

struct apply_trails {
	struct ledger *ledger;
	struct journal *journal; /* NULL: none */
};

/* Directories may be NULL. On error nothing is left open. */
bool apply_trails_open(struct apply_trails *t, const struct job *job,
    const char *ledger, const char *journal, bson_error_t *error);
/* Both are on the disk: for checkpoint_opts.durable. */
bool apply_trails_sync(
    void *trails, struct job_checkpoint *cp, bson_error_t *error);
/* Ends both; always frees. The first error counts. */
bool apply_trails_close(struct apply_trails *t, bson_error_t *error);

#endif
