/* The work of the states on the way to the target. Each looks at the world
 * first: it may have been done by a run that was killed. */
#include <string.h>

#include "base/clock.h"
#include "base/msg.h"
#include "engine/switch_work.h"
#include "mongo/fence.h"
#include "mongo/job_switch.h"

enum { MARK_MS = 50 };

const bson_t *
switch_plan(const struct switcher *s, enum side side, bson_t *view)
{
	bool found = side == SIDE_SOURCE
	    ? switch_log_doc(s->log, "plan_source", view)
	    : switch_log_newest(s->log, "plan_target", view);

	if (!found)
		bson_init(view);
	return view;
}

/* The target first, to applications: they find it closed until it is opened
 * to them. */
static bool
close_both(struct switcher *s, bson_error_t *error)
{
	char token[BLOCK_TOKEN];
	bson_t plan;

	if (!s->shut &&
	    !block_close(s->block, SIDE_TARGET,
		switch_plan(s, SIDE_TARGET, &plan), token, error))
		return false;
	s->shut = true;
	if (s->closing_us == 0)
		s->closing_us = bson_get_monotonic_time();
	return block_close(s->block, SIDE_SOURCE,
	    switch_plan(s, SIDE_SOURCE, &plan), s->token, error);
}

static const bson_t *
lifetimes(const struct switcher *s, bson_t *view)
{
	if (!switch_log_doc(s->log, "lifetimes", view))
		bson_init(view);
	return view;
}

/* Nothing of the source expires any more, and the target has heard of it: that
 * need not be waited for while writes are blocked. */
static enum ready
quieten(struct switcher *s, bson_error_t *error)
{
	bson_t list;
	enum ready r;

	if (s->quiet || bson_empty(lifetimes(s, &list)))
		return READY_YES;
	if (optime_is_null(s->quiet_at) &&
	    (!lifetimes_sleep(s->src, &list, error) ||
		!fence_write(s->src, s->job, &s->quiet_at, error)))
		return READY_NEVER;
	r = ready_drained(&s->ready, s->quiet_at, error);
	if (r == READY_YES)
		r = ready_to_block(&s->ready, error);
	s->quiet = r == READY_YES;
	return r;
}

enum ready
switch_do_blocking(struct switcher *s, bson_t *fields, bson_error_t *error)
{
	enum ready r = quieten(s, error);

	if (r != READY_YES)
		return r;
	if (s->closed_us == 0) {
		if (!close_both(s, error))
			return READY_NEVER;
		s->closed_us = bson_get_monotonic_time();
	}
	BSON_APPEND_UTF8(fields, "token", s->token);
	return switch_none_open(s, SIDE_SOURCE, error);
}

bool
switch_same_block(struct switcher *s, enum side side, bson_error_t *error)
{
	char token[BLOCK_TOKEN];
	bson_t plan;
	int got = block_probe(
	    s->block, side, switch_plan(s, side, &plan), token, error);

	if (got < 0)
		return false;
	return (got == 1 &&
		   strcmp(token, switch_log_text(s->log, "token")) == 0) ||
	    error_set(error, MM_EXIT_REFUSED, 0,
		"somebody has let applications write to the %s",
		side_name(side));
}

/* Nobody has begun to use it before its time. */
static bool
target_shut(struct switcher *s, bson_error_t *error)
{
	char token[BLOCK_TOKEN];
	bson_t plan;
	int got;

	if (s->rehearses && !s->arms) /* it is not closed yet */
		return true;
	got = block_probe(s->block, SIDE_TARGET,
	    switch_plan(s, SIDE_TARGET, &plan), token, error);
	if (got != 0)
		return got == 1;
	error->domain = MM_ERR_DOMAIN + MM_EXIT_REFUSED;
	return error_prefix(
	    error, "somebody has let applications write to the target");
}

enum ready
switch_do_blocked(struct switcher *s, bson_t *fields, bson_error_t *error)
{
	struct optime fence;

	if (!target_shut(s, error) ||
	    !switch_same_block(s, SIDE_SOURCE, error) ||
	    !fence_write(s->src, s->job, &fence, error))
		return READY_NEVER;
	optime_append(fields, "fence", fence);
	return READY_YES;
}

/* What mm-diff reads counts up to where the log is known, and where others
 * write, too, that is the last mark: there is one more while it is waited
 * for. */
static bool
mark_on(struct switcher *s, bson_error_t *error)
{
	int64_t now = clock_ms();
	struct optime at;

	if (now - s->marked_ms < MARK_MS)
		return true;
	s->marked_ms = now;
	return fence_write(s->src, s->job, &at, error);
}

enum ready
switch_do_fenced(struct switcher *s, bson_t *fields, bson_error_t *error)
{
	struct optime fence = switch_log_position(s->log, "fence");
	enum ready r = switch_no_late(s, SIDE_SOURCE, error);
	bson_error_t why;

	(void)fields;
	if (r != READY_NEVER)
		r = ready_drained(&s->ready, fence, error);
	if (r != READY_YES)
		return r;
	r = ready_verified(&s->ready, fence, error);
	if (r == READY_NOT && !mark_on(s, &why)) {
		*error = why;
		r = READY_NEVER;
	}
	return r;
}

/* Nothing but what applications write comes after it. */
enum ready
switch_do_verified(struct switcher *s, bson_t *fields, bson_error_t *error)
{
	struct optime r0;

	if (!fence_write(s->tgt, s->job, &r0, error))
		return READY_NEVER;
	optime_append(fields, "r0", r0);
	return READY_YES;
}

bool
switch_address_is(struct switcher *s, bool of_target, bson_error_t *error)
{
	struct address_state now;

	return address_get(s->address, &now, error) &&
	    (now.held == (of_target ? ADDRESS_NEW : ADDRESS_OLD) ||
		error_set(error, MM_EXIT_REFUSED, 0,
		    "the address is not the %s one at every endpoint: %s%s%s",
		    of_target ? "new" : "old", address_held_text(now.held),
		    now.first[0] ? ": " : "", now.first));
}

enum ready
switch_do_armed(struct switcher *s, bson_t *fields, bson_error_t *error)
{
	enum ready r;

	(void)fields;
	/* Nothing comes back while applications may write to the source. */
	if (!s->armed && !switch_same_block(s, SIDE_SOURCE, error))
		return READY_NEVER;
	r = switch_arm(s, error);
	if (r == READY_YES &&
	    (!switch_address_is(s, false, error) ||
		!switch_same_block(s, SIDE_SOURCE, error)))
		r = READY_NEVER;
	s->looked = r == READY_YES;
	return r == READY_YES ? switch_no_late(s, SIDE_SOURCE, error) : r;
}

/* A module looks by itself before it changes anything. */
bool
switch_move_address(struct switcher *s, bool back, bson_error_t *error)
{
	struct address_state now = {.held = ADDRESS_OLD};
	bool looked = s->looked;
	bson_error_t why;
	bool ok;

	if (back)
		address_turn(s->address);
	s->looked = false;
	ok = (looked || address_get(s->address, &now, error)) &&
	    (now.held == ADDRESS_NEW || address_set(s->address, &now, error));
	if (ok && !address_drain(s->address, &why))
		msg_warn("%s", why.message);
	if (back)
		address_turn(s->address);
	return ok;
}

/* Before applications write to the target nobody writes there for the job any
 * more: that would come back to the source. Until then the programs of the way
 * back are kept. */
enum ready
switch_do_switching(struct switcher *s, bson_t *fields, bson_error_t *error)
{
	bson_t plan, list;
	struct optime at;
	enum ready r;

	(void)fields;
	if (s->back && !back_keep(s->back, error))
		return READY_NEVER;
	if (!s->alone) {
		if (!job_switch(s->tgt, s->job, error))
			return READY_NEVER;
		/* It looks at its job at once when it passes a fence. */
		if (!s->told &&
		    !(s->told = fence_write(s->src, s->job, &at, error)))
			return READY_NEVER;
		if ((r = ready_alone(&s->ready, error)) != READY_YES)
			return r;
		s->alone = true;
	}
	return lifetimes_wake(s->tgt, lifetimes(s, &list), s->rules, error) &&
		block_open(s->block, SIDE_TARGET,
		    switch_plan(s, SIDE_TARGET, &plan), error) &&
		switch_move_address(s, false, error)
	    ? READY_YES
	    : READY_NEVER;
}

/* What comes back must have ended before: it would come back over what
 * applications are about to write. */
enum ready
switch_do_unblocking(struct switcher *s, bson_t *fields, bson_error_t *error)
{
	bson_t plan, list;
	enum ready r = READY_YES;

	(void)fields;
	switch_late_over(s);
	if (!optime_is_null(switch_log_position(s->log, "r0")))
		r = switch_disarm(s, error);
	if (r != READY_YES)
		return r;
	if (!block_open(s->block, SIDE_SOURCE,
		switch_plan(s, SIDE_SOURCE, &plan), error))
		return READY_NEVER;
	s->opened_us = bson_get_monotonic_time();
	return lifetimes_wake(s->src, lifetimes(s, &list), NULL, error)
	    ? READY_YES
	    : READY_NEVER;
}
