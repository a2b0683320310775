/* engine: how far an applier is, saved in the job document.
 *
 * The reader names boundaries, positions between whole groups; a boundary is
 * reached when every entry before it is acknowledged. A thread saves the
 * newest one that is reached: at once when nothing is left to apply (at most
 * ten times a second), else once a second while entries are applied, every few
 * seconds while only positions move. It also keeps position and lag in the
 * status file.
 */
#ifndef MM_ENGINE_CHECKPOINT_H
#define MM_ENGINE_CHECKPOINT_H

#include "engine/lanes.h"
#include "mongo/job.h"

struct boundary {
	struct optime at, read_from;
	int64_t wall; /* ms since 1970: the source's state of then is in */
	bool awaited; /* somebody waits for it: saved as soon as reached */
};

struct checkpoint_opts {
	struct job *job;
	struct job_checkpoint start;
	int64_t exit_lag_ms; /* ask for a stop when the lag is that small;
				-1: never */
	const char *journal; /* epoch of the one that is kept; NULL: none */
	/* Called before each save, may set journal_file; may be NULL. */
	bool (*durable)(
	    void *arg, struct job_checkpoint *cp, bson_error_t *error);
	void *arg;
};

struct checkpoint;

struct checkpoint *checkpoint_new(const struct checkpoint_opts *opts);
/* The lanes exist after it, because they call checkpoint_acked. */
bool checkpoint_start(
    struct checkpoint *c, struct lanes *lanes, bson_error_t *error);
/* Everything sent to the lanes so far is at or before b->at. */
void checkpoint_boundary(struct checkpoint *c, const struct boundary *b);
/* Replay rules have to hold up to here when it starts again. */
void checkpoint_seen(struct checkpoint *c, struct optime seen);
/* Reader: before an entry is sent that a program killed later may have written
 * without a checkpoint that says so. Saved ahead, as far as `seen` or for some
 * minutes of the log at a time, so that the next run does not take its own
 * writes for strange, and with it where they are journaled. */
bool checkpoint_promise(
    struct checkpoint *c, struct optime at, bson_error_t *error);
/* Everything sent is at or before what is reached: no promise is needed. */
void checkpoint_kept(struct checkpoint *c);
/* Lanes: something was acknowledged. */
void checkpoint_acked(void *checkpoint);
/* Saves what is reached, now. */
bool checkpoint_save(struct checkpoint *c, bson_error_t *error);
/* The same, and with it what is about to be done to the catalog; NULL: that is
 * done. All lanes stand still. */
bool checkpoint_save_intent(
    struct checkpoint *c, const bson_t *intent, bson_error_t *error);
/* The newest one that was saved. */
struct optime checkpoint_saved(struct checkpoint *c);
/* Ends the thread. */
void checkpoint_stop(struct checkpoint *c);
void checkpoint_free(struct checkpoint *c);

#endif
