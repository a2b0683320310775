/* Whether an attempt may begin, and what it would do. Nothing is changed. */
#include <stdio.h>

#include "base/doc.h"
#include "engine/switch_work.h"
#include "model/textset.h"
#include "mongo/job_part.h"

struct check {
	struct switcher *s;
	struct textset kept; /* accounts that plans keep */
	bool tell;
	bson_error_t first; /* what counts */
	bool bad;
};

static void
item(struct check *c, const char *what, bool ok, const bson_error_t *why)
{
	if (c->tell)
		printf("%-3s %s%s%s\n", ok ? "ok" : "no", what, ok ? "" : ": ",
		    ok ? "" : why->message);
	if (!ok && !c->bad) {
		c->bad = true;
		c->first = *why;
	}
}

static void
the_address(struct check *c)
{
	struct address_state now;
	struct address_bound bound;
	bson_error_t why = {0};
	bool ok = address_get(c->s->address, &now, &why) &&
	    (now.held == ADDRESS_OLD ||
		error_set(&why, MM_EXIT_REFUSED, 0, "it is %s%s%s",
		    address_held_text(now.held), now.first[0] ? ": " : "",
		    now.first));

	item(c, "the address is the old one at every endpoint", ok, &why);
	ok = address_probe(c->s->address, &bound, &why) &&
	    ((int64_t)bound.seconds * 1000 <= c->s->o->deadline_ms ||
		error_set(&why, MM_EXIT_REFUSED, 0,
		    "it takes %d s until a change of it is seen, longer than "
		    "the deadline",
		    bound.seconds));
	item(c, "the address can be changed within the deadline", ok, &why);
}

/* The account of an application: it writes, or nothing that it finds out later
 * says anything. */
static void
the_account(struct check *c)
{
	bson_error_t why = {0};
	int got = block_account(c->s->block, SIDE_SOURCE, &why);

	if (got == 1)
		error_set(&why, MM_EXIT_REFUSED, 0,
		    "it may not write to any collection of the selection");
	if (got != 2)
		item(c, "the probing account writes to the source", got == 0,
		    &why);
}

static void
note_kept(struct check *c, const bson_t *plan)
{
	bson_iter_t it, sub, name;

	if (!doc_find(plan, "kept", &it) || !bson_iter_recurse(&it, &sub))
		return;
	while (bson_iter_next(&sub))
		if (bson_iter_recurse(&sub, &name) &&
		    bson_iter_find(&name, "name"))
			textset_add(&c->kept, bson_iter_utf8(&name, NULL));
}

/* A name that was mistyped keeps nobody. */
static void
the_kept(struct check *c)
{
	const struct opt_list *keep = &c->s->o->keep;
	bson_error_t why = {0};
	bool ok = true;

	for (size_t i = 0; ok && i < keep->n; i++)
		if (!textset_has(&c->kept, keep->item[i]))
			ok = error_set(&why, MM_EXIT_REFUSED, 0,
			    "\"%s\" is not on either side", keep->item[i]);
	if (keep->n > 0)
		item(c, "every --keep-user is an account", ok, &why);
}

/* An account that gets nothing would be waited for when the target opens. */
static void
may_open(struct check *c, const bson_t *plan)
{
	bson_error_t why = {0};
	int got = block_account(c->s->block, SIDE_TARGET, &why);
	bson_t first;

	if (got == 2)
		return;
	if (got == 1 && doc_sub(plan, "changes.0", &first))
		got = 0;
	else if (got == 1)
		error_set(&why, MM_EXIT_REFUSED, 0,
		    "it may not write there, and nobody gets rights back");
	item(c, "the probing account can write to the target later", got == 0,
	    &why);
}

/* Not where a program of the user's own does it. */
static void
the_plan(struct check *c, enum side side)
{
	bson_error_t why = {0};
	bson_t last, plan;
	bool closed = side == SIDE_TARGET &&
	    switch_log_newest(c->s->log, "plan_target", &last);
	bool ok =
	    block_plan(c->s->block, side, closed ? &last : NULL, &plan, &why) &&
	    block_stops_all(&plan, side, &why);

	if (ok && side == SIDE_TARGET)
		may_open(c, &plan);
	note_kept(c, &plan);
	bson_destroy(&plan);
	item(c,
	    side == SIDE_SOURCE ? "the block of the source stops everybody"
				: "the block of the target stops everybody",
	    ok, &why);
}

static void
the_block(struct check *c)
{
	char token[BLOCK_TOKEN];
	bson_error_t why = {0};
	int got = block_probe(c->s->block, SIDE_SOURCE, NULL, token, &why);

	if (got == 1)
		error_set(&why, MM_EXIT_REFUSED, 0,
		    "they are blocked, and not by an attempt of ours");
	item(c, "applications write to the source", got == 0, &why);
	the_account(c);
	got = block_probe(c->s->block, SIDE_TARGET, NULL, token, &why);
	item(
	    c, "whether they can write to the target is known", got >= 0, &why);
	if (c->s->o->block != BLOCK_HOOK) {
		the_plan(c, SIDE_SOURCE);
		the_plan(c, SIDE_TARGET);
	}
	if (c->s->o->block == BLOCK_ROLE)
		the_kept(c);
}

bool
switch_may_begin(struct switcher *s, bool tell, bson_error_t *error)
{
	struct check c = {.s = s, .tell = tell};
	bson_error_t why = {0};

	item(&c, "the copy is the whole of the selection",
	    job_whole(s->tgt, s->job, &why), &why);
	the_address(&c);
	the_block(&c);
	item(&c, "what will be written to the target can come back",
	    switch_may_arm(s, &why), &why);
	item(&c, "the target follows, and is the same",
	    ready_to_block(&s->ready, &why) == READY_YES, &why);
	textset_release(&c.kept);
	if (c.bad && error)
		*error = c.first;
	return !c.bad;
}

static bool
printed(bson_error_t *error)
{
	return fflush(stdout) == 0 ||
	    error_errno(
		error, MM_EXIT_IO, "could not write to standard output");
}

bool
switch_check(struct switcher *s, bson_error_t *error)
{
	enum switch_state state = switch_log_state(s->log);
	bool ok;

	if (state != SWITCH_SYNCING) {
		printf("state %s\n", switch_state_text(state));
		return printed(error) &&
		    error_set(error, MM_EXIT_NO, 0,
			"an attempt is under way, or done: mm-switch status");
	}
	ok = switch_may_begin(s, true, error);
	switch_who(s);
	return ok ? printed(error) : false;
}

static const struct {
	enum switch_state state;
	const char *text;
} steps[] = {
    {SWITCH_BLOCKING,
	"put TTL indexes to sleep, close the target to applications, then the "
	"source"},
    {SWITCH_BLOCKED, "write a fence into the oplog of the source"},
    {SWITCH_FENCED, "wait until all up to it is applied and compared"},
    {SWITCH_VERIFIED, "note where a way back begins on the target"},
    {SWITCH_ARMED,
	"start the programs of the way back; look whether block and address "
	"are what they were"},
    {SWITCH_SWITCHING,
	"end the applier, wake TTL indexes on the target, open it to "
	"applications, change the address"},
    {SWITCH_SWITCHED, "nothing: applications are on the target"},
};

bool
switch_steps(struct switcher *s, bson_error_t *error)
{
	enum switch_state state = switch_log_state(s->log);

	if (!switch_legal(state, COMMAND_RUN))
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "cannot run: the state is %s", switch_state_text(state));
	if (state == SWITCH_SYNCING && !switch_may_begin(s, true, error))
		return false;
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		if (steps[i].state >= state)
			printf("%-10s %s\n", switch_state_text(steps[i].state),
			    steps[i].text);
	return printed(error);
}
