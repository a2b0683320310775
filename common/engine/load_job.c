#include "engine/load_job.h"

#include <string.h>

#include "base/doc.h"
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
		/* With documents of others in it. */
		if (job_kept(j, names.item[i], NULL))
			msg_info("\"%s\" is not dropped, it held documents "
				 "before",
			    names.item[i]);
		else
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

const char *
load_job_name(const char *name, const bson_t *head, const bson_t *source,
    const struct grant *g, char *text)
{
	bson_error_t ignored;

	if (name || record_text(head, "job", &name, &ignored))
		return name;
	return job_default_name(source, grant_rules(g), text);
}

bool
load_resumes(const bson_t *head)
{
	return bson_has_field(head, "resumes");
}

/* What the documents of the stream match, as text; NULL: it has all. */
static char *
query_of(const bson_t *head)
{
	bson_t query;

	return doc_sub(head, "filters.query", &query)
	    ? bson_as_canonical_extended_json(&query, NULL)
	    : NULL;
}

/* The load that the stream goes on with is the one under way. */
static bool
go_on(struct job *j, const bson_t *head, const char *query, struct optime from,
    bool drop, bson_error_t *error)
{
	struct optime begun;
	bson_t load;
	const char *id, *want;
	bson_error_t ignored;

	if (drop)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "the stream goes on with a load: nothing can be dropped");
	if (!record_text(head, "resumes", &want, error))
		return false;
	if (job_phase(j) == JOB_LOADING && job_load(j, &load) &&
	    record_text(&load, "id", &id, &ignored) && strcmp(id, want) == 0 &&
	    optime_read(job_doc(j), "from", &begun) &&
	    optime_same(begun, from) &&
	    strcmp(doc_text_or(job_doc(j), "query", ""), query ? query : "") ==
		0)
		return true;
	return error_set(error, MM_EXIT_REFUSED, 0,
	    "the stream goes on with another load than that of job \"%s\"",
	    job_name(j));
}

static bool
note_load(struct job *j, const bson_t *head, bson_error_t *error)
{
	bson_t load = BSON_INITIALIZER, filters, plain;
	struct optime read_from;
	bson_oid_t id;
	char text[25];
	bool ok;

	bson_oid_init(&id, NULL);
	bson_oid_to_string(&id, text);
	BSON_APPEND_UTF8(&load, "id", text);
	if (optime_read(head, "readFrom", &read_from))
		optime_append(&load, "readFrom", read_from);
	ok = record_doc(head, "filters", &filters, error);
	if (ok) {
		/* The job has the query as text: no server takes operators. */
		BSON_APPEND_DOCUMENT_BEGIN(&load, "filters", &plain);
		bson_copy_to_excluding_noinit(
		    &filters, &plain, "query", (char *)NULL);
		bson_append_document_end(&load, &plain);
	}
	ok = ok && job_note_load(j, &load, error);
	bson_destroy(&load);
	return ok;
}

static bool
begin(struct conn *c, struct job *j, const bson_t *head, const bson_t *source,
    const struct grant *g, bool drop, bson_error_t *error)
{
	struct optime from;
	char *query = query_of(head);
	bool ok = record_optime(head, "from", &from, error);

	if (ok && load_resumes(head))
		ok = go_on(j, head, query, from, drop, error);
	else if (ok)
		ok = clear(c, j, drop, error) &&
		    job_begin_load(
			j, source, grant_filters(g), query, from, error) &&
		    note_load(j, head, error);
	if (ok && query)
		msg_warn("only the documents that match a query: no log can "
			 "follow, and nothing is compared");
	bson_free(query);
	return ok;
}

struct job *
load_job_begin(struct conn *c, const char *name, const bson_t *head,
    const struct grant *g, bool drop, bson_error_t *error)
{
	char text[SHA256_TEXT];
	struct job *j;
	bson_t source;

	if (!record_doc(head, "source", &source, error))
		return NULL;
	name = load_job_name(name, head, &source, g, text);
	j = job_open(c, name, msg_tool(), error);
	if (!j)
		return NULL;
	if (!identity_check(job_doc(j), &source, g, error))
		error_prefix(error, "job \"%s\"", name);
	else if (begin(c, j, head, &source, g, drop, error))
		return j;
	job_close(j);
	return NULL;
}

/* What an archive becomes knows only at its end where it began. */
bool
load_positions(const bson_t *end, struct optime *read_from, struct optime *from,
    struct optime *to, bson_error_t *error)
{
	if (optime_is_null(*from) && optime_read(end, "from", from))
		*read_from = *from;
	return record_optime(end, "to", to, error);
}
