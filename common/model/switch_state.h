/* model: the states of a switch: which follows which, who may write in each,
 * and what a person may ask for. Pure; the rules are those that spin checks in
 * tests/model/switch.pml, and a test holds both against each other.
 *
 * A state is entered by its record in the journal, which is on the disk before
 * anything is done because of it. So after a kill the last record says all.
 */
#ifndef MM_MODEL_SWITCH_STATE_H
#define MM_MODEL_SWITCH_STATE_H

#include <stdbool.h>

enum switch_state {
	SWITCH_NONE,       /* no record yet */
	SWITCH_SYNCING,    /* applications write to the source */
	SWITCH_BLOCKING,   /* intent: rights are being taken away there */
	SWITCH_BLOCKED,    /* done, and no transaction is open any more */
	SWITCH_FENCED,     /* the last position of the source is known */
	SWITCH_VERIFIED,   /* the target holds all of it, and is the same */
	SWITCH_ARMED,      /* the way back: its start on the target is known */
	SWITCH_SWITCHING,  /* intent: target opens, address moves */
	SWITCH_SWITCHED,   /* done; observed, the way back stays open */
	SWITCH_UNBLOCKING, /* intent: back to before, source opens again */
	SWITCH_BACK_BLOCKING,  /* intent: rights taken away on the target */
	SWITCH_BACK_BLOCKED,   /* done */
	SWITCH_BACK_FENCED,    /* the last position of the target is known */
	SWITCH_BACK_SWITCHING, /* intent: source opens, address moves back */
	SWITCH_BACK_RETURN,    /* intent: too late, target opens again */
	SWITCH_COMMITTING,     /* intent: the way back is given up */
	SWITCH_COMMITTED,      /* the old data at rest, and listed */
	SWITCH_QUARANTINING,   /* intent: they are put out of reach */
	SWITCH_QUARANTINED,    /* done */
	SWITCH_RELEASING,      /* intent: they are put back in reach */
	SWITCH_DELETING,       /* intent: they are deleted */
	SWITCH_DELETED,        /* done */
	SWITCH_STATES
};

/* "syncing" ...; SWITCH_NONE: "none". */
const char *switch_state_text(enum switch_state s);
/* False: no such state. */
bool switch_state_parse(const char *text, enum switch_state *s);

/* Whether a record of state `next` may follow one of state `last`. The same
 * state again: never. */
bool switch_may_follow(enum switch_state last, enum switch_state next);

enum switch_writers {
	WRITERS_SOURCE,
	WRITERS_NOBODY,
	WRITERS_SOURCE_OR_NOBODY, /* an intent may have been carried out */
	WRITERS_TARGET_OR_NOBODY,
	WRITERS_TARGET
};
/* Whom the record lets write: what is probed must agree. */
enum switch_writers switch_writers(enum switch_state s);

/* The state to go to when the deadline has passed; SWITCH_NONE where no
 * deadline holds: what has begun is brought to its end. */
enum switch_state switch_give_up(enum switch_state s);

/* The state that follows when the work of this one is done; SWITCH_NONE where
 * a person decides. */
enum switch_state switch_next(enum switch_state s);

enum switch_command {
	COMMAND_RUN,      /* move applications to the target */
	COMMAND_ROLLBACK, /* move them back, with what they wrote */
	COMMAND_ABORT,    /* give the attempt up */
	COMMAND_FINISH,   /* end of observation */
	COMMAND_QUARANTINE,
	COMMAND_RELEASE, /* quarantine --undo */
	COMMAND_DELETE_SOURCE,
	COMMAND_CLEANUP,
	SWITCH_COMMANDS
};
const char *switch_command_text(enum switch_command c);
/* What the command loses or gives up in this state, for people; NULL where it
 * is not legal. */
const char *switch_legal(enum switch_state s, enum switch_command c);

#endif
