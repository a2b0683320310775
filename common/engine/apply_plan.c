#include "engine/apply_plan.h"

#include <string.h>

#include "base/msg.h"
#include "engine/apply_job.h"
#include "engine/undo.h"
#include "mongo/job_part.h"

static struct adopt_copy copy;
static const char *format = "stream";
static bool allow_truncated;

static const struct opt rows[] = {
    {0, "input-format", "FORMAT", OPT_CHOICE, &format,
	"stream, or bson: entries as in oplog.bson (stream)", 0, 0,
	"stream|bson"},
    {0, "from", "POSITION", OPT_POSITION, &copy.from,
	"everything up to POSITION is in the copy"},
    {0, "fuzzy-until", "POSITION", OPT_POSITION, &copy.to,
	"nothing after POSITION is: a copy of your own as the start"},
    {0, "allow-truncated", NULL, OPT_FLAG, &allow_truncated,
	"bson: an input that ends within an entry is 9, not 3"},
};
const struct opt_group apply_plan_options = OPT_GROUP("Input", rows);

static bool
plain(void)
{
	return strcmp(format, "bson") == 0;
}

/* A copy without a position, or with half of one, is never guessed at. Plain
 * entries may have --from alone: where they begin, for a job that is there. */
static bool
check_copy(void)
{
	if (optime_is_null(copy.to))
		return optime_is_null(copy.from) || plain();
	return !optime_is_null(copy.from) &&
	    optime_cmp(copy.from, copy.to) <= 0;
}

bool
apply_plan_check(const char *directory, bson_error_t *error)
{
	const char *why = NULL;

	if (plain() && directory)
		why = "--input-format=bson is for files";
	else if (allow_truncated && !plain())
		why = "--allow-truncated is for --input-format=bson";
	else if (!check_copy())
		why = "a copy of your own needs --from (everything up to there "
		      "is in it) and --fuzzy-until (nothing after it is), in "
		      "this order; they are equal for one of a single moment";
	return !why || error_set(error, MM_EXIT_USAGE, 0, "%s", why);
}

bool
apply_plan_told(void)
{
	return plain() || !optime_is_null(copy.from) ||
	    !optime_is_null(copy.to);
}

bool
apply_plan_begin(struct apply_plan *p, char *const *files, int n, bool follow,
    bson_error_t *error)
{
	p->plain = plain();
	p->copy = copy;
	p->input = apply_input_new(files, n, p->directory, follow);
	if (!p->plain)
		return true;
	p->rules = ns_rules_new(&ns_flags, error);
	if (!p->rules)
		return false;
	apply_input_plain(p->input, p->rules, copy.from, allow_truncated);
	return true;
}

static bool
read_head(struct apply_plan *p, bool *nothing, bson_error_t *error)
{
	/* A journal is of the job whose log it is of. */
	p->kind = STREAM_OPLOG;
	if (p->undo)
		return undo_head(p->undo, &p->head, error);
	switch (apply_input_head(p->input, &p->head, &p->kind, error)) {
	case STREAM_GOT:
		return true;
	case STREAM_ERROR:
		return false;
	case STREAM_EOF:
		return error_set(error, MM_EXIT_STREAM, 0,
		    "\"%s\" holds no segment", p->directory);
	case STREAM_STOPPED:
		*nothing = true;
		return false;
	}
	return false;
}

bool
apply_plan_read(struct apply_plan *p, bool *nothing, bson_error_t *error)
{
	bson_t filters;

	if (!read_head(p, nothing, error) ||
	    !record_doc(&p->head, "filters", &filters, error) ||
	    !(p->grant = grant_new(&ns_flags, &filters, error)))
		return false;
	p->name = p->job;
	if (p->plain)
		return true;
	p->name = apply_job_name(p->job, &p->head, p->grant, p->text, error);
	return p->name;
}

bool
apply_plan_find(struct apply_plan *p, struct conn *c, bson_error_t *error)
{
	bson_t source = BSON_INITIALIZER;
	bson_error_t why;

	if (p->name)
		return true;
	p->found = apply_job_find(c, NULL, grant_rules(p->grant), &why);
	p->name = p->found;
	if (!p->name && !optime_is_null(p->copy.to) &&
	    error_status(&why) == MM_EXIT_REFUSED)
		p->name =
		    job_default_name(&source, grant_rules(p->grant), p->text);
	bson_destroy(&source);
	if (!p->name && error)
		*error = why;
	return p->name;
}

static bool
prepare(struct apply_plan *p, struct conn *c, struct job *j,
    const bson_t *source, bson_error_t *error)
{
	return job_doc_whole(job_doc(j), error) &&
	    apply_job_check(job_doc(j), p->kind, &p->head, p->grant, error) &&
	    (optime_is_null(p->copy.to) ||
		apply_adopt(c, j, &p->copy, source, p->grant, error)) &&
	    apply_job_ready(j, error) && job_learn_source(j, source, error);
}

struct job *
apply_plan_job(struct apply_plan *p, struct conn *c, struct conn *job_conn,
    bson_error_t *error)
{
	struct job *j;
	bson_t source;

	if (!record_doc(&p->head, "source", &source, error) ||
	    !apply_plan_find(p, c, error) ||
	    !(j = job_open(job_conn, p->name, msg_tool(), error)))
		return NULL;
	if (prepare(p, c, j, &source, error))
		return j;
	job_close(j);
	return NULL;
}

void
apply_plan_release(struct apply_plan *p)
{
	apply_input_free(p->input);
	ns_rules_free(p->rules);
	grant_free(p->grant);
	bson_destroy(&p->head);
	bson_free(p->found);
}
