/* The work of the states on the way back to the source: the same as on the way
 * to the target, with the sides swapped; what applications wrote to the target
 * comes by the programs of engine/switch_back.h. */
#include "base/msg.h"
#include "engine/switch_work.h"
#include "mongo/fence.h"
#include "mongo/job_switch.h"

static const bson_t *
lifetimes(const struct switcher *s, bson_t *view)
{
	if (!switch_log_doc(s->log, "lifetimes_back", view))
		bson_init(view);
	return view;
}

/* Whoever keeps them: should he die, we do. */
static bool
keep(struct switcher *s, bson_error_t *error)
{
	return switch_back_programs(s, error) && back_keep(s->back, error);
}

static bool
close_target(struct switcher *s, bson_error_t *error)
{
	bson_t list, plan;

	if (s->closed_us != 0)
		return true;
	if (!lifetimes_sleep(s->tgt, lifetimes(s, &list), error) ||
	    !block_close(s->block, SIDE_TARGET,
		switch_plan(s, SIDE_TARGET, &plan), s->token, error))
		return false;
	s->closed_us = bson_get_monotonic_time();
	return true;
}

enum ready
switch_do_back_blocking(struct switcher *s, bson_t *fields, bson_error_t *error)
{
	if (!keep(s, error) || !close_target(s, error))
		return READY_NEVER;
	BSON_APPEND_UTF8(fields, "token", s->token);
	return switch_none_open(s, SIDE_TARGET, error);
}

enum ready
switch_do_back_blocked(struct switcher *s, bson_t *fields, bson_error_t *error)
{
	struct optime fence;

	if (!keep(s, error) || !switch_same_block(s, SIDE_TARGET, error) ||
	    !fence_write(s->tgt, s->job, &fence, error))
		return READY_NEVER;
	optime_append(fields, "fence_back", fence);
	return READY_YES;
}

/* An applier that somebody else keeps looks at its job at once when it passes a
 * fence, else within the second. */
static bool
tell(struct switcher *s, bson_error_t *error)
{
	struct optime at;

	s->told_back =
	    s->told_back || fence_write(s->tgt, s->back_job, &at, error);
	return s->told_back;
}

/* Everything is on the source, and the last thing that is written there is the
 * mark that the forward direction begins at. */
enum ready
switch_do_back_fenced(struct switcher *s, bson_t *fields, bson_error_t *error)
{
	struct optime fence = switch_log_position(s->log, "fence_back"), s0;
	enum ready r;

	if (!s->ended) {
		if (!keep(s, error))
			return READY_NEVER;
		r = switch_no_late(s, SIDE_TARGET, error);
		if (r != READY_NEVER)
			r = ready_drained(&s->back_ready, fence, error);
		if (r == READY_YES)
			r = ready_built(&s->back_ready, error);
		if (r != READY_YES)
			return r;
		if (!back_ledger_empty(s->back, error) ||
		    !switch_address_is(s, true, error) ||
		    !switch_same_block(s, SIDE_TARGET, error))
			return READY_NEVER;
		r = switch_no_late(s, SIDE_TARGET, error);
		if (r != READY_YES)
			return r;
		s->ended = s->looked = true;
	}
	if ((r = switch_disarm(s, error)) != READY_YES)
		return r == READY_NOT && !tell(s, error) ? READY_NEVER : r;
	if (!fence_write(s->src, s->job, &s0, error))
		return READY_NEVER;
	optime_append(fields, "s0", s0);
	return READY_YES;
}

/* Lifetimes come last: they are in the log after s0, and so reach the job. */
enum ready
switch_do_back_switching(
    struct switcher *s, bson_t *fields, bson_error_t *error)
{
	bson_t plan, list;

	(void)fields;
	if (!switch_adopt(s, switch_log_position(s->log, "s0"), error) ||
	    !block_open(s->block, SIDE_SOURCE,
		switch_plan(s, SIDE_SOURCE, &plan), error) ||
	    !switch_move_address(s, true, error) ||
	    !lifetimes_wake(s->src, lifetimes(s, &list), s->turned, error))
		return READY_NEVER;
	return READY_YES;
}

/* Applications first. The log of the target goes on where it was. */
enum ready
switch_do_back_return(struct switcher *s, bson_t *fields, bson_error_t *error)
{
	bson_t plan, list;

	(void)fields;
	switch_late_over(s);
	s->ended = s->told_back = s->looked = false;
	return block_open(s->block, SIDE_TARGET,
		   switch_plan(s, SIDE_TARGET, &plan), error) &&
		lifetimes_wake(s->tgt, lifetimes(s, &list), NULL, error) &&
		job_resume(s->src, s->back_job, error)
	    ? READY_YES
	    : READY_NEVER;
}
