/* engine: mm-diff while both sides are written: its options, whether it can be
 * done here, and verify_run (engine/verify.h) with a report at its end.
 */
#ifndef MM_ENGINE_LIVE_H
#define MM_ENGINE_LIVE_H

#include "engine/compare.h"

/* --mode, --until-same, --follow, -D, --journal, --state, --wait, --rounds */
extern const struct opt_group live_options;

/* One of them says that it is to be done so. */
bool live_asked(void);

struct live {
	struct compare_opts compare; /* job may be NULL */
	/* Set by live_choose. */
	bool chosen;
	bool snapshot; /* chosen, and by compare_run */
	char job[128];
	struct optime at; /* of a snapshot: what the applier has reached */
	bool *undecided;
};

/* Sets chosen. Without --mode: there is a job with a checkpoint, and its log
 * can be read. Status 2: options that do not fit; 8: asked for, but it cannot
 * be done. */
bool live_choose(struct live *live, bson_error_t *error);
/* "bracket", "snapshot" or "static". */
const char *live_mode(const struct live *live);
/* COMPARE_STOPPED also where it cannot be decided yet: *undecided says that the
 * report is complete nevertheless. */
enum compare_got live_run(struct live *live, struct report *r,
    int64_t *differences, bool *undecided, bson_error_t *error);

#endif
