/* engine: the leading thread of a comparison under writes; private to
 * verify_run.c, which starts and ends it, and verify_stage.c, which knows where
 * it stands. */
#ifndef MM_ENGINE_VERIFY_LEAD_H
#define MM_ENGINE_VERIFY_LEAD_H

#include "engine/verify_state.h"

enum { CHECKERS = 2, LOOK_MIN_MS = 1000 };

enum stage {
	STAGE_COMPARING,
	STAGE_TELLING, /* what differs is looked at once more, and told */
	STAGE_LAST,    /* what cannot be decided, as it stands */
	STAGE_DONE
};

struct lead {
	struct verify v;
	struct bracket b;
	struct state *state; /* NULL: none */
	int64_t saved_ms, save_every_ms;
	struct optime told; /* of proven, in the status file at once */
	int64_t told_ms;
	pthread_t checker[CHECKERS];
	size_t n_checkers;
	enum stage stage;
	bool started, stalled, signalled;
	bool scanned;         /* generation 0 */
	struct optime goal;   /* this stage ends when all up to it is settled */
	struct optime proven; /* for the status, only grows */
	bool catalogs_due;
	int catalog_rounds;
	struct optime applied; /* when it was last seen to move */
	int64_t applied_ms, applied_read_ms, look_ms, look_every_ms;
	int64_t sync_since; /* seconds since 1970; 0: not in sync */
	int64_t generation;
};

/* Ends the first reading when it is done. */
bool lead_end_generation(struct lead *l, bson_error_t *error);
/* The catalogs, when they are due. */
bool lead_catalogs(struct lead *l, bson_error_t *error);
bool lead_watch_applier(struct lead *l, bson_error_t *error);
/* From stage to stage. */
bool lead_step(struct lead *l, bson_error_t *error);
void lead_status(struct lead *l);
/* Differences that stand. */
int64_t lead_differences(struct lead *l);

#endif
