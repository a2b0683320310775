/* The way back is armed before the target opens, and ended before one side is
 * followed by the other again: never are both directions at work while
 * somebody writes, or an older value would come back over a newer one. What
 * says so is the phase of each job, wherever its applier runs. */
#include "engine/switch_work.h"
#include "mongo/catalog.h"
#include "mongo/job_switch.h"

bool
switch_back_programs(struct switcher *s, bson_error_t *error)
{
	if (!s->turned) {
		*error = s->no_turn;
		return false;
	}
	if (!s->back)
		s->back = back_new(
		    &(struct back_opts){.dir = s->dir,
			.job = s->back_job,
			.r0 = switch_log_position(s->log, "r0"),
			.turned = s->turned,
			.uri = {s->uri[SIDE_SOURCE], s->uri[SIDE_TARGET]},
			.flags = {&source_flags, &target_flags}},
		    error);
	return s->back;
}

/* Nobody writes for the job of the way back. */
static enum ready
alone(struct switcher *s, bson_error_t *error)
{
	bson_t doc;
	int got = job_peek(s->src, s->back_job, &doc, error);

	bson_destroy(&doc);
	if (got <= 0)
		return got < 0 ? READY_NEVER : READY_YES;
	return ready_alone(&s->back_ready, error);
}

enum ready
switch_disarm(struct switcher *s, bson_error_t *error)
{
	enum ready r;

	if (s->back)
		back_end(s->back);
	if (!job_retire(s->src, s->back_job, error))
		return READY_NEVER;
	r = alone(s, error);
	/* Once more: whoever was just beginning has ended now. */
	if (r == READY_YES && !job_retire(s->src, s->back_job, error))
		r = READY_NEVER;
	return r;
}

/* The job is that of this attempt: 1; of an earlier one, or none: 0; -1. It
 * has taken what is on the source: *taken. */
static int
of_this_attempt(struct switcher *s, bool *taken, bson_error_t *error)
{
	struct optime r0 = switch_log_position(s->log, "r0"), from;
	struct job_checkpoint cp;
	bson_iter_t it;
	bson_t doc;
	int got = job_peek(s->src, s->back_job, &doc, error);

	if (got > 0)
		got = job_doc_phase(&doc) != JOB_SWITCHED &&
		    (!optime_read(&doc, "from", &from) ||
			optime_same(from, r0));
	*taken = got > 0 && !bson_iter_init_find(&it, &doc, "adopting") &&
	    job_doc_checkpoint(&doc, &cp) && optime_cmp(cp.applied, r0) >= 0;
	bson_destroy(&doc);
	return got;
}

/* What an earlier attempt has left. */
static enum ready
clear(struct switcher *s, bson_error_t *error)
{
	enum ready r = switch_disarm(s, error);

	if (r == READY_YES && !job_forget(s->src, s->back_job, error))
		r = READY_NEVER;
	return r;
}

static enum ready
not_yet(bson_error_t *error, const char *what)
{
	error_set(error, MM_EXIT_NO, 0, "%s", what);
	return READY_NOT;
}

/* ----------------------------------------------------------------- rights */

enum { TRIED = 100 };

/* An update that matches nothing and makes nothing. */
static bool
may_write(struct conn *c, const char *ns, bson_error_t *error)
{
	bson_t cmd = BSON_INITIALIZER;
	char db[NS_MAX + 1];
	const char *coll;
	bson_oid_t oid;
	bool ok;

	if (!ns_split(ns, db, &coll))
		return true;
	bson_oid_init(&oid, NULL);
	BCON_APPEND(&cmd, "update", BCON_UTF8(coll), "updates", "[", "{", "q",
	    "{", "_id", BCON_OID(&oid), "}", "u", "{", "$unset", "{", "mm",
	    BCON_INT32(1), "}", "}", "}", "]");
	ok = conn_command(c, db, &cmd, NULL, error);
	bson_destroy(&cmd);
	return ok ||
	    error_prefix(error,
		"the account on the source may not write to "
		"\"%s\"",
		ns);
}

bool
switch_may_arm(struct switcher *s, bson_error_t *error)
{
	struct coll_list colls = {0};
	bool ok = catalog_list(s->src, s->rules, false, &colls, error) &&
	    may_write(s->src, "mm_control.jobs", error);

	for (size_t i = 0; ok && i < colls.n && i < TRIED; i++)
		if (colls.item[i].type != COLL_VIEW)
			ok = may_write(s->src, colls.item[i].ns, error);
	coll_list_release(&colls);
	if (ok && !s->turned) {
		*error = s->no_turn;
		ok = false;
	}
	return ok;
}

/* -------------------------------------------------------------------- arm */

enum ready
switch_arm(struct switcher *s, bson_error_t *error)
{
	bool taken = false;
	enum ready r;
	int got;

	if (!s->armed) {
		if ((got = of_this_attempt(s, &taken, error)) < 0)
			return READY_NEVER;
		if (got == 0 && (r = clear(s, error)) != READY_YES)
			return r;
		s->armed = true;
	}
	if (!switch_back_programs(s, error) || !back_keep(s->back, error))
		return READY_NEVER;
	if (back_elsewhere(s->back))
		return not_yet(error,
		    "the programs of the way back are kept by another "
		    "mm-switch (back.lock)");
	if ((got = of_this_attempt(s, &taken, error)) < 0)
		return READY_NEVER;
	return got > 0 && taken && back_runs(s->back)
	    ? READY_YES
	    : not_yet(error, "the way back has not begun yet");
}
