#include "engine/apply_ddl.h"

#include <inttypes.h>
#include <string.h>

#include "base/msg.h"
#include "engine/again.h"
#include "engine/apply_ddl_work.h"

struct apply_ddl *
apply_ddl_new(const struct apply_ddl_opts *opts)
{
	struct apply_ddl *a = BSON_ALIGNED_ALLOC0(struct apply_ddl);
	bson_t left;

	a->o = *opts;
	bson_init(&a->left);
	a->to = opts->to;
	if (!opts->job)
		return a;
	if (job_intent(opts->job, &left))
		bson_concat(&a->left, &left);
	optime_read(job_doc(opts->job), "to", &a->to);
	return a;
}

void
apply_ddl_free(struct apply_ddl *a)
{
	if (!a)
		return;
	if (a->ignored > 0)
		msg_warn("left out %" PRId64
			 " changes of indexes, options and views (--ddl "
			 "ignore)",
		    a->ignored);
	ddl_release(&a->d);
	owners_free(a->others);
	apply_ddl_judge_release(a);
	bson_destroy(&a->left);
	bson_free(a);
}

bool
apply_ddl_refuse(const struct apply_ddl *a, const struct entry *e,
    const char *why, bson_error_t *error)
{
	char text[OPTIME_TEXT];

	return error_set(error, MM_EXIT_REFUSED, 0,
	    "cannot apply %s on \"%s\" at position %s: %s", ddl_name(a->d.kind),
	    a->d.ns, optime_text(e->at, text), why);
}

bool
apply_ddl_failed(
    const struct apply_ddl *a, const struct entry *e, bson_error_t *error)
{
	bson_error_t why = *error;

	if (error_status(error) != MM_EXIT_TARGET || error->code == 0 ||
	    code_transient(error->code))
		return false;
	apply_ddl_refuse(a, e, why.message, error);
	error->code = why.code;
	return false;
}

/* --------------------------------------------------------------- reading */

/* Changes no document, whether it is done or not. */
static bool
only_books(const struct apply_ddl *a, const struct entry *e)
{
	bson_t options;

	switch (a->d.kind) {
	case DDL_COLL_MOD:
	case DDL_CREATE_INDEXES:
	case DDL_DROP_INDEXES:
	case DDL_DROP_VIEWS:
		return true;
	case DDL_CREATE:
		return a->d.doc.len > 0 &&
		    bson_init_static(&options, a->d.doc.data, a->d.doc.len) &&
		    bson_has_field(&options, "viewOn");
	case DDL_DROP:
		return e->op != ENTRY_COMMAND;
	default:
		return false;
	}
}

bool
apply_ddl_read(struct apply_ddl *a, const struct entry *e, bool *barrier,
    bson_error_t *error)
{
	char text[OPTIME_TEXT];

	*barrier = false;
	if (!ddl_read(e, grant_wide(a->o.grant), &a->d, error))
		return false;
	if (a->d.kind == DDL_NONE)
		return true;
	if (a->o.mode == DDL_MODE_STOP)
		return apply_ddl_refuse(
		    a, e, "--ddl stop: nothing of the kind is applied", error);
	optime_text(e->at, text);
	if (a->o.mode == DDL_MODE_IGNORE && only_books(a, e)) {
		a->ignored++;
		msg_verbose("%s on \"%s\" at %s is left out",
		    ddl_name(a->d.kind), a->d.ns, text);
		return true;
	}
	if (a->d.left_out[0])
		msg_warn("%s on \"%s\" at %s: left out: %s",
		    ddl_name(a->d.kind), a->d.ns, text, a->d.left_out);
	*barrier = true;
	return true;
}

void
apply_ddl_names(const struct apply_ddl *a, const char **ns, const char **to)
{
	bool rename = a->d.kind == DDL_RENAME || a->d.kind == DDL_RENAME_IN;

	*ns = a->d.ns;
	*to = rename ? a->d.to : "";
}

/* --------------------------------------------------------------- running */

bool
apply_ddl_command(struct apply_ddl *a, const struct entry *e, bool lenient,
    bson_error_t *error)
{
	bson_error_t why;
	bson_t command;

	if (!bson_init_static(&command, a->d.command.data, a->d.command.len))
		return apply_ddl_refuse(a, e, "no command", error);
	if (conn_ddl(a->o.conn, a->d.db, &command, NULL, &why) ||
	    (lenient && ddl_done_before(a->d.kind, (int)why.code)))
		return true;
	*error = why;
	return false;
}

/* The change, and when it fails a look at whether it has happened after all:
 * an answer may be lost, and what was sent before may end late. */
static bool
change(struct apply_ddl *a, const struct entry *e,
    const struct intent_uuids *before, bson_error_t *error)
{
	struct intent_uuids now;
	bson_error_t why, later;
	unsigned tries = 0;

	while (!apply_ddl_change(a, e, &why)) {
		if (error_status(&why) != MM_EXIT_TARGET) {
			*error = why;
			return false;
		}
		if (!again(a->o.conn, &why, &tries)) {
			if (intent_look(a->o.conn, &a->d, &now, &later) &&
			    intent_judge(&a->d, before, &now) == INTENT_DONE)
				return true;
			*error = why;
			return apply_ddl_failed(a, e, error);
		}
		if (!intent_look(a->o.conn, &a->d, &now, error))
			return false;
		if (intent_judge(&a->d, before, &now) == INTENT_DONE)
			return true;
	}
	return true;
}

static void
tell_targets(struct apply_ddl *a)
{
	char db[64];

	if (a->d.kind == DDL_DROP_VIEWS) {
		if (ns_split(a->d.target, db, NULL))
			targets_changed(a->o.targets, db);
		return;
	}
	targets_changed(a->o.targets, a->d.target);
	if (a->d.kind == DDL_RENAME)
		targets_changed(a->o.targets, a->d.to_target);
}

/* Looks at what the intent found at the start says, else saves a new one. */
static bool
prepare(struct apply_ddl *a, const struct entry *e, struct intent_uuids *before,
    enum intent_verdict *verdict, bson_error_t *error)
{
	struct intent_uuids now;
	bson_t doc;
	bool ok;

	if (!intent_look(a->o.conn, &a->d, &now, error))
		return false;
	if (intent_match(&a->left, e, before) == INTENT_BEGUN) {
		*verdict = intent_judge(&a->d, before, &now);
		return true;
	}
	*before = now;
	*verdict = INTENT_TODO;
	if (!apply_ddl_before(a, e, error))
		return false;
	intent_write(e, &a->d, before, &doc);
	ok = checkpoint_save_intent(a->o.checkpoint, &doc, error);
	bson_destroy(&doc);
	return ok;
}

/* Nothing is being built where something changes. */
static bool
wait_for_builds(struct apply_ddl *a, bson_error_t *error)
{
	switch (a->d.kind) {
	case DDL_DROP_VIEWS:
	case DDL_DROP_DATABASE:
		return builds_wait(a->o.builds, NULL, error);
	case DDL_RENAME:
		if (!builds_wait(a->o.builds, a->d.to_target, error))
			return false;
		/* fall through */
	default:
		return builds_wait(a->o.builds, a->d.target, error);
	}
}

static bool
carry_out(struct apply_ddl *a, const struct entry *e, bson_error_t *error)
{
	struct intent_uuids before;
	enum intent_verdict verdict;
	char text[OPTIME_TEXT];

	if (!prepare(a, e, &before, &verdict, error))
		return false;
	if (verdict == INTENT_LOST)
		return apply_ddl_refuse(a, e,
		    "it was begun, but neither the collection of then nor its "
		    "successor is on the target",
		    error);
	msg_verbose("%s on \"%s\" at %s%s", ddl_name(a->d.kind), a->d.ns,
	    optime_text(e->at, text),
	    verdict == INTENT_DONE ? ": was done before the last end" : "");
	if (verdict == INTENT_DONE)
		a->born = a->d.kind == DDL_CREATE;
	else if (!change(a, e, &before, error))
		return false;
	if (!apply_ddl_books(a, error))
		return false;
	tell_targets(a);
	return true;
}

bool
apply_ddl_run(struct apply_ddl *a, const struct entry *e, struct optime seen,
    bson_error_t *error)
{
	struct intent_uuids ignored;
	bool begun = false;

	a->replay = optime_cmp(e->at, seen) <= 0;
	a->born = false;
	if (intent_match(&a->left, e, &ignored) == INTENT_PASSED)
		return true;
	if (!wait_for_builds(a, error) ||
	    (a->d.kind == DDL_CREATE_INDEXES &&
		!apply_ddl_begin_indexes(a, e, &begun, error)))
		return false;
	return begun || carry_out(a, e, error);
}

bool
apply_ddl_done(
    struct apply_ddl *a, const struct entry *e, bool whole, bson_error_t *error)
{
	bson_t doc;
	bool ok;

	if (whole)
		return checkpoint_save_intent(a->o.checkpoint, NULL, error);
	intent_write_done(e, &doc);
	ok = checkpoint_save_intent(a->o.checkpoint, &doc, error);
	bson_destroy(&doc);
	return ok;
}
