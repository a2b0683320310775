/* engine: mm-load --finish-indexes: by ourselves, or by the applier at work.
 */
#ifndef MM_ENGINE_FINISH_RUN_H
#define MM_ENGINE_FINISH_RUN_H

#include "engine/finish_index.h"

/* Takes the job's lease and does it; where mm-oplog-apply holds it, leaves a
 * request in the job and waits for the answer, as long as the applier is there;
 * when it is gone, does it ourselves. Lines about duplicates are in *out.
 * jobs: so many collections at a time, where we do it.
 * Status 1: some unique indexes could not be built; 8: the job is not loaded,
 * is at a position up to which its log may be applied a second time, is written
 * by another program, or (wake) by an applier; 9: stopped, or the applier has
 * not taken the request in time; it is withdrawn then. */
bool finish_run(struct conn *c, const char *job, bool wake, int jobs,
    struct finish_result *out, bson_error_t *error);

#endif
