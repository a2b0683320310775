/* engine: inside of mm-switch: what the work of each state shares. For
 * switch_*.c only.
 */
#ifndef MM_ENGINE_SWITCH_WORK_H
#define MM_ENGINE_SWITCH_WORK_H

#include "base/hash.h"
#include "engine/address.h"
#include "engine/switch_back.h"
#include "engine/switch_block.h"
#include "engine/switch_late.h"
#include "engine/switch_life.h"
#include "engine/switch_log.h"
#include "engine/switch_ready.h"
#include "engine/switch_run.h"
#include "model/ns.h"

struct switcher {
	const struct switch_opts *o;
	struct switch_log *log;
	struct server *source, *target;
	struct conn *src, *tgt;
	struct ns_rules *rules;
	struct ns_rules *turned; /* model/ns_turn.h; NULL: no_turn says why */
	bson_error_t no_turn;
	struct address *address;
	struct block *block;
	struct ready_opts ready;
	char job[256];
	char *uri[2];                 /* by enum side, secret */
	struct back *back;            /* NULL: not needed yet */
	char back_job[264];           /* on the source */
	struct ready_opts back_ready; /* of it */
	char selection[SHA256_TEXT];
	bool quiet;             /* lifetimes sleep, and the target knows */
	struct optime quiet_at; /* since then; null: not yet */
	const char *dir;        /* of the journal at hand */
	bool rehearses;         /* goes back before the address */
	bool arms;              /* it arms the way back, too */
	int64_t closing_us, opened_us; /* the source; monotonic; 0: not */
	bool killed;                   /* what was open before; told */
	bool shut;                     /* in this run the target was closed */
	/* In this run the side that applications wrote to was (monotonic); 0:
	 * not. */
	int64_t closed_us;
	char token[BLOCK_TOKEN]; /* of then */
	/* Who cannot have written to that side, found out since apart_us. */
	struct textset apart;
	int64_t apart_us;  /* the closed_us of it */
	int64_t marked_ms; /* when mm-diff was told with a mark; 0: not */
	struct late *late; /* of the side that is closed, from its fence on */
	bool alone;        /* in this run the forward applier has ended */
	bool told;         /* and was told to, with a mark in its log */
	bool armed;     /* what earlier attempts left of a way back is gone */
	bool looked;    /* the address was seen as it is to be before */
	bool ended;     /* everything has come back, and no more is applied */
	bool told_back; /* the applier of the way back, as told */
};

/* The plan that side is closed by, as the journal has it (a view); what says
 * nothing where it has none. */
const bson_t *switch_plan(
    const struct switcher *s, enum side side, bson_t *view);

/* What began to write on that side before it was closed has ended. */
enum ready switch_none_open(
    struct switcher *s, enum side side, bson_error_t *error);
/* What was blocked is blocked, and was in between. Status 8. */
bool switch_same_block(struct switcher *s, enum side side, bson_error_t *error);
/* late_none on a side that is closed and fenced. */
enum ready switch_no_late(
    struct switcher *s, enum side side, bson_error_t *error);
/* The side is about to open. */
void switch_late_over(struct switcher *s);
/* Every endpoint has the address of the target (or not: of the source). */
bool switch_address_is(struct switcher *s, bool of_target, bson_error_t *error);
/* By whoever: what is found counts. back: to that of the source. */
bool switch_move_address(struct switcher *s, bool back, bson_error_t *error);

/* The programs of the way back of this attempt, in s->back. */
bool switch_back_programs(struct switcher *s, bson_error_t *error);
/* It can be: names can be mapped back, and the source may be written to by its
 * account (of the first hundred collections). Nothing is changed. */
bool switch_may_arm(struct switcher *s, bson_error_t *error);
/* They run, and the way back is known to work; to be called again and again. */
enum ready switch_arm(struct switcher *s, bson_error_t *error);
/* Nothing comes back from the target any more, whoever kept the programs; its
 * job is in phase switched. */
enum ready switch_disarm(struct switcher *s, bson_error_t *error);
/* The migration goes on: its job, in phase switched, is one that begins with
 * what is on the target as of that moment. */
bool switch_adopt(struct switcher *s, struct optime at, bson_error_t *error);

/* The work of a state: READY_YES: done, with what its end has to tell in
 * *fields; READY_NOT: to be tried again, error says why; READY_NEVER: failed,
 * an error of a server may pass. */
enum ready switch_do_blocking(
    struct switcher *s, bson_t *fields, bson_error_t *error);
enum ready switch_do_blocked(
    struct switcher *s, bson_t *fields, bson_error_t *error);
enum ready switch_do_fenced(
    struct switcher *s, bson_t *fields, bson_error_t *error);
enum ready switch_do_verified(
    struct switcher *s, bson_t *fields, bson_error_t *error);
enum ready switch_do_armed(
    struct switcher *s, bson_t *fields, bson_error_t *error);
enum ready switch_do_switching(
    struct switcher *s, bson_t *fields, bson_error_t *error);
enum ready switch_do_unblocking(
    struct switcher *s, bson_t *fields, bson_error_t *error);
enum ready switch_do_back_blocking(
    struct switcher *s, bson_t *fields, bson_error_t *error);
enum ready switch_do_back_blocked(
    struct switcher *s, bson_t *fields, bson_error_t *error);
enum ready switch_do_back_fenced(
    struct switcher *s, bson_t *fields, bson_error_t *error);
enum ready switch_do_back_switching(
    struct switcher *s, bson_t *fields, bson_error_t *error);
enum ready switch_do_back_return(
    struct switcher *s, bson_t *fields, bson_error_t *error);

/* Puts a record into the journal, and tells. */
bool switch_note(struct switcher *s, enum switch_state next,
    const bson_t *fields, bson_error_t *error);
/* For the first record of an attempt: what will be changed is on the disk
 * before anything is. */
void switch_add_deadline(struct switcher *s, bson_t *fields);
bool switch_add_plan(struct switcher *s, enum side side, const bson_t *recorded,
    bson_t *fields, bson_error_t *error);
bool switch_add_lifetimes(
    struct switcher *s, enum side side, bson_t *fields, bson_error_t *error);
/* Status 8: not in this state. */
bool switch_refuse(
    const struct switcher *s, enum switch_command command, bson_error_t *error);

/* From the state of the journal on, until a person has to decide. */
bool switch_go_on(struct switcher *s, bson_error_t *error);

/* Gives up the attempt of the journal at hand; nothing to give up: true. */
bool switch_put_back(struct switcher *s, bson_error_t *error);
/* What rehearsals that were killed have left is undone. */
bool switch_rehearsals_undo(struct switcher *s, bson_error_t *error);
/* A line to standard output for each of them. */
void switch_rehearsals_show(const char *dir);
/* Who is moved from where to where. */
void switch_config(const struct switcher *s, bson_t *config);
void switch_block_opts(const struct switcher *s, struct block_opts *o);

/* What was asked to be waited for is so. Status 9: a signal came; others: as
 * ready_to_block, where waiting does not help. Nothing is changed. */
bool switch_await(struct switcher *s, bson_error_t *error);
/* Before the first record of an attempt; nothing is changed. tell: a line for
 * each. */
bool switch_may_begin(struct switcher *s, bool tell, bson_error_t *error);
/* The same of a way back. */
bool switch_may_return(struct switcher *s, bool tell, bson_error_t *error);

/* To standard output, a line each: who can write to the selection on the
 * source. */
void switch_who(struct switcher *s);

#endif
