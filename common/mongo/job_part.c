#include "mongo/job_part.h"

#include "mongo/control.h"
#include "mongo/cursor.h"
#include "mongo/job.h"

bool
job_doc_whole(const bson_t *doc, bson_error_t *error)
{
	return !bson_has_field(doc, "query") ||
	    error_set(error, MM_EXIT_REFUSED, 0,
		"job \"%s\" holds only the documents that match a query "
		"(mm-dump --query), which cannot pass for the whole",
		doc_text_or(doc, "_id", ""));
}

bool
job_whole(struct conn *c, const char *name, bson_error_t *error)
{
	bson_t doc;
	int got = job_peek(c, name, &doc, error);
	bool ok = got == 0 || (got > 0 && job_doc_whole(&doc, error));

	bson_destroy(&doc);
	return ok;
}

struct parts {
	bool (*each)(void *arg, const char *ns, const char *job);
	void *arg;
	const char *job;
	bool go_on;
};

static bool
tell(void *arg, const bson_t *owned)
{
	struct parts *p = arg;
	const char *ns = doc_text(owned, "_id.ns");

	p->go_on = !ns || p->each(p->arg, ns, p->job);
	return p->go_on;
}

bool
job_each_part(struct conn *c,
    bool (*each)(void *arg, const char *ns, const char *job), void *arg,
    bson_error_t *error)
{
	struct parts p = {each, arg, NULL, true};
	bson_t filter = BSON_INITIALIZER;
	struct cursor_opts o = {
	    .db = CONTROL_DB, .coll = "jobs", .filter = &filter};
	struct cursor *cur;
	enum cursor_got got;
	const bson_t *doc;
	bson_error_t why;
	bool ok = true;

	BCON_APPEND(&filter, "query", "{", "$exists", BCON_BOOL(true), "}");
	cur = cursor_new(c, &o);
	while (ok && p.go_on &&
	    (got = cursor_next(cur, &doc, &why)) == CURSOR_DOC) {
		p.job = doc_text_or(doc, "_id", "");
		ok = control_owned(c, p.job, tell, &p, error) || !p.go_on;
	}
	cursor_free(cur);
	bson_destroy(&filter);
	if (!ok || !p.go_on || got == CURSOR_END ||
	    why.code == CODE_UNAUTHORIZED)
		return ok;
	*error = why;
	return false;
}
