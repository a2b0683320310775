/* engine: inside of engine/switch_after.h: the work of its states. */
#ifndef MM_ENGINE_SWITCH_AFTER_WORK_H
#define MM_ENGINE_SWITCH_AFTER_WORK_H

#include "engine/switch_after.h"
#include "engine/switch_old.h"
#include "engine/switch_work.h"

struct after_opts {
	int64_t quiet_ms;
	const char *quarantine; /* NULL: as the journal says, or "readers" */
	bool undo;
	int64_t min_age_ms;
	const char *confirm;
	int64_t pace_ms, rate;
};
extern struct after_opts after;

/* Each does what is missing; false: status 4, 5: it may work later. */
typedef bool after_work(
    struct switcher *s, bson_t *fields, bson_error_t *error);

/* Nothing is red, nor was, and what is on the target is on the source. Status
 * 1: otherwise. */
bool finish_may(struct switcher *s, bson_error_t *error);
/* Nothing is sent back any more. May be called again. */
bool finish_end_back(struct switcher *s, bson_error_t *error);

/* What has to be in the record `committing`: TTL indexes that are put to
 * sleep. Nothing is changed. */
bool commit_plan(struct switcher *s, bson_t *fields, bson_error_t *error);
after_work commit_work;

/* {quarantine: "rename"}, or {quarantine: "readers", plan_readers}. Nothing is
 * changed. Status 8: a view of somebody else would miss the data. */
bool aside_plan(struct switcher *s, bson_t *fields, bson_error_t *error);
after_work aside_work, release_work;
/* No view outside of the selection reads the old data; else 8, by name. */
bool aside_views(struct switcher *s, bson_error_t *error);
/* The collection is called `to` now, and is the one of the list. *place: as
 * old_where. */
bool aside_move(struct switcher *s, const struct old_coll *o, bool back,
    int *place, bson_error_t *error);

/* Rights of readers: {plan_readers} for the journal (status 8: there are no
 * accounts); taken as it says, and given back. */
bool readers_plan(struct switcher *s, bson_t *fields, bson_error_t *error);
bool readers_stop(struct switcher *s, bson_error_t *error);
bool readers_let(struct switcher *s, bson_error_t *error);

/* All that has to be so before the first collection is deleted. Status 8. */
bool delete_may(struct switcher *s, bson_error_t *error);
after_work delete_work;

bool cleanup_all(struct switcher *s, bson_error_t *error);

#endif
