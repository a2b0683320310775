/* engine: index builds beside an applier, and what mm-load --finish-indexes
 * asks of it.
 *
 * One thread with a connection of its own. It builds what the reader of the
 * log hands it, in that order, and looks once a second for a request in the job
 * document. For a unique index it stops the reader and drains the lanes for a
 * moment, so that the collection gets one lane in log order before the build
 * begins; everything is applied on while it lasts. A build that was begun
 * stands in the job until it is done (engine/held_build.h).
 *
 * All functions are for the reader's thread.
 */
#ifndef MM_ENGINE_BUILDS_H
#define MM_ENGINE_BUILDS_H

#include "engine/lanes.h"
#include "engine/target.h"

struct builds_opts {
	struct server *server;
	struct job *job;
	struct lanes *lanes;
	struct targets *targets;
	bool begin_left; /* builds that a run before has left are begun */
};

struct builds;

/* Starts the thread, and what is left from before. */
struct builds *builds_new(const struct builds_opts *opts, bson_error_t *error);
/* Around everything that routes entries or touches lanes and targets. changed:
 * targets may have changed since the last time, none is to be kept. settled:
 * nothing of the log may be applied a second time any more; a unique index is
 * not built before. */
void builds_enter(struct builds *b, bool *changed);
void builds_leave(struct builds *b, bool settled);
/* What the job lists for the namespace is to be built (held_build). The lanes
 * have all that was before. */
void builds_add(struct builds *b, const char *ns, struct optime at);
/* Between enter and leave, with the lanes drained: waits until nothing is
 * being built for the namespace, or the database, or (NULL) at all. Others may
 * enter meanwhile. False: a lane, or a build, has failed. */
bool builds_wait(struct builds *b, const char *ns, bson_error_t *error);
/* Waits for all builds, then ends the thread. A build that fails has failed the
 * lanes. May be called twice. */
void builds_stop(struct builds *b);
void builds_free(struct builds *b);

#endif
