#include "engine/switch_after.h"

#include <stdio.h>
#include <string.h>

#include "base/msg.h"
#include "base/sig.h"
#include "base/status.h"
#include "engine/switch_after_work.h"
#include "engine/switch_left.h"

enum {
	MINUTE_MS = 60000,
	DAY_MS = 86400000,
	TRIES = 10,
	TRY_MS = 500 /* the first pause; each is as much longer */
};

struct after_opts after = {
    .quiet_ms = 10 * MINUTE_MS, .min_age_ms = 7ll * DAY_MS, .pace_ms = 1000};

static const struct opt rows[] = {
    {0, "quiet-for", "SECONDS", OPT_SECONDS, &after.quiet_ms,
	"with finish: time without a red line (10m)"},
    {0, "quarantine", "HOW", OPT_CHOICE, &after.quarantine,
	"with quarantine: rename, or take readers' rights (readers)",
	.choices = "readers|rename"},
    {0, "undo", NULL, OPT_FLAG, &after.undo,
	"with quarantine: put the old data back in reach"},
    {0, "min-age", "SECONDS", OPT_SECONDS, &after.min_age_ms,
	"with delete-source: time since the way back was given up (7d)"},
    {0, "confirm", "TEXT", OPT_TEXT, &after.confirm,
	"what has to be typed: with delete-source \"delete JOB\""},
    {0, "pace", "SECONDS", OPT_SECONDS, &after.pace_ms,
	"with quarantine, delete-source: pause after each collection (1)", 0,
	3600000},
    {0, "rate-limit", "BYTES", OPT_BYTES, &after.rate,
	"bytes a second read for digests of the old data (no limit)"},
};

const struct opt_group after_options = OPT_GROUP("After the switch", rows);

/* ------------------------------------------------------------------- states */

static bool
passing(const bson_error_t *error)
{
	enum mm_exit status = error_status(error);

	return status == MM_EXIT_SOURCE || status == MM_EXIT_TARGET;
}

/* The work of the state of the journal, and the record of its end. */
static bool
carry_out(struct switcher *s, after_work *work, bson_error_t *error)
{
	enum switch_state state = switch_log_state(s->log);
	bson_t fields = BSON_INITIALIZER;
	int tries = 0;
	bool ok;

	status_state(switch_state_text(state));
	while (!(ok = work(s, &fields, error)) && passing(error) &&
	    ++tries < TRIES && sig_sleep(tries * TRY_MS))
		bson_reinit(&fields);
	ok = ok && switch_note(s, switch_next(state), &fields, error);
	bson_destroy(&fields);
	return ok;
}

/* ------------------------------------------------------------------- finish */

bool
switch_finish(struct switcher *s, bson_error_t *error)
{
	enum switch_state state = switch_log_state(s->log);
	bson_t fields = BSON_INITIALIZER;
	bool ok = true;

	if (state == SWITCH_SWITCHED)
		ok = finish_may(s, error) && commit_plan(s, &fields, error) &&
		    switch_note(s, SWITCH_COMMITTING, &fields, error);
	else if (state < SWITCH_COMMITTING)
		ok = switch_refuse(s, COMMAND_FINISH, error);
	bson_destroy(&fields);
	if (ok && switch_log_state(s->log) == SWITCH_COMMITTING)
		ok = carry_out(s, commit_work, error);
	if (ok)
		msg_info("finished: there is no way back any more");
	return ok;
}

/* --------------------------------------------------------------- quarantine */

static bool
release(struct switcher *s, bson_error_t *error)
{
	enum switch_state state = switch_log_state(s->log);

	if (state == SWITCH_COMMITTED) {
		msg_info("the old data are in reach");
		return true;
	}
	if (!switch_legal(state, COMMAND_RELEASE))
		return switch_refuse(s, COMMAND_RELEASE, error);
	return (state == SWITCH_RELEASING ||
		   switch_note(s, SWITCH_RELEASING, NULL, error)) &&
	    carry_out(s, release_work, error);
}

/* What stands in the journal cannot be changed but by its undo. */
static bool
same_way(const struct switcher *s, bson_error_t *error)
{
	const char *is = switch_log_text(s->log, "quarantine");

	return !after.quarantine || strcmp(after.quarantine, is) == 0 ||
	    error_set(error, MM_EXIT_REFUSED, 0,
		"the quarantine is of the other kind: \"%s\"", is);
}

bool
switch_quarantine(struct switcher *s, bson_error_t *error)
{
	enum switch_state state = switch_log_state(s->log);
	bson_t fields = BSON_INITIALIZER;
	bool ok;

	if (after.undo) {
		bson_destroy(&fields);
		return release(s, error);
	}
	if (state == SWITCH_COMMITTED)
		ok = aside_plan(s, &fields, error) &&
		    switch_note(s, SWITCH_QUARANTINING, &fields, error);
	else if (state == SWITCH_QUARANTINED || state == SWITCH_QUARANTINING)
		ok = same_way(s, error);
	else
		ok = switch_refuse(s, COMMAND_QUARANTINE, error);
	bson_destroy(&fields);
	if (ok && switch_log_state(s->log) == SWITCH_QUARANTINING)
		ok = carry_out(s, aside_work, error);
	if (ok)
		msg_info("the old data are in quarantine");
	return ok;
}

/* ----------------------------------------------------------------- deletion */

bool
switch_delete_source(struct switcher *s, bson_error_t *error)
{
	enum switch_state state = switch_log_state(s->log);

	if (state == SWITCH_DELETED)
		return left_list(s, error);
	if (!switch_legal(state, COMMAND_DELETE_SOURCE))
		return switch_refuse(s, COMMAND_DELETE_SOURCE, error);
	status_state("verifying");
	return delete_may(s, error) &&
	    (state == SWITCH_DELETING ||
		switch_note(s, SWITCH_DELETING, NULL, error)) &&
	    carry_out(s, delete_work, error) && left_list(s, error);
}

/* ------------------------------------------------------------------ cleanup */

bool
switch_cleanup(struct switcher *s, bson_error_t *error)
{
	if (!switch_legal(switch_log_state(s->log), COMMAND_CLEANUP))
		return switch_refuse(s, COMMAND_CLEANUP, error);
	return cleanup_all(s, error);
}
