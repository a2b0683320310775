#include "model/switch_state.h"

#include <stddef.h>
#include <string.h>

#define BIT(s) (1u << (s))

struct rule {
	const char *text;
	enum switch_writers writers;
	enum switch_state next; /* its work done */
	enum switch_state give_up;
	unsigned others; /* bits of further states that a person chooses */
};

static const struct rule rules[SWITCH_STATES] = {
    [SWITCH_NONE] = {"none", WRITERS_SOURCE, SWITCH_NONE, SWITCH_NONE,
	BIT(SWITCH_SYNCING)},
    [SWITCH_SYNCING] = {"syncing", WRITERS_SOURCE, SWITCH_NONE, SWITCH_NONE,
	BIT(SWITCH_BLOCKING)},
    [SWITCH_BLOCKING] = {"blocking", WRITERS_SOURCE_OR_NOBODY, SWITCH_BLOCKED,
	SWITCH_UNBLOCKING, 0},
    [SWITCH_BLOCKED] = {"blocked", WRITERS_NOBODY, SWITCH_FENCED,
	SWITCH_UNBLOCKING, 0},
    [SWITCH_FENCED] = {"fenced", WRITERS_NOBODY, SWITCH_VERIFIED,
	SWITCH_UNBLOCKING, 0},
    [SWITCH_VERIFIED] = {"verified", WRITERS_NOBODY, SWITCH_ARMED,
	SWITCH_UNBLOCKING, 0},
    [SWITCH_ARMED] = {"armed", WRITERS_NOBODY, SWITCH_SWITCHING,
	SWITCH_UNBLOCKING, 0},
    [SWITCH_SWITCHING] = {"switching", WRITERS_TARGET_OR_NOBODY,
	SWITCH_SWITCHED, SWITCH_NONE, 0},
    [SWITCH_SWITCHED] = {"switched", WRITERS_TARGET, SWITCH_NONE, SWITCH_NONE,
	BIT(SWITCH_BACK_BLOCKING) | BIT(SWITCH_COMMITTING)},
    [SWITCH_UNBLOCKING] = {"unblocking", WRITERS_SOURCE_OR_NOBODY,
	SWITCH_SYNCING, SWITCH_NONE, 0},
    [SWITCH_BACK_BLOCKING] = {"back-blocking", WRITERS_TARGET_OR_NOBODY,
	SWITCH_BACK_BLOCKED, SWITCH_BACK_RETURN, 0},
    [SWITCH_BACK_BLOCKED] = {"back-blocked", WRITERS_NOBODY, SWITCH_BACK_FENCED,
	SWITCH_BACK_RETURN, 0},
    [SWITCH_BACK_FENCED] = {"back-fenced", WRITERS_NOBODY,
	SWITCH_BACK_SWITCHING, SWITCH_BACK_RETURN, 0},
    [SWITCH_BACK_SWITCHING] = {"back-switching", WRITERS_SOURCE_OR_NOBODY,
	SWITCH_SYNCING, SWITCH_NONE, 0},
    [SWITCH_BACK_RETURN] = {"back-return", WRITERS_TARGET_OR_NOBODY,
	SWITCH_SWITCHED, SWITCH_NONE, 0},
    [SWITCH_COMMITTING] = {"committing", WRITERS_TARGET, SWITCH_COMMITTED,
	SWITCH_NONE, 0},
    [SWITCH_COMMITTED] = {"committed", WRITERS_TARGET, SWITCH_NONE, SWITCH_NONE,
	BIT(SWITCH_QUARANTINING)},
    [SWITCH_QUARANTINING] = {"quarantining", WRITERS_TARGET, SWITCH_QUARANTINED,
	SWITCH_NONE, BIT(SWITCH_RELEASING)},
    [SWITCH_QUARANTINED] = {"quarantined", WRITERS_TARGET, SWITCH_NONE,
	SWITCH_NONE, BIT(SWITCH_RELEASING) | BIT(SWITCH_DELETING)},
    [SWITCH_RELEASING] = {"releasing", WRITERS_TARGET, SWITCH_COMMITTED,
	SWITCH_NONE, 0},
    [SWITCH_DELETING] = {"deleting", WRITERS_TARGET, SWITCH_DELETED,
	SWITCH_NONE, 0},
    [SWITCH_DELETED] = {"deleted", WRITERS_TARGET, SWITCH_NONE, SWITCH_NONE, 0},
};

const char *
switch_state_text(enum switch_state s)
{
	return rules[s].text;
}

bool
switch_state_parse(const char *text, enum switch_state *s)
{
	for (int i = 0; i < SWITCH_STATES; i++)
		if (strcmp(rules[i].text, text) == 0) {
			*s = (enum switch_state)i;
			return true;
		}
	return false;
}

bool
switch_may_follow(enum switch_state last, enum switch_state next)
{
	const struct rule *r = &rules[last];

	if (next == SWITCH_NONE || next == last)
		return false;
	return next == r->next || next == r->give_up ||
	    (r->others & BIT(next)) != 0;
}

enum switch_writers
switch_writers(enum switch_state s)
{
	return rules[s].writers;
}

enum switch_state
switch_give_up(enum switch_state s)
{
	return rules[s].give_up;
}

enum switch_state
switch_next(enum switch_state s)
{
	return rules[s].next;
}

static const char *const command_texts[SWITCH_COMMANDS] = {
    "run",
    "rollback",
    "abort",
    "finish",
    "quarantine",
    "quarantine --undo",
    "delete-source",
    "cleanup",
};

const char *
switch_command_text(enum switch_command c)
{
	return command_texts[c];
}

static bool
forward(enum switch_state s)
{
	return s >= SWITCH_BLOCKING && s <= SWITCH_ARMED;
}

static bool
backward(enum switch_state s)
{
	return s >= SWITCH_BACK_BLOCKING && s <= SWITCH_BACK_FENCED;
}

/* The commands after the switch. */
static const char *
after(enum switch_state s, enum switch_command c)
{
	switch (c) {
	case COMMAND_FINISH:
		return s == SWITCH_SWITCHED || s == SWITCH_COMMITTING
		    ? "the way back"
		    : NULL;
	case COMMAND_QUARANTINE:
		return s == SWITCH_COMMITTED || s == SWITCH_QUARANTINING
		    ? "readers of the old data on the source"
		    : NULL;
	case COMMAND_RELEASE:
		return s == SWITCH_QUARANTINING || s == SWITCH_QUARANTINED ||
			s == SWITCH_RELEASING
		    ? "nothing: the old data can be read again"
		    : NULL;
	case COMMAND_DELETE_SOURCE:
		return s == SWITCH_QUARANTINED || s == SWITCH_DELETING
		    ? "the old data, for good"
		    : NULL;
	default:
		if (s == SWITCH_NONE || s == SWITCH_SYNCING)
			return "the migration, which has to begin anew";
		return s == SWITCH_COMMITTED || s == SWITCH_QUARANTINED ||
			s == SWITCH_DELETED
		    ? "what the programs have noted of it on both sides"
		    : NULL;
	}
}

const char *
switch_legal(enum switch_state s, enum switch_command c)
{
	switch (c) {
	case COMMAND_RUN:
		if (s == SWITCH_NONE || s == SWITCH_SYNCING)
			return "applications wait while writes are blocked";
		if (forward(s) || s == SWITCH_UNBLOCKING)
			return "goes on: with the attempt, or back to before";
		if (s == SWITCH_SWITCHING)
			return "goes on to the target; nothing is lost";
		return NULL;
	case COMMAND_ROLLBACK:
		if (s == SWITCH_SWITCHED)
			return "what was written on the target goes back with "
			       "the applications, who wait meanwhile";
		if (backward(s) || s == SWITCH_BACK_SWITCHING ||
		    s == SWITCH_BACK_RETURN)
			return "goes on; nothing is lost";
		return NULL;
	case COMMAND_ABORT:
		if (forward(s))
			return "the attempt; applications write to the source "
			       "again";
		if (backward(s))
			return "the way back; applications write to the target "
			       "again";
		return NULL;
	case COMMAND_FINISH:
	case COMMAND_QUARANTINE:
	case COMMAND_RELEASE:
	case COMMAND_DELETE_SOURCE:
	case COMMAND_CLEANUP:
		return after(s, c);
	default:
		return NULL;
	}
}
