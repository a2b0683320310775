#include "engine/load_job.h"

#include "base/hash.h"
#include "base/msg.h"
#include "engine/again.h"
#include "engine/identity.h"
#include "mongo/catalog.h"
#include "stream/record.h"

struct names {
	char **item;
	size_t n;
};

static void
note_name(void *arg, const char *ns)
{
	struct names *names = arg;

	names->item =
	    bson_realloc(names->item, (names->n + 1) * sizeof *names->item);
	names->item[names->n++] = bson_strdup(ns);
}

static bool
drop(struct conn *c, const char *ns, bson_error_t *error)
{
	unsigned tries = 0;
	bool ok;

	do
		ok = catalog_drop(c, ns, error);
	while (!ok && again(c, error, &tries));
	return ok;
}

static bool
drop_owned(struct conn *c, struct job *j, bson_error_t *error)
{
	struct names names = {0};
	bool ok = true;

	job_each_owned(j, note_name, &names);
	if (names.n > 0)
		msg_info("job \"%s\": dropping %zu collections of the load "
			 "before",
		    job_name(j), names.n);
	for (size_t i = 0; i < names.n; i++) {
		ok = ok && drop(c, names.item[i], error);
		bson_free(names.item[i]);
	}
	bson_free(names.item);
	if (ok && names.n == 0 && job_phase(j) == JOB_NONE)
		return true;
	return ok && job_reset(j, error);
}

static bool
clear(struct conn *c, struct job *j, bool drop, bson_error_t *error)
{
	switch (job_phase(j)) {
	case JOB_NONE:
	case JOB_LOADING:
		return drop_owned(c, j, error);
	case JOB_SWITCHED:
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "job \"%s\" was switched: its target is in use",
		    job_name(j));
	default:
		if (drop)
			return drop_owned(c, j, error);
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "job \"%s\" is loaded already (--drop drops what it owns "
		    "and loads anew)",
		    job_name(j));
	}
}

static const char *
choose_name(const char *name, const bson_t *head, const bson_t *source,
    const struct grant *g, char *text)
{
	bson_error_t ignored;

	if (name || record_text(head, "job", &name, &ignored))
		return name;
	return job_default_name(source, grant_rules(g), text);
}

struct job *
load_job_begin(struct conn *c, const char *name, const bson_t *head,
    const struct grant *g, bool drop, bson_error_t *error)
{
	char text[SHA256_TEXT];
	struct optime from;
	struct job *j;
	bson_t source;

	if (!record_doc(head, "source", &source, error) ||
	    !record_optime(head, "from", &from, error))
		return NULL;
	name = choose_name(name, head, &source, g, text);
	j = job_open(c, name, msg_tool(), error);
	if (!j)
		return NULL;
	if (!identity_check(job_doc(j), &source, g, error))
		error_prefix(error, "job \"%s\"", name);
	else if (clear(c, j, drop, error) &&
	    job_begin_load(j, &source, grant_filters(g), from, error))
		return j;
	job_close(j);
	return NULL;
}
