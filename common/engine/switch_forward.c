/* The work of the states on the way to the target. Each looks at the world
 * first: it may have been done by a run that was killed. */
#include <string.h>

#include "base/msg.h"
#include "engine/switch_work.h"
#include "mongo/fence.h"
#include "mongo/job_switch.h"
#include "mongo/ops.h"

static enum ready
done_if(bool ok)
{
	return ok ? READY_YES : READY_NEVER;
}

static bool
is_selected(const void *rules, const char *ns)
{
	return ns_selected(rules, ns);
}

/* A transaction that has written may commit after its rights were taken away,
 * and does not say where it wrote: what began before the block has to end.
 * Ages are compared, not clocks. */
static enum ready
none_open(struct switcher *s, bson_error_t *error)
{
	struct ops_scope scope = {is_selected, s->rules, "mm-"};
	int64_t closed = bson_get_monotonic_time() - s->closed_us;
	enum ready r = READY_NEVER;
	struct ops o;

	if (ops_list(s->src, &scope, &o, error)) {
		r = READY_YES;
		if (o.transactions + o.writes > 0 && o.oldest_us >= closed) {
			r = READY_NOT;
			error_set(error, MM_EXIT_NO, 0,
			    "%u transactions and %u writes are open that may "
			    "have begun before the block",
			    o.transactions, o.writes);
		}
	}
	ops_release(&o);
	return r;
}

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
	return block_close(s->block, SIDE_SOURCE,
	    switch_plan(s, SIDE_SOURCE, &plan), s->token, error);
}

enum ready
switch_do_blocking(struct switcher *s, bson_t *fields, bson_error_t *error)
{
	if (s->closed_us == 0) {
		if (!close_both(s, error))
			return READY_NEVER;
		s->closed_us = bson_get_monotonic_time();
	}
	BSON_APPEND_UTF8(fields, "token", s->token);
	return none_open(s, error);
}

/* What was blocked is blocked, and was in between. */
static bool
same_block(struct switcher *s, bson_error_t *error)
{
	char token[BLOCK_TOKEN];
	bson_t plan;
	int got = block_probe(s->block, SIDE_SOURCE,
	    switch_plan(s, SIDE_SOURCE, &plan), token, error);

	if (got < 0)
		return false;
	return (got == 1 &&
		   strcmp(token, switch_log_text(s->log, "token")) == 0) ||
	    error_set(error, MM_EXIT_REFUSED, 0,
		"somebody has let applications write to the source");
}

enum ready
switch_do_blocked(struct switcher *s, bson_t *fields, bson_error_t *error)
{
	struct optime fence;

	if (!same_block(s, error) ||
	    !fence_write(s->src, s->job, &fence, error))
		return READY_NEVER;
	optime_append(fields, "fence", fence);
	return READY_YES;
}

enum ready
switch_do_fenced(struct switcher *s, bson_t *fields, bson_error_t *error)
{
	struct optime fence = switch_log_position(s->log, "fence");
	enum ready r = ready_drained(&s->ready, fence, error);

	(void)fields;
	if (r == READY_YES)
		r = ready_verified(&s->ready, fence, error);
	return r == READY_YES ? done_if(ready_wake(&s->ready, true, error)) : r;
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

enum ready
switch_do_armed(struct switcher *s, bson_t *fields, bson_error_t *error)
{
	struct address_state now;

	(void)fields;
	if (!address_get(s->address, &now, error))
		return READY_NEVER;
	if (now.held != ADDRESS_OLD) {
		error_set(error, MM_EXIT_REFUSED, 0,
		    "the address is not the old one at every endpoint: %s%s%s",
		    address_held_text(now.held), now.first[0] ? ": " : "",
		    now.first);
		return READY_NEVER;
	}
	return done_if(same_block(s, error));
}

/* By whoever: what is found counts. */
static bool
move_address(struct switcher *s, bson_error_t *error)
{
	struct address_state now;
	bson_error_t why;

	if (!address_get(s->address, &now, error))
		return false;
	if (now.held != ADDRESS_NEW && !address_set(s->address, &now, error))
		return false;
	if (!address_drain(s->address, &why))
		msg_warn("%s", why.message);
	return true;
}

/* The applier is told to end first: it has nothing to apply any more. That it
 * has ended is waited for last: applications need not. */
enum ready
switch_do_switching(struct switcher *s, bson_t *fields, bson_error_t *error)
{
	bson_t plan;

	(void)fields;
	if (!s->opened) {
		if (!job_switch(s->tgt, s->job, error) ||
		    !block_open(s->block, SIDE_TARGET,
			switch_plan(s, SIDE_TARGET, &plan), error) ||
		    !move_address(s, error))
			return READY_NEVER;
		s->opened = true;
	}
	return ready_alone(&s->ready, error);
}

/* Applications first. */
enum ready
switch_do_unblocking(struct switcher *s, bson_t *fields, bson_error_t *error)
{
	bson_t plan;

	(void)fields;
	return done_if(block_open(s->block, SIDE_SOURCE,
			   switch_plan(s, SIDE_SOURCE, &plan), error) &&
	    ready_wake(&s->ready, false, error));
}
