/* engine: inside of mm-switch: what the work of each state shares. For
 * switch_*.c only.
 */
#ifndef MM_ENGINE_SWITCH_WORK_H
#define MM_ENGINE_SWITCH_WORK_H

#include "base/hash.h"
#include "engine/address.h"
#include "engine/switch_block.h"
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
	struct address *address;
	struct block *block;
	struct ready_opts ready;
	char job[256];
	char selection[SHA256_TEXT];
	bool shut;         /* in this run the target was closed */
	int64_t closed_us; /* in this run the source was (monotonic); 0: not */
	char token[BLOCK_TOKEN]; /* of then */
	bool opened; /* in this run the target was, and the address was moved */
};

/* The plan that side is closed by, as the journal has it (a view); what says
 * nothing where it has none. */
const bson_t *switch_plan(
    const struct switcher *s, enum side side, bson_t *view);

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

/* From the state of the journal on, until a person has to decide. */
bool switch_go_on(struct switcher *s, bson_error_t *error);

/* Before the first record of an attempt; nothing is changed. tell: a line for
 * each. */
bool switch_may_begin(struct switcher *s, bool tell, bson_error_t *error);

/* To standard output, a line each: who can write to the selection on the
 * source. */
void switch_who(struct switcher *s);

#endif
