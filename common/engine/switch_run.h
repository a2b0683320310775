/* engine: mm-switch: applications are moved to the target, and back to before
 * when that does not work out.
 *
 * Every state stands in the journal (engine/switch_log.h) before anything is
 * done because of it, and its work may be done again: whoever comes after a
 * kill goes on from the last record. Until `switching` a failure, a signal or
 * the deadline lead back to before; from there on only forward.
 */
#ifndef MM_ENGINE_SWITCH_RUN_H
#define MM_ENGINE_SWITCH_RUN_H

#include "base/opt.h"
#include "base/window.h"
#include "engine/switch_block.h"

struct switch_opts {
	const char *dir; /* of the journal */
	const char *job; /* NULL: by the selection */
	/* engine/address.h; NULL: for what comes after a switch. */
	const char *address, *old_file, *new_file;
	/* engine/switch_block.h; made where there is an address */
	enum block_kind block;
	const char *hook;
	struct opt_list keep;
	const char *probe[BLOCK_SIDES];
	const char *diff_status, *apply_status;
	int64_t deadline_ms;
	/* What was open before the block is waited for as long (-1: the
	 * deadline), and killed then, or the attempt is given up. */
	int64_t txn_wait_ms;
	bool kill;
	/* What a run waits for before it begins: engine/switch_wait.c. */
	bool when_in_sync;
	const char *postpone;
	const struct window *window; /* longer than the deadline */
	const char *rehearse;        /* "noblock", "block"; NULL: it is none */
	bool reader;  /* the journal is only read: for switch_observe */
	bool unbegun; /* there may be no journal: for switch_cleanup */
	int64_t max_lag_ms, min_window_ms; /* engine/switch_red.h */
};

struct switcher;

/* Connects, opens the journal to write, and holds what is given against it. */
struct switcher *switch_open(const struct switch_opts *o, bson_error_t *error);
void switch_close(struct switcher *s);

/* One line to standard output for each thing that has to be so. False: status
 * 1 something is not, 8 something cannot be, or that of a failure. */
bool switch_check(struct switcher *s, bson_error_t *error);
/* What `run` would do, a line a record. */
bool switch_steps(struct switcher *s, bson_error_t *error);
/* Status 1: not ready, or back to before; 8 as well; 9 after a signal. Done
 * already: true. */
bool switch_run(struct switcher *s, bson_error_t *error);
/* All of it up to the address, and back; what it found and how long it took to
 * standard output and to DIR/rehearsal-TIME/report. Status 1: it would not have
 * worked now; 8: not confirmed, or refused. */
bool switch_rehearse(struct switcher *s, bson_error_t *error);
/* Moves applications back to the source, with what they wrote; statuses as
 * switch_run. */
bool switch_rollback(struct switcher *s, bson_error_t *error);
/* What `rollback` would bring back, to standard output. */
bool switch_rollback_steps(struct switcher *s, bson_error_t *error);
/* Keeps the programs of the way back until the state is no longer `switched`,
 * or a signal comes; only reads the journal from now on. Status 8: another one
 * keeps them, or there is nothing to observe. */
bool switch_observe(struct switcher *s, bson_error_t *error);
/* Gives an attempt up; nothing to give up: true. Status 8: too late. */
bool switch_abort(struct switcher *s, bson_error_t *error);

/* After a run was killed: gives its attempt up where that is still possible,
 * and does nothing else. */
bool switch_rescue(struct switcher *s, bson_error_t *error);

/* The page for who is on call, to standard output; servers are asked where both
 * are given. False with status 1: what is probed is not what the record says,
 * or is not known. */
bool switch_show(const struct switch_opts *o, bson_error_t *error);

#endif
