/* The journal is read from its start for each purpose: to see whether it holds
 * the range, to gather the documents, and, where a run was killed, to know
 * which values may be there. Documents are gathered in parts, by a hash of
 * their key, so that memory stays bounded however many there are.
 */
#include "engine/undo.h"

#include <inttypes.h>
#include <string.h>

#include "base/msg.h"
#include "base/sig.h"
#include "base/status.h"
#include "engine/lanes.h"
#include "engine/undo_work.h"

#define PART_BYTES (96u << 20)

/* ------------------------------------------------------------- the range */

bool
undo_range_parse(
    const char *text, struct undo_range *range, bson_error_t *error)
{
	const char *dots = strstr(text, "..");
	char *from;
	bool ok;

	*range = (struct undo_range){OPTIME_NULL, OPTIME_NULL};
	if (!dots)
		return error_set(error, MM_EXIT_USAGE, 0,
		    "\"%s\" is no range: FROM..TO, either may be left out",
		    text);
	from = bson_strndup(text, (size_t)(dots - text));
	ok = (!*from || optime_parse(from, &range->from, error)) &&
	    (!dots[2] || optime_parse(dots + 2, &range->to, error));
	bson_free(from);
	if (ok && !optime_is_null(range->to) &&
	    optime_cmp(range->from, range->to) > 0)
		return error_set(error, MM_EXIT_USAGE, 0,
		    "the range \"%s\" ends before it begins", text);
	return ok;
}

static bool
keep_head(void *arg, const struct journal_file *file, bson_error_t *error)
{
	(void)error;
	bson_reinit(arg);
	bson_concat(arg, file->head);
	return true;
}

bool
undo_head(const char *dir, bson_t *head, bson_error_t *error)
{
	struct journal_reader r = {
	    .arg = head, .file = keep_head, .heads = true};

	return journal_read(dir, NULL, &r, error) &&
	    (!bson_empty(head) ||
		error_set(
		    error, MM_EXIT_REFUSED, 0, "\"%s\" holds no journal", dir));
}

/* -------------------------------------------------------------- one part */

static bool
gather(struct undo *u, uint64_t part, bson_error_t *error)
{
	u->part = part;
	return undo_docs_clear(u->docs, error) &&
	    undo_each(u, undo_docs_add, OPTIME_NULL, error);
}

static bool
stopped(bson_error_t *error)
{
	return error_set(error, MM_EXIT_STOPPED, 0,
	    "stopped by a signal; undo the same range again");
}

static bool
check_all(struct undo *u, bson_error_t *error)
{
	status_state("comparing");
	for (uint64_t i = 0; i < u->parts; i++) {
		if (!gather(u, i, error) || !undo_check(u, error))
			return false;
		if (sig_stopping())
			return stopped(error);
	}
	return u->foreign == 0 ||
	    error_set(error, MM_EXIT_REFUSED, 0,
		"%" PRId64 " documents are not as the journal left them: "
		"nothing was undone",
		u->foreign);
}

static bool
write_parts(struct undo *u, struct lanes *lanes, bson_error_t *error)
{
	struct targets *t = targets_new(u->o->conn, u->o->grant, u->o->job);
	bool ok = true;

	for (uint64_t i = 0; ok && i < u->parts; i++)
		ok = (u->parts == 1 || gather(u, i, error)) &&
		    undo_write(u, lanes, t, error);
	ok = ok && lanes_drain(lanes, error);
	lanes_stop(lanes);
	targets_free(t);
	return ok;
}

/* The checkpoint goes back before the first write, as what a killed run has
 * left: up to `ahead` anything may be there. */
static bool
write_all(struct undo *u, bson_error_t *error)
{
	struct job_checkpoint cp = u->goal;
	struct lanes *lanes;
	struct lanes_counts n;
	bool ok;

	status_state("undoing");
	cp.ahead =
	    optime_max(optime_max(u->cp.ahead, u->cp.applied), u->newest);
	if (!(lanes = undo_lanes(u, error)))
		return false;
	status_position("checkpoint", cp.applied);
	ok = job_save(u->o->job, &cp, error) && write_parts(u, lanes, error) &&
	    job_save(u->o->job, &u->goal, error);
	lanes_count(lanes, &n);
	u->written = n.written;
	lanes_free(lanes);
	return ok;
}

bool
undo_run(const struct undo_opts *opts, bson_error_t *error)
{
	struct undo u = {.o = opts, .newest = OPTIME_NULL};
	char text[OPTIME_TEXT];
	bson_error_t later;
	bool ok;

	if (!job_read_checkpoint(opts->job, &u.cp))
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "job \"%s\" has no checkpoint", job_name(opts->job));
	if (!apply_trails_open(&u.trails, opts->job, opts->ledger, NULL, error))
		return false;
	ok = undo_survey(&u, error) && (u.docs = undo_docs_new(error));
	u.parts = 1 + u.rows * UNDO_DOC_BYTES / PART_BYTES;
	ok = ok && check_all(&u, error) && write_all(&u, error);
	if (!apply_trails_close(&u.trails, &later) && ok)
		ok = false, *error = later;
	undo_docs_free(u.docs);
	status_int("documents_written", u.written);
	if (ok)
		msg_info("undone %" PRIu64 " changes, %" PRId64
			 " documents written, checkpoint %s",
		    u.rows, u.written, optime_text(u.goal.applied, text));
	return ok;
}
