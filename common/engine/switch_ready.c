#include "engine/switch_ready.h"

#include <string.h>

#include "base/clock.h"
#include "engine/status_table.h"
#include "engine/verify_applied.h"
#include "model/ns.h"
#include "mongo/catalog.h"

enum { LAG_S = 5, DEAD_MS = 60000 };

/* Sets the error; always READY_NOT. */
#define NOT_YET(error, ...)                                                    \
	(error_set(error, MM_EXIT_NO, 0, __VA_ARGS__) ? READY_YES : READY_NOT)

/* The same of what does not come by waiting. */
#define NEVER(error, status, ...)                                              \
	(error_set(error, status, 0, __VA_ARGS__) ? READY_YES : READY_NEVER)

/* ------------------------------------------------------------ status files */

/* tool: whose file it must be, and which must be at work. */
static enum ready
read_file(const char *path, const char *tool, struct status_view *v,
    bson_error_t *error)
{
	enum ready r = READY_YES;

	if (!status_file_read(path, v, error)) {
		error->domain = MM_ERR_DOMAIN + MM_EXIT_NO;
		return READY_NOT;
	}
	if (strcmp(status_view_text(v, "tool"), tool) != 0)
		r = NEVER(error, MM_EXIT_NO,
		    "\"%s\" is not a status file of %s", path, tool);
	else if (v->ended)
		r = NEVER(
		    error, MM_EXIT_NO, "%s has ended (\"%s\")", tool, path);
	else if (clock_wall_ms() - v->updated_ms > DEAD_MS)
		r = NEVER(error, MM_EXIT_NO,
		    "%s is gone: \"%s\" is older than a minute", tool, path);
	else if (status_view_silent(v))
		r = NOT_YET(error, "%s is silent (\"%s\")", tool, path);
	if (r != READY_YES)
		status_view_release(v);
	return r;
}

static bool
none(const struct status_view *v, const char *field)
{
	double n;

	return !status_view_number(v, field, &n) || n == 0;
}

static enum ready
applier(const struct ready_opts *o, bool before, bson_error_t *error)
{
	struct status_view v;
	enum ready r = read_file(o->apply_status, "mm-oplog-apply", &v, error);
	double lag;

	if (r != READY_YES)
		return r;
	if (!*status_view_text(&v, "job"))
		r = NOT_YET(error, "mm-oplog-apply has not begun to apply");
	else if (strcmp(status_view_text(&v, "job"), o->job) != 0)
		r = NEVER(error, MM_EXIT_REFUSED,
		    "\"%s\" is of another job than \"%s\"", o->apply_status,
		    o->job);
	else if (!none(&v, "ledger"))
		r = NOT_YET(error, "the ledger of the applier is not empty");
	else if (before &&
	    (!status_view_number(&v, "lag_seconds", &lag) || lag > LAG_S))
		r = NOT_YET(error, "the applier is behind");
	status_view_release(&v);
	return r;
}

static const char *const differing[] = {"missing", "extra", "content",
    "order_only", "type_only", "sequence", "stale", "foreign", "range",
    "metadata", "unstable"};

/* Numbers of differences, and what is told of the whole. */
static enum ready
no_difference(const struct ready_opts *o, const struct status_view *v,
    bson_error_t *error)
{
	const char *selection = status_view_text(v, "selection"),
		   *mode = status_view_text(v, "mode");
	bson_iter_t it;

	if (!*selection || !*mode)
		return NOT_YET(error, "mm-diff has not begun to compare");
	if (strcmp(selection, o->selection) != 0)
		return NEVER(error, MM_EXIT_REFUSED,
		    "\"%s\" is a comparison of another selection",
		    o->diff_status);
	if (strcmp(mode, "bracket") != 0)
		return NEVER(error, MM_EXIT_NO,
		    "\"%s\" is not of mm-diff --follow in bracket mode",
		    o->diff_status);
	for (size_t i = 0; i < sizeof differing / sizeof *differing; i++)
		if (!none(v, differing[i]))
			return NOT_YET(error,
			    "mm-diff tells differences of kind \"%s\"",
			    differing[i]);
	if (!bson_iter_init_find(&it, v->doc, "in_sync") ||
	    !BSON_ITER_HOLDS_BOOL(&it) || !bson_iter_bool(&it))
		return NOT_YET(
		    error, "mm-diff does not say that it is in sync");
	return READY_YES;
}

/* idle: nothing waits to be compared once more. */
static enum ready
compared(const struct ready_opts *o, const struct optime *fence, bool idle,
    bson_error_t *error)
{
	struct status_view v;
	enum ready r = read_file(o->diff_status, "mm-diff", &v, error);
	struct optime verified;
	char text[OPTIME_TEXT];

	if (r != READY_YES)
		return r;
	r = no_difference(o, &v, error);
	if (r == READY_YES && fence &&
	    (!optime_parse(
		 status_view_text(&v, "verified_ts"), &verified, error) ||
		optime_cmp(verified, *fence) < 0))
		r = NOT_YET(error, "mm-diff has not compared up to %s",
		    optime_text(*fence, text));
	else if (r == READY_YES && idle && !none(&v, "pending"))
		r = NOT_YET(error, "documents wait to be compared");
	status_view_release(&v);
	return r;
}

enum ready
ready_compared(
    const struct ready_opts *o, const struct optime *fence, bson_error_t *error)
{
	return compared(o, fence, false, error);
}

/* --------------------------------------------------------------------- job */

static bool
is_asleep(void *arg, const char *ns, const char *why, const bson_t *spec)
{
	(void)spec;
	return strcmp(why, "ttl") == 0 ||
	    error_set(arg, MM_EXIT_NO, 0,
		"\"%s\" has an index that is not built yet: mm-load "
		"--finish-indexes",
		ns);
}

enum ready
ready_built(const struct ready_opts *o, bson_error_t *error)
{
	if (job_each_staged(o->target, o->job, is_asleep, error, error))
		return READY_YES;
	return error_status(error) == MM_EXIT_NO ? READY_NOT : READY_NEVER;
}

enum ready
ready_to_block(const struct ready_opts *o, bson_error_t *error)
{
	struct applied a;
	int got = applied_read(o->target, o->job, &a, error);
	enum ready r;

	if (got < 0)
		return READY_NEVER;
	if (got == 0 || a.phase != JOB_APPLYING)
		return NOT_YET(
		    error, "job \"%s\" is not being applied", o->job);
	r = ready_built(o, error);
	if (r == READY_YES)
		r = applier(o, true, error);
	return r == READY_YES ? ready_compared(o, NULL, error) : r;
}

enum ready
ready_drained(
    const struct ready_opts *o, struct optime fence, bson_error_t *error)
{
	struct applied a;
	int got = applied_read(o->target, o->job, &a, error);
	char text[OPTIME_TEXT];

	if (got < 0)
		return READY_NEVER;
	if (got == 0 || optime_cmp(a.cp.applied, fence) < 0)
		return NOT_YET(error, "not applied yet up to the fence %s",
		    optime_text(fence, text));
	return READY_YES;
}

enum ready
ready_verified(
    const struct ready_opts *o, struct optime fence, bson_error_t *error)
{
	enum ready r = compared(o, &fence, true, error);

	if (r == READY_YES)
		r = applier(o, false, error);
	return r == READY_YES ? ready_built(o, error) : r;
}

enum ready
ready_alone(const struct ready_opts *o, bson_error_t *error)
{
	bool held = true;
	bson_t doc;
	int got = job_peek(o->target, o->job, &doc, error);
	enum ready r = READY_NEVER;

	if (got == 0)
		error_set(error, MM_EXIT_REFUSED, 0,
		    "there is no job \"%s\" on the target", o->job);
	else if (got > 0 && job_held(o->target, &doc, &held, error))
		r = held ? NOT_YET(error, "%s still writes for job \"%s\"",
			       job_doc_writer(&doc), o->job)
			 : READY_YES;
	bson_destroy(&doc);
	return r;
}
