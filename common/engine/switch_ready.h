/* engine: whether the target holds what the source holds: by the job, by the
 * status file of mm-diff, and by that of the applier.
 */
#ifndef MM_ENGINE_SWITCH_READY_H
#define MM_ENGINE_SWITCH_READY_H

#include "base/optime.h"
#include "mongo/server.h"

struct ready_opts {
	struct conn *target;
	const char *job, *selection; /* selection: as mm-diff tells it */
	const char *diff_status, *apply_status;
};

enum ready {
	READY_NEVER = -1, /* not by waiting (8: the wrong thing is looked at);
			     or it could not be found out */
	READY_NOT,        /* not yet; error says what is missing */
	READY_YES
};

/* Before writes are blocked: applied with little lag, in sync, no index left
 * to build, nothing in the ledger. */
enum ready ready_to_block(const struct ready_opts *o, bson_error_t *error);
/* All up to the fence is applied. */
enum ready ready_drained(
    const struct ready_opts *o, struct optime fence, bson_error_t *error);
/* And compared after that, without a difference. */
enum ready ready_verified(
    const struct ready_opts *o, struct optime fence, bson_error_t *error);

/* mm-diff is at work and says that both sides are the same; fence: all that was
 * written up to there is compared; NULL: whenever. */
enum ready ready_compared(const struct ready_opts *o,
    const struct optime *fence, bson_error_t *error);

/* The job's applier has ended, and nobody else writes for the job. */
enum ready ready_alone(const struct ready_opts *o, bson_error_t *error);

/* No index of the job waits to be built. */
enum ready ready_built(const struct ready_opts *o, bson_error_t *error);

#endif
