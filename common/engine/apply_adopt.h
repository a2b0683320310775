/* engine: a copy of one's own as the start of a job: an archive of mongodump
 * that was restored, a snapshot of disks.
 */
#ifndef MM_ENGINE_APPLY_ADOPT_H
#define MM_ENGINE_APPLY_ADOPT_H

#include "engine/grant.h"
#include "mongo/job.h"

/* What the user says of the copy. */
struct adopt_copy {
	struct optime from; /* everything at or before it is in the copy */
	struct optime to;   /* nothing after it is */
};

/* Of an open job. A new one: loaded, checkpoint at `from`, replay rules up to
 * `to`; every collection of the selection that is on the target is the job's
 * from then on, lifetimes (TTL) are put to sleep as in mm-load. The same copy
 * again: true, and what an earlier run has left undone is done. Status 8: a
 * job that began with anything else; a collection of another job.
 * source: of the log, may be empty. */
bool apply_adopt(struct conn *c, struct job *j, const struct adopt_copy *copy,
    const bson_t *source, const struct grant *g, bson_error_t *error);

#endif
