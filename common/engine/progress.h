/* engine: saves with the job how far a load is (mm-load), so that it can be
 * gone on with: engine/resume.h.
 *
 * Blocks are acknowledged in any order; a part is as far as the last block
 * before which none is missing. A thread of its own writes what is new, one
 * command at a time. Whoever inserts waits until his block before the last is
 * saved, so that a killed load has done at most two blocks a thread in vain.
 */
#ifndef MM_ENGINE_PROGRESS_H
#define MM_ENGINE_PROGRESS_H

#include "mongo/job.h"
#include "stream/stream.h"

struct progress;
struct progress_coll;

/* Borrows the job. */
struct progress *progress_new(struct job *j);
/* Saves what is left and frees all; false: the first error. p may be NULL. */
bool progress_end(struct progress *p, bson_error_t *error);
/* A collection of so many parts whose progress is saved with namespace ns
 * (borrowed) of the target. */
struct progress_coll *progress_add(
    struct progress *p, const char *ns, size_t parts);
/* A block is acknowledged; gives a number to wait for. Not thread by thread:
 * any may call. */
uint64_t progress_note(
    struct progress *p, struct progress_coll *c, const struct block_view *b);
/* All of the collection is acknowledged. */
void progress_done(struct progress *p, struct progress_coll *c);
/* Until everything up to that number is saved. False: error is set. */
bool progress_wait(struct progress *p, uint64_t number, bson_error_t *error);

#endif
