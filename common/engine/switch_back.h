/* engine: the programs of the way back of a switch: mm-oplog-tail on the target
 * and mm-oplog-apply on the source, kept running as children.
 *
 * DIR/back.lock says who keeps them: mm-switch run until it has switched,
 * mm-switch observe, or mm-switch rollback where nobody observes. What they
 * leave is in DIR/back/R0, R0 being the position on the target that they began
 * at: log (segments), ledger, tail.status, apply.status, tail.log, apply.log.
 */
#ifndef MM_ENGINE_SWITCH_BACK_H
#define MM_ENGINE_SWITCH_BACK_H

#include "base/optime.h"
#include "model/ns.h"
#include "mongo/server.h"

#define BACK_SIDES 2 /* by enum side */

struct back_opts {
	const char *dir; /* of the journal */
	const char *job; /* of the way back, in mm_control of the source */
	struct optime r0;
	const struct ns_rules *turned; /* model/ns_turn.h */
	/* server_uri_copy; $MM_PASSWORD, members and password files are handed
	 * on, too. */
	const char *uri[BACK_SIDES];
	const struct server_flags *flags[BACK_SIDES];
};

struct back;

/* Nothing is started. o is copied but for what it points to. Status 7: a
 * program is not found. */
struct back *back_new(const struct back_opts *o, bson_error_t *error);
/* Ends what we keep, as back_end, and frees. */
void back_free(struct back *b);

/* To be called all the time (at least once a second): starts what does not run
 * unless somebody else keeps it, and again when it has died, after a growing
 * pause. False: they cannot be started (7). */
bool back_keep(struct back *b, bson_error_t *error);
/* It is us who keep them, and both run. */
bool back_runs(const struct back *b);
/* Somebody else keeps them. */
bool back_elsewhere(const struct back *b);
/* They end again and again with what does not pass by itself (status 3, 6, 7,
 * 8): error says which and how. */
bool back_lost(const struct back *b, bson_error_t *error);
/* Both are asked to end and waited for; the lock is given back. What they have
 * got is applied and saved. */
void back_end(struct back *b);

/* Once, for mm-switch rollback --dryRun. Everything that the target has up to
 * `now` is in the segments (where somebody else keeps the programs, it is
 * waited for). False: error of what failed, 9 after a signal. */
bool back_fetch(struct back *b, struct optime now, bson_error_t *error);
/* What mm-oplog-apply --dryRun says of what is not applied yet, to standard
 * output; *refused: it would stop at something. */
bool back_try(struct back *b, bool *refused, bson_error_t *error);

/* In DIR/back/R0: "log", "ledger", "tail.status" ...; caller frees. */
char *back_path(const struct back *b, const char *name);
/* The applier has met nothing that should not be. False: status 1 it has, 7. */
bool back_ledger_empty(const struct back *b, bson_error_t *error);

#endif
