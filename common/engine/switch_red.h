/* engine: what must not be while a switch is observed: red lines.
 *
 * Looked at once a second by `mm-switch observe`, and by `finish`. What cannot
 * be asked is red, too. What was seen is kept in DIR/red, a line of JSON {at,
 * what, detail} each; what "ok" says that somebody has looked and all was well.
 *
 *   old-operations  operations on the old names on the source, by appName
 *   old-reads       their counters of reads or writes move, and none of our
 *   old-writes      programs can be the reason
 *   back-stopped    nobody applies to the source what is written on the target
 *   back-lag        it is applied late
 *   back-ledger     something of it could not be applied
 *   window          the target's oplog may lose what is not yet on the source
 *   target-lag      members of the target are behind, or down
 *   diff            mm-diff does not say that both sides are the same
 *   unknown         the source or the target could not be asked
 */
#ifndef MM_ENGINE_SWITCH_RED_H
#define MM_ENGINE_SWITCH_RED_H

#include "model/ns.h"
#include "mongo/server.h"

enum { RED_LINES = 16, RED_TEXT = 200 };

struct red_line {
	const char *what; /* of those above */
	char detail[RED_TEXT];
};
struct red_lines {
	struct red_line item[RED_LINES];
	size_t n;
};

struct red_opts {
	struct conn *source, *target; /* to the primaries */
	const struct ns_rules *rules;
	const char *back_job;    /* on the source */
	const char *back_status; /* of its applier; NULL: not known */
	const char *diff_status; /* NULL: none */
	const char *selection;   /* as mm-diff tells it */
	int64_t max_lag_ms, min_window_ms;
	/* Look at old-reads and old-writes, too; by one program at a time, for
	 * the questions are counted as well. */
	bool counters;
};

struct red;

/* Copies o; what it points to stays the caller's. */
struct red *red_new(const struct red_opts *o);
void red_free(struct red *r);
/* Counters are held against those of the look before. */
void red_look(struct red *r, struct red_lines *out);

/* Keeps what was seen in DIR/red, each `what` every five seconds at most, "ok"
 * every ten. */
bool red_note(struct red *r, const char *dir, const struct red_lines *seen,
    bson_error_t *error);
/* Nothing was red in the last ms, and somebody has looked all the time (but for
 * half a minute). Status 1: otherwise, with what and when. */
bool red_quiet(const char *dir, int64_t ms, bson_error_t *error);

#endif
