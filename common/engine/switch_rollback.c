/* The command that moves applications back. Before it blocks anything it waits
 * until what comes back has nearly arrived, however long that takes. */
#include <stdio.h>

#include "base/clock.h"
#include "base/msg.h"
#include "base/sig.h"
#include "base/status.h"
#include "engine/switch_work.h"
#include "mongo/fence.h"

enum { POLL_MS = 50, NEAR_MS = 5000, AWAY_MS = 150000 };

/* One look at what has to be so; tell: a line for it. */
struct item {
	const char *what;
	enum ready (*look)(struct switcher *s, bson_error_t *error);
};

static enum ready
is(bool ok)
{
	return ok ? READY_YES : READY_NEVER;
}

static enum ready
address(struct switcher *s, bson_error_t *error)
{
	struct address_bound bound;

	return is(switch_address_is(s, true, error) &&
	    address_probe(s->address, &bound, error) &&
	    ((int64_t)bound.seconds * 1000 <= s->o->deadline_ms ||
		error_set(error, MM_EXIT_REFUSED, 0,
		    "it takes %d s until a change of it is seen, longer than "
		    "the deadline",
		    bound.seconds)));
}

static enum ready
target_open(struct switcher *s, bson_error_t *error)
{
	char token[BLOCK_TOKEN];
	int got = block_probe(s->block, SIDE_TARGET, NULL, token, error);

	return is(got == 0 ||
	    (got == 1 &&
		error_set(error, MM_EXIT_REFUSED, 0,
		    "they are blocked, and not by an attempt of ours")));
}

static enum ready
ledger(struct switcher *s, bson_error_t *error)
{
	return is(switch_back_programs(s, error) &&
	    back_ledger_empty(s->back, error));
}

static enum ready
built(struct switcher *s, bson_error_t *error)
{
	return ready_built(&s->back_ready, error);
}

static const struct item items[] = {
    {"the address is the new one at every endpoint", address},
    {"applications write to the target", target_open},
    {"what came back was as it should be", ledger},
    {"no index waits to be built on the source", built},
};

bool
switch_may_return(struct switcher *s, bool tell, bson_error_t *error)
{
	bson_error_t why;
	bool ok = true;

	for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
		bool good = items[i].look(s, &why) == READY_YES;

		if (tell)
			printf("%-3s %s%s%s\n", good ? "ok" : "no",
			    items[i].what, good ? "" : ": ",
			    good ? "" : why.message);
		if (!good && ok)
			*error = why;
		ok = ok && good;
	}
	return ok;
}

/* ------------------------------------------------------------- catching up */

/* Once: what the target has now is on the source. took: ms. */
static bool
catch_up_once(struct switcher *s, int64_t *took, bson_error_t *error)
{
	int64_t since = clock_ms(), answered = since;
	struct optime now;
	enum ready r;

	/* What passes a fence saves how far it is. */
	if (!fence_write(s->tgt, s->job, &now, error))
		return false;
	for (;;) {
		if (!back_keep(s->back, error) || back_lost(s->back, error))
			return false;
		r = ready_drained(&s->back_ready, now, error);
		if (r == READY_YES)
			break;
		if (r == READY_NOT)
			answered = clock_ms();
		else if (clock_ms() - answered > AWAY_MS)
			return false;
		if (!sig_sleep(POLL_MS))
			return error_set(error, MM_EXIT_STOPPED, 0,
			    "stopped by a signal; nothing was changed");
	}
	*took = clock_ms() - since;
	return true;
}

static bool
catch_up(struct switcher *s, bson_error_t *error)
{
	int64_t took;

	status_state("catching up");
	if (!switch_back_programs(s, error))
		return false;
	do
		if (!catch_up_once(s, &took, error))
			return error_prefix(error, "the way back");
	while (took > NEAR_MS);
	return true;
}

/* ----------------------------------------------------------------- command */

static bool
begin_back(struct switcher *s, bson_error_t *error)
{
	bson_t fields = BSON_INITIALIZER;
	bool ok;

	switch_add_deadline(s, &fields);
	ok = catch_up(s, error) && switch_may_return(s, false, error) &&
	    switch_add_plan(s, SIDE_TARGET, NULL, &fields, error) &&
	    switch_add_lifetimes(s, SIDE_TARGET, &fields, error) &&
	    switch_note(s, SWITCH_BACK_BLOCKING, &fields, error);
	bson_destroy(&fields);
	return ok;
}

bool
switch_rollback(struct switcher *s, bson_error_t *error)
{
	enum switch_state state = switch_log_state(s->log);

	status_state(switch_state_text(state));
	if (state == SWITCH_SYNCING) {
		msg_info("applications are on the source already");
		return true;
	}
	if (!switch_legal(state, COMMAND_ROLLBACK))
		return switch_refuse(s, COMMAND_ROLLBACK, error);
	if (state == SWITCH_BACK_RETURN && !switch_go_on(s, error))
		return false;
	if (switch_log_state(s->log) == SWITCH_SWITCHED &&
	    !begin_back(s, error))
		return false;
	if (!switch_go_on(s, error))
		return false;
	msg_info("applications are on the source");
	return true;
}
