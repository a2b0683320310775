#include "mongo/job_switch.h"

#include "mongo/job_work.h"

bool
job_switch(struct conn *c, const char *name, bson_error_t *error)
{
	bson_t q = BSON_INITIALIZER, u = BSON_INITIALIZER;
	struct control_result result = {0};
	bool ok;

	BCON_APPEND(&q, "_id", BCON_UTF8(name), "phase", "{", "$in", "[",
	    BCON_UTF8(job_phase_text[JOB_APPLYING]),
	    BCON_UTF8(job_phase_text[JOB_SWITCHED]), "]", "}");
	BCON_APPEND(&u, "$set", "{", "phase",
	    BCON_UTF8(job_phase_text[JOB_SWITCHED]), "}");
	ok = control_update(c, "jobs", &q, &u, false, &result, error);
	bson_destroy(&q);
	bson_destroy(&u);
	return ok &&
	    (result.n > 0 ||
		error_set(error, MM_EXIT_REFUSED, 0,
		    "job \"%s\" is not being applied", name));
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
