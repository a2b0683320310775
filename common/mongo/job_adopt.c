/* A job over a copy that others have made. It is loaded in one write, so that
 * nothing takes what is on the target for the rest of a load; `adopting` stays
 * until all of it is recorded. */
#include "mongo/job_work.h"

bool
job_adopt(struct job *j, const bson_t *source, const bson_t *filters,
    struct optime from, struct optime to, bson_error_t *error)
{
	struct job_checkpoint cp = {from, from, to, OPTIME_NULL};
	bson_t set = BSON_INITIALIZER, none = BSON_INITIALIZER;
	bool ok;

	BSON_APPEND_UTF8(&set, "phase", job_phase_text[JOB_LOADED]);
	BSON_APPEND_BOOL(&set, "adopting", true);
	BSON_APPEND_DOCUMENT(&set, "source", source);
	BSON_APPEND_DOCUMENT(&set, "selection", filters);
	optime_append(&set, "from", from);
	optime_append(&set, "to", to);
	job_append_checkpoint(&set, &cp);
	ok = job_put(j, &set, &none, error);
	bson_destroy(&set);
	return ok;
}

bool
job_adopting(const struct job *j)
{
	return doc_bool(job_doc(j), "adopting");
}

bool
job_adopted(struct job *j, bson_error_t *error)
{
	bson_t none = BSON_INITIALIZER, unset = BSON_INITIALIZER;
	bool ok;

	BSON_APPEND_INT32(&unset, "adopting", 1);
	ok = job_put(j, &none, &unset, error);
	bson_destroy(&unset);
	return ok;
}

bool
job_learn_source(struct job *j, const bson_t *source, bson_error_t *error)
{
	bson_t set = BSON_INITIALIZER, none = BSON_INITIALIZER, known;
	bool ok;

	if (doc_sub(job_doc(j), "source", &known) && !bson_empty(&known))
		return true;
	if (bson_empty(source))
		return true;
	BSON_APPEND_DOCUMENT(&set, "source", source);
	ok = job_put(j, &set, &none, error);
	bson_destroy(&set);
	return ok;
}
