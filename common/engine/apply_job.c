#include "engine/apply_job.h"

#include "base/doc.h"
#include "base/msg.h"
#include "engine/identity.h"
#include "mongo/cursor.h"
#include "mongo/job_part.h"

const char *
apply_job_name(const char *name, const bson_t *head, const struct grant *g,
    char *text, bson_error_t *error)
{
	bson_t source;
	bson_error_t none;

	if (name || record_text(head, "job", &name, &none))
		return name;
	if (!record_doc(head, "source", &source, error))
		return NULL;
	return job_default_name(&source, grant_rules(g), text);
}

/* The documents of jobs with this selection: how many, and one of them. */
static bool
find_by_selection(struct conn *c, const struct ns_rules *rules, bson_t *doc,
    int *n, bson_error_t *error)
{
	bson_t filter = BSON_INITIALIZER, selection;
	struct cursor_opts opts = {
	    .db = "mm_control", .coll = "jobs", .filter = &filter};
	struct cursor *cur;
	const bson_t *found;
	enum cursor_got got;

	BSON_APPEND_DOCUMENT_BEGIN(&filter, "selection", &selection);
	ns_rules_append(rules, &selection);
	bson_append_document_end(&filter, &selection);
	cur = cursor_new(c, &opts);
	*n = 0;
	while ((got = cursor_next(cur, &found, error)) == CURSOR_DOC) {
		bson_reinit(doc);
		bson_concat(doc, found);
		++*n;
	}
	cursor_free(cur);
	bson_destroy(&filter);
	return got == CURSOR_END;
}

static bool
find_by_name(
    struct conn *c, const char *name, bson_t *doc, int *n, bson_error_t *error)
{
	bson_t found;
	int got = job_peek(c, name, &found, error);

	*n = got > 0;
	if (got > 0)
		bson_concat(doc, &found);
	bson_destroy(&found);
	return got >= 0;
}

/* The document of the job by name, or of the only one with this selection. */
static bool
find_one(struct conn *c, const char *name, const struct ns_rules *rules,
    bson_t *doc, bson_error_t *error)
{
	int n = 0;

	if (!(name ? find_by_name(c, name, doc, &n, error)
		   : find_by_selection(c, rules, doc, &n, error)))
		return false;
	return n == 1 ||
	    error_set(error, MM_EXIT_REFUSED, 0,
		name        ? "there is no job \"%s\" on the target"
		    : n > 1 ? "several jobs on the target have this "
			      "selection: name one with --job%s"
			    : "no job on the target has exactly this "
			      "selection: load first, or give --job%s",
		name ? name : "");
}

bool
apply_job_position(struct conn *c, const char *name,
    const struct ns_rules *rules, struct optime *from, bson_error_t *error)
{
	bson_t doc = BSON_INITIALIZER;
	struct job_checkpoint cp;
	bool ok = find_one(c, name, rules, &doc, error);

	ok = ok && job_doc_whole(&doc, error);
	if (ok && !job_doc_checkpoint(&doc, &cp))
		ok = error_set(error, MM_EXIT_REFUSED, 0,
		    "the job has no position yet: its load is not finished");
	if (ok)
		*from = cp.read_from;
	bson_destroy(&doc);
	return ok;
}

char *
apply_job_find(struct conn *c, const char *name, const struct ns_rules *rules,
    bson_error_t *error)
{
	bson_t doc = BSON_INITIALIZER;
	char *found = NULL;

	if (find_one(c, name, rules, &doc, error))
		found = bson_strdup(doc_text(&doc, "_id"));
	bson_destroy(&doc);
	return found;
}

bool
apply_job_ready(const struct job *j, bson_error_t *error)
{
	const char *why = NULL;

	switch (job_phase(j)) {
	case JOB_NONE:
		why = "nothing was loaded for it (a copy of your own needs "
		      "--from and --fuzzy-until)";
		break;
	case JOB_LOADING:
		why = "its load is not finished";
		break;
	case JOB_SWITCHED:
		why = "it was switched: the target is in use";
		break;
	case JOB_LOADED:
	case JOB_APPLYING:
		if (job_adopting(j))
			why = "it begins with a copy that is not recorded "
			      "yet: give --from and --fuzzy-until once more";
		break;
	}
	return !why ||
	    error_set(error, MM_EXIT_REFUSED, 0,
		"cannot apply to job \"%s\": %s", job_name(j), why);
}

struct job *
apply_job_open(struct conn *c, const char *name, bson_error_t *error)
{
	struct job *j = job_open(c, name, msg_tool(), error);

	if (!j || apply_job_ready(j, error))
		return j;
	job_close(j);
	return NULL;
}

bool
apply_job_check(const bson_t *job, enum stream_kind kind, const bson_t *head,
    const struct grant *g, bson_error_t *error)
{
	bson_t source;

	if (kind != STREAM_OPLOG)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "a stream of kind %s cannot be applied, only an oplog",
		    stream_kind_text(kind));
	return record_doc(head, "source", &source, error) &&
	    identity_check(job, &source, g, error);
}
