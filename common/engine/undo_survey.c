/* What of the journal an undo takes, and whether it may. */
#include <string.h>

#include "engine/apply_intent.h"
#include "engine/undo_work.h"

static bool
in_range(const struct undo *u, const struct journal_row *row)
{
	return optime_cmp(row->at, u->from) > 0 &&
	    optime_cmp(row->at, u->end) <= 0;
}

/* ---------------------------------------------------- files of the epoch */

struct epoch {
	const struct job_checkpoint *cp;
	bool in;      /* the file at hand is of it */
	bool any;     /* one was */
	bool whole;   /* the newest one is */
	bool of_last; /* the newest file of all is of it */
	unsigned last;
	struct optime sound;
};

static bool
see_file(void *arg, const struct journal_file *file, bson_error_t *error)
{
	struct epoch *e = arg;

	e->in = e->of_last =
	    e->cp->journal[0] && strcmp(file->epoch, e->cp->journal) == 0;
	if (!e->in)
		return true;
	if (!e->any)
		e->sound = file->sound;
	else if (file->number != e->last + 1)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "the journal has a gap: file %08u is missing", e->last + 1);
	e->any = true;
	e->last = file->number;
	e->whole = file->whole;
	return true;
}

/* Everything applied after e->sound stands in the journal, exactly. */
static bool
judge_epoch(const struct undo *u, struct epoch *e, bson_error_t *error)
{
	struct journal_reader r = {.arg = e, .file = see_file, .heads = true};
	const char *why = NULL;

	if (!journal_read(u->o->journal, job_name(u->o->job), &r, error))
		return false;
	if (!u->cp.journal[0])
		why = "the last changes were applied without a journal";
	else if (!e->of_last)
		why = "the last changes were applied with another journal";
	else if (e->last < u->cp.journal_file)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "the journal has a gap: file %08u is missing",
		    u->cp.journal_file);
	else if (!e->whole && !optime_is_null(u->cp.ahead))
		why = "the applier ended with its host, so the end of the "
		      "journal may be lost";
	return !why ||
	    error_set(error, MM_EXIT_REFUSED, 0, "cannot undo: %s", why);
}

/* ------------------------------------------------------------ the survey */

struct survey {
	struct undo *u;
	struct epoch epoch;
	struct optime before; /* the newest position at or before u->from */
	struct optime marked, read_from;
	struct optime beyond; /* the first row after `to` */
};

static bool
survey_file(void *arg, const struct journal_file *file, bson_error_t *error)
{
	struct survey *s = arg;

	return see_file(&s->epoch, file, error);
}

static bool
refuse_row(const struct journal_row *row, const char *why, bson_error_t *error)
{
	char text[OPTIME_TEXT];

	return error_set(error, MM_EXIT_REFUSED, 0,
	    "cannot undo the change at position %s in \"%s\": %s",
	    optime_text(row->at, text), row->ns, why);
}

static bool
survey_row(void *arg, const struct journal_row *row, bson_error_t *error)
{
	struct survey *s = arg;
	struct undo *u = s->u;
	char *why;

	if (!s->epoch.in)
		return true;
	if (optime_cmp(row->at, u->from) <= 0)
		s->before = optime_max(s->before, row->at);
	if (!in_range(u, row))
		return true;
	if (row->command) {
		why =
		    bson_strdup_printf("%s changes the catalog", row->command);
		refuse_row(row, why, error);
		bson_free(why);
		return false;
	}
	if (row->fuzzy)
		return refuse_row(row,
		    "what it calls old may be newer than the change", error);
	if (!optime_is_null(u->o->range.to) &&
	    optime_cmp(row->at, u->o->range.to) > 0 &&
	    (optime_is_null(s->beyond) || optime_cmp(row->at, s->beyond) < 0))
		s->beyond = row->at;
	u->newest = optime_max(u->newest, row->at);
	u->rows++;
	return true;
}

static bool
survey_mark(
    void *arg, struct optime at, struct optime read_from, bson_error_t *error)
{
	struct survey *s = arg;

	(void)error;
	if (!s->epoch.in || optime_cmp(at, s->u->from) > 0)
		return true;
	s->before = optime_max(s->before, at);
	if (optime_cmp(at, s->marked) >= 0)
		s->marked = at, s->read_from = read_from;
	return true;
}

/* Where the range begins and ends, from what the user says, the journal and
 * the checkpoint. */
static bool
delimit(struct undo *u, const struct epoch *e, bson_error_t *error)
{
	struct undo_range r = u->o->range;
	char mine[OPTIME_TEXT], text[OPTIME_TEXT];

	if (!optime_is_null(r.to) && optime_cmp(r.to, u->cp.applied) < 0)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "cannot undo up to %s only: later changes, up to %s, build "
		    "on it",
		    optime_text(r.to, text), optime_text(u->cp.applied, mine));
	if (!optime_is_null(r.from) && optime_cmp(r.from, e->sound) < 0)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "cannot undo back to %s: the journal has the values before "
		    "the changes from %s on",
		    optime_text(r.from, text), optime_text(e->sound, mine));
	u->from = optime_is_null(r.from) ? e->sound : r.from;
	/* After a clean end nothing that is later is on the target: what
	 * stands there was undone before. */
	u->end = u->cp.applied;
	if (!optime_is_null(u->cp.ahead))
		u->end = (struct optime){UINT32_MAX, UINT32_MAX, -1};
	return true;
}

static bool
judge_survey(struct undo *u, const struct survey *s, bson_error_t *error)
{
	char text[OPTIME_TEXT], mine[OPTIME_TEXT];
	struct optime before = s->before;

	if (!optime_is_null(s->beyond))
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "cannot undo up to %s only: the change at position %s may "
		    "have been applied, too; leave out TO",
		    optime_text(u->o->range.to, text),
		    optime_text(s->beyond, mine));
	if (optime_cmp(before, u->cp.applied) > 0)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "cannot undo back to %s: it is applied up to %s only",
		    optime_text(u->from, text),
		    optime_text(u->cp.applied, mine));
	u->goal = u->cp;
	u->goal.ahead = OPTIME_NULL;
	if (optime_cmp(u->cp.applied, u->from) <= 0)
		return true;
	u->goal.applied = before;
	u->goal.read_from = s->read_from;
	return true;
}

bool
undo_survey(struct undo *u, bson_error_t *error)
{
	struct survey s = {.u = u,
	    .epoch = {.cp = &u->cp},
	    .before = OPTIME_NULL,
	    .marked = OPTIME_NULL,
	    .read_from = OPTIME_NULL,
	    .beyond = OPTIME_NULL};
	struct epoch e = {.cp = &u->cp};
	struct journal_reader r = {.arg = &s,
	    .file = survey_file,
	    .row = survey_row,
	    .mark = survey_mark};

	if (intent_pending(u->o->job))
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "cannot undo: a change of the catalog is under way, apply "
		    "the log first");
	return judge_epoch(u, &e, error) && delimit(u, &e, error) &&
	    journal_read(u->o->journal, job_name(u->o->job), &r, error) &&
	    judge_survey(u, &s, error);
}

/* -------------------------------------------------------------------- rows */

struct each {
	struct undo *u;
	struct epoch epoch;
	struct optime after;
	bool (*fn)(struct undo_docs *d, const struct journal_row *row,
	    bson_error_t *error);
};

static bool
each_file(void *arg, const struct journal_file *file, bson_error_t *error)
{
	struct each *e = arg;

	return see_file(&e->epoch, file, error);
}

static bool
each_row(void *arg, const struct journal_row *row, bson_error_t *error)
{
	struct each *e = arg;
	struct undo *u = e->u;
	bool mine;

	if (!e->epoch.in || !in_range(u, row) ||
	    optime_cmp(row->at, e->after) <= 0)
		return true;
	return undo_docs_mine(u->docs, row, u->part, u->parts, &mine, error) &&
	    (!mine || e->fn(u->docs, row, error));
}

bool
undo_each(struct undo *u,
    bool (*each)(struct undo_docs *d, const struct journal_row *row,
	bson_error_t *error),
    struct optime after, bson_error_t *error)
{
	struct each e = {
	    .u = u, .epoch = {.cp = &u->cp}, .after = after, .fn = each};
	struct journal_reader r = {
	    .arg = &e, .file = each_file, .row = each_row};

	return journal_read(u->o->journal, job_name(u->o->job), &r, error);
}
