#include "engine/switch_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/msg.h"
#include "base/sig.h"
#include "base/status.h"
#include "engine/switch_work.h"

enum {
	POLL_MS = 5, /* a while, as applications wait */
	POLL_SLOW_MS = 20,
	SLOW_AFTER_MS = 1000,
	AGAIN_MS = 200,
	/* For what has to be brought to its end; longer than a lease. */
	PATIENCE_MS = 150000
};

static enum ready
work(struct switcher *s, enum switch_state state, bson_t *fields,
    bson_error_t *error)
{
	switch (state) {
	case SWITCH_BLOCKING:
		return switch_do_blocking(s, fields, error);
	case SWITCH_BLOCKED:
		return switch_do_blocked(s, fields, error);
	case SWITCH_FENCED:
		return switch_do_fenced(s, fields, error);
	case SWITCH_VERIFIED:
		return switch_do_verified(s, fields, error);
	case SWITCH_ARMED:
		return switch_do_armed(s, fields, error);
	case SWITCH_SWITCHING:
		return switch_do_switching(s, fields, error);
	case SWITCH_UNBLOCKING:
		return switch_do_unblocking(s, fields, error);
	case SWITCH_BACK_BLOCKING:
		return switch_do_back_blocking(s, fields, error);
	case SWITCH_BACK_BLOCKED:
		return switch_do_back_blocked(s, fields, error);
	case SWITCH_BACK_FENCED:
		return switch_do_back_fenced(s, fields, error);
	case SWITCH_BACK_SWITCHING:
		return switch_do_back_switching(s, fields, error);
	case SWITCH_BACK_RETURN:
		return switch_do_back_return(s, fields, error);
	default:
		error_set(error, MM_EXIT_INTERNAL, 0, "no work in state %s",
		    switch_state_text(state));
		return READY_NEVER;
	}
}

/* A clock that was set back ends an attempt, too. */
static bool
expired(const struct switcher *s)
{
	int64_t began = switch_log_began(s->log), now = clock_wall_ms();

	return now - began > atoll(switch_log_text(s->log, "deadline_ms")) ||
	    now < began;
}

/* It may work later. */
static bool
passing(const bson_error_t *error)
{
	enum mm_exit status = error_status(error);

	return status == MM_EXIT_SOURCE || status == MM_EXIT_TARGET;
}

bool
switch_note(struct switcher *s, enum switch_state next, const bson_t *fields,
    bson_error_t *error)
{
	if (!switch_log_add(s->log, next, fields, error))
		return false;
	msg_info("%s", switch_state_text(next));
	status_state(switch_state_text(next));
	return true;
}

/* The reason is told by the caller in the end. */
static bool
give_up(struct switcher *s, const bson_error_t *why, bson_error_t *error)
{
	enum switch_state next = switch_give_up(switch_log_state(s->log));
	bson_t fields = BSON_INITIALIZER;
	bool ok;

	msg_warn("the attempt is given up: %s", why->message);
	BSON_APPEND_UTF8(&fields, "why", why->message);
	ok = switch_note(s, next, &fields, error);
	bson_destroy(&fields);
	return ok;
}

/* Whether the work of a state is tried once more; error: why it is not. What
 * has to be brought to its end is tried for a while, whatever the reason. */
static bool
once_more(
    struct switcher *s, enum ready got, int64_t since, bson_error_t *error)
{
	bool back = switch_give_up(switch_log_state(s->log)) != SWITCH_NONE;
	bool may_pass = got == READY_NOT || passing(error);
	int64_t patience = may_pass ? PATIENCE_MS : s->o->deadline_ms;
	int64_t waited = clock_ms() - since;

	if (back && !may_pass)
		return false;
	if (sig_stopping())
		return error_set(
		    error, MM_EXIT_STOPPED, 0, "stopped by a signal");
	if (back && expired(s)) {
		error->domain = MM_ERR_DOMAIN + MM_EXIT_NO;
		return error_prefix(error, "not done in time");
	}
	if (!back && waited > patience)
		return error_prefix(
		    error, "not brought to its end (run mm-switch again)");
	sig_sleep(got != READY_NOT       ? AGAIN_MS
		: waited < SLOW_AFTER_MS ? POLL_MS
					 : POLL_SLOW_MS);
	return true;
}

/* One state; *next: what follows. */
static bool
one(struct switcher *s, bson_t *fields, bson_error_t *error)
{
	enum switch_state state = switch_log_state(s->log);
	int64_t since = clock_ms();
	enum ready got;

	if (switch_give_up(state) != SWITCH_NONE && expired(s))
		return error_set(
		    error, MM_EXIT_NO, 0, "the deadline has passed");
	do {
		bson_reinit(fields);
		got = work(s, state, fields, error);
	} while (got != READY_YES && once_more(s, got, since, error));
	return got == READY_YES;
}

/* A rehearsal goes back where the address would be next. */
static enum switch_state
following(const struct switcher *s, enum switch_state state)
{
	enum switch_state next = switch_next(state);

	return s->rehearses &&
		next == (s->arms ? SWITCH_SWITCHING : SWITCH_ARMED)
	    ? SWITCH_UNBLOCKING
	    : next;
}

bool
switch_go_on(struct switcher *s, bson_error_t *error)
{
	bson_error_t why = {0}, later;
	bson_t fields = BSON_INITIALIZER;
	enum switch_state state, began = switch_log_state(s->log);
	bool ok = true, gave_up = false;

	while (ok &&
	    switch_next(state = switch_log_state(s->log)) != SWITCH_NONE) {
		if (one(s, &fields, &later)) {
			ok =
			    switch_note(s, following(s, state), &fields, error);
		} else if (switch_give_up(state) != SWITCH_NONE) {
			why = later;
			gave_up = true;
			ok = give_up(s, &why, error);
		} else {
			ok = false;
			*error = later;
		}
	}
	bson_destroy(&fields);
	if (!ok || !gave_up)
		return ok;
	*error = why;
	return error_prefix(error,
	    began > SWITCH_UNBLOCKING ? "not moved back" : "not switched");
}

/* ---------------------------------------------------------------- commands */

bool
switch_add_plan(struct switcher *s, enum side side, const bson_t *recorded,
    bson_t *fields, bson_error_t *error)
{
	const char *key = side == SIDE_SOURCE ? "plan_source" : "plan_target";
	bson_t plan;
	bool ok = block_plan(s->block, side, recorded, &plan, error) &&
	    block_stops_all(&plan, side, error);

	if (ok)
		BSON_APPEND_DOCUMENT(fields, key, &plan);
	bson_destroy(&plan);
	return ok;
}

bool
switch_add_lifetimes(
    struct switcher *s, enum side side, bson_t *fields, bson_error_t *error)
{
	bool source = side == SIDE_SOURCE;
	bson_t list;
	bool ok = lifetimes_read(source ? s->src : s->tgt,
	    source ? s->rules : s->turned, &list, error);

	if (ok)
		BSON_APPEND_DOCUMENT(
		    fields, source ? "lifetimes" : "lifetimes_back", &list);
	bson_destroy(&list);
	return ok;
}

void
switch_add_deadline(struct switcher *s, bson_t *fields)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRId64, s->o->deadline_ms);
	BSON_APPEND_UTF8(fields, "deadline_ms", text);
	s->closed_us = 0;
}

static bool
begin(struct switcher *s, bson_error_t *error)
{
	bson_t fields = BSON_INITIALIZER, last;
	bool ok, closed = switch_log_newest(s->log, "plan_target", &last);

	switch_add_deadline(s, &fields);
	s->shut = false;
	ok = switch_may_begin(s, false, error) &&
	    switch_add_plan(
		s, SIDE_TARGET, closed ? &last : NULL, &fields, error) &&
	    switch_add_plan(s, SIDE_SOURCE, NULL, &fields, error) &&
	    switch_add_lifetimes(s, SIDE_SOURCE, &fields, error) &&
	    switch_note(s, SWITCH_BLOCKING, &fields, error);
	bson_destroy(&fields);
	return ok;
}

bool
switch_refuse(
    const struct switcher *s, enum switch_command command, bson_error_t *error)
{
	return error_set(error, MM_EXIT_REFUSED, 0,
	    "cannot %s: the state is %s", switch_command_text(command),
	    switch_state_text(switch_log_state(s->log)));
}

bool
switch_run(struct switcher *s, bson_error_t *error)
{
	enum switch_state state = switch_log_state(s->log);

	status_state(switch_state_text(state));
	if (state == SWITCH_SWITCHED) {
		msg_info("applications are on the target already");
		return true;
	}
	if (!switch_legal(state, COMMAND_RUN))
		return switch_refuse(s, COMMAND_RUN, error);
	if (state == SWITCH_UNBLOCKING && !switch_go_on(s, error))
		return false;
	if (switch_log_state(s->log) == SWITCH_SYNCING &&
	    !(switch_rehearsals_undo(s, error) && switch_await(s, error) &&
		begin(s, error)))
		return false;
	if (!switch_go_on(s, error))
		return false;
	msg_info("applications are on the target");
	return true;
}

/* An attempt is being given up already. */
static bool
going_back(enum switch_state state)
{
	return state == SWITCH_UNBLOCKING || state == SWITCH_BACK_RETURN;
}

bool
switch_rescue(struct switcher *s, bson_error_t *error)
{
	return switch_rehearsals_undo(s, error) && switch_put_back(s, error);
}

bool
switch_put_back(struct switcher *s, bson_error_t *error)
{
	enum switch_state state = switch_log_state(s->log);
	bson_error_t why;

	error_set(&why, MM_EXIT_OK, 0, "it was killed");
	if (switch_give_up(state) == SWITCH_NONE && !going_back(state)) {
		msg_info("the state is %s", switch_state_text(state));
		return true;
	}
	return (going_back(state) || give_up(s, &why, error)) &&
	    switch_go_on(s, error);
}

bool
switch_abort(struct switcher *s, bson_error_t *error)
{
	enum switch_state state = switch_log_state(s->log);
	bson_error_t why;

	if (!switch_rehearsals_undo(s, error))
		return false;
	if (state == SWITCH_SYNCING) {
		msg_info("there is nothing to give up");
		return true;
	}
	if (!going_back(state) && !switch_legal(state, COMMAND_ABORT))
		return switch_refuse(s, COMMAND_ABORT, error);
	error_set(&why, MM_EXIT_OK, 0, "mm-switch abort");
	return (going_back(state) || give_up(s, &why, error)) &&
	    switch_go_on(s, error);
}
