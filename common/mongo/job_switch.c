#include "mongo/job_switch.h"

#include "mongo/job_work.h"

/* Phase `to`; from: the filter's condition on the one it is in, or NULL. */
static bool
put_phase(struct conn *c, const char *name, const bson_t *from,
    enum job_phase to, struct control_result *result, bson_error_t *error)
{
	bson_t q = BSON_INITIALIZER, u = BSON_INITIALIZER;
	bool ok;

	BSON_APPEND_UTF8(&q, "_id", name);
	if (from)
		BSON_APPEND_DOCUMENT(&q, "phase", from);
	BCON_APPEND(
	    &u, "$set", "{", "phase", BCON_UTF8(job_phase_text[to]), "}");
	ok = control_update(c, "jobs", &q, &u, false, result, error);
	bson_destroy(&q);
	bson_destroy(&u);
	return ok;
}

bool
job_switch(struct conn *c, const char *name, bson_error_t *error)
{
	struct control_result result = {0};
	bson_t from = BSON_INITIALIZER;
	bool ok;

	BCON_APPEND(&from, "$in", "[", BCON_UTF8(job_phase_text[JOB_APPLYING]),
	    BCON_UTF8(job_phase_text[JOB_SWITCHED]), "]");
	ok = put_phase(c, name, &from, JOB_SWITCHED, &result, error);
	bson_destroy(&from);
	return ok &&
	    (result.n > 0 ||
		error_set(error, MM_EXIT_REFUSED, 0,
		    "job \"%s\" is not being applied", name));
}

bool
job_retire(struct conn *c, const char *name, bson_error_t *error)
{
	struct control_result result = {0};

	return put_phase(c, name, NULL, JOB_SWITCHED, &result, error);
}

bool
job_resume(struct conn *c, const char *name, bson_error_t *error)
{
	struct control_result result = {0};
	bson_t from = BSON_INITIALIZER;
	bool ok;

	BSON_APPEND_UTF8(&from, "$eq", job_phase_text[JOB_SWITCHED]);
	ok = put_phase(c, name, &from, JOB_APPLYING, &result, error);
	bson_destroy(&from);
	return ok;
}

bool
job_forget(struct conn *c, const char *name, bson_error_t *error)
{
	bson_t q = BSON_INITIALIZER, owned = BSON_INITIALIZER, doc;
	int got = job_peek(c, name, &doc, error);
	bool ok = got >= 0;

	if (got > 0 && job_doc_phase(&doc) != JOB_SWITCHED)
		ok = error_set(error, MM_EXIT_REFUSED, 0,
		    "job \"%s\" is not at its end", name);
	BCON_APPEND(&q, "_id", BCON_UTF8(name), "phase",
	    BCON_UTF8(job_phase_text[JOB_SWITCHED]));
	BSON_APPEND_UTF8(&owned, "_id.job", name);
	/* What it owns first: without the job nobody would find it. */
	ok = ok && control_delete(c, "owned", &owned, error) &&
	    control_delete(c, "jobs", &q, error);
	bson_destroy(&doc);
	bson_destroy(&owned);
	bson_destroy(&q);
	return ok;
}

bool
job_switched(const struct job *j)
{
	return atomic_load(&j->switched);
}

void
job_note_phase(struct job *j, const bson_t *doc)
{
	if (job_doc_phase(doc) == JOB_SWITCHED)
		atomic_store(&j->switched, true);
}

int
job_find_switched(struct job *j, bson_error_t *error)
{
	bson_t q = BSON_INITIALIZER, doc;
	int got;

	lease_guard(j->lease, &q);
	got = control_read(j->conn, "jobs", &q, &doc, error);
	if (got > 0)
		job_note_phase(j, &doc);
	bson_destroy(&doc);
	bson_destroy(&q);
	return got < 0 ? got : job_switched(j);
}
