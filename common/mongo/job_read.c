/* What can be known of a job without its lease. */
#include <string.h>

#include "base/doc.h"
#include "base/hash.h"
#include "mongo/control.h"
#include "mongo/cursor.h"
#include "mongo/job.h"
#include "mongo/lease.h"

/* In one reply, so that no cursor can be lost in the middle. */
#define OWNED_DOCS 100000

const char *const job_phase_text[] = {[JOB_NONE] = "none",
    [JOB_LOADING] = "loading",
    [JOB_LOADED] = "loaded",
    [JOB_APPLYING] = "applying",
    [JOB_SWITCHED] = "switched"};

const char *
job_default_name(const bson_t *source, const struct ns_rules *rules, char *text)
{
	const char *id = doc_text(source, "replicaSetId");
	struct sha256 *h = sha256_new();
	bson_t filters = BSON_INITIALIZER;
	bson_iter_t it;
	char hex[25];

	if (bson_iter_init_find(&it, source, "replicaSetId") &&
	    BSON_ITER_HOLDS_OID(&it)) {
		bson_oid_to_string(bson_iter_oid(&it), hex);
		id = hex;
	}
	if (!id || !*id)
		id = doc_text(source, "set");
	if (!id)
		id = "";
	ns_rules_append(rules, &filters);
	sha256_add(h, id, strlen(id) + 1);
	sha256_add(h, bson_get_data(&filters), filters.len);
	bson_destroy(&filters);
	return sha256_finish(h, text);
}

const char *
job_name_of(
    const struct server *source, const struct ns_rules *rules, char *text)
{
	bson_t doc = BSON_INITIALIZER, header;

	server_append(source, "source", &doc);
	doc_sub(&doc, "source", &header);
	job_default_name(&header, rules, text);
	bson_destroy(&doc);
	return text;
}

enum job_phase
job_doc_phase(const bson_t *doc)
{
	const char *text = doc_text(doc, "phase");

	for (size_t i = JOB_LOADING; text && i <= JOB_SWITCHED; i++)
		if (strcmp(text, job_phase_text[i]) == 0)
			return (enum job_phase)i;
	return JOB_NONE;
}

bool
job_doc_checkpoint(const bson_t *doc, struct job_checkpoint *cp)
{
	bson_t sub;
	const char *journal;

	cp->ahead = OPTIME_NULL;
	cp->journal[0] = '\0';
	cp->journal_file = 0;
	if (!doc_sub(doc, "checkpoint", &sub) ||
	    (bson_has_field(&sub, "ahead") &&
		!optime_read(&sub, "ahead", &cp->ahead)))
		return false;
	journal = doc_text(&sub, "journal");
	cp->journal_file = (unsigned)doc_int(&sub, "journalFile");
	if (journal)
		bson_strncpy(cp->journal, journal, sizeof cp->journal);
	return optime_read(&sub, "readFrom", &cp->read_from) &&
	    optime_read(&sub, "applied", &cp->applied) &&
	    optime_read(&sub, "seen", &cp->seen);
}

bool
control_owned(struct conn *c, const char *name,
    bool (*each)(void *arg, const bson_t *doc), void *arg, bson_error_t *error)
{
	bson_t q = BSON_INITIALIZER;
	struct cursor_opts o = {.db = CONTROL_DB,
	    .coll = "owned",
	    .filter = &q,
	    .first_docs = OWNED_DOCS};
	struct cursor *cur;
	enum cursor_got got;
	const bson_t *doc;
	bool ok = true;

	BSON_APPEND_UTF8(&q, "_id.job", name);
	cur = cursor_new(c, &o);
	while (ok && (got = cursor_next(cur, &doc, error)) == CURSOR_DOC)
		ok = each(arg, doc);
	cursor_free(cur);
	bson_destroy(&q);
	return ok && got == CURSOR_END;
}

int
job_peek(struct conn *c, const char *name, bson_t *doc, bson_error_t *error)
{
	return control_find(c, "jobs", name, doc, error);
}

struct staged_walk {
	bool (*each)(
	    void *arg, const char *ns, const char *why, const bson_t *spec);
	void *arg;
};

static bool
each_staged(void *arg, const bson_t *doc)
{
	struct staged_walk *s = arg;
	const char *ns = doc_text(doc, "_id.ns"), *why;
	bson_t list, one, spec;
	bson_iter_t it;

	if (!ns || !doc_sub(doc, "staged", &list) ||
	    !bson_iter_init(&it, &list))
		return true;
	while (doc_next(&it, &one)) {
		if (!doc_sub(&one, "spec", &spec))
			continue;
		why = doc_text(&one, "why");
		if (!s->each(s->arg, ns, why ? why : "", &spec))
			return false;
	}
	return true;
}

bool
job_each_staged(struct conn *c, const char *name,
    bool (*each)(
	void *arg, const char *ns, const char *why, const bson_t *spec),
    void *arg, bson_error_t *error)
{
	struct staged_walk s = {each, arg};

	return control_owned(c, name, each_staged, &s, error);
}

bool
job_held(struct conn *c, const bson_t *doc, bool *held, bson_error_t *error)
{
	return lease_held(c, doc, held, error);
}

const char *
job_doc_writer(const bson_t *doc)
{
	const char *tool = doc_text(doc, "writer.tool");

	return tool ? tool : "";
}
