/* The job of the migration after a rollback: what is on the target then is a
 * copy of the source as of one moment, and the applier goes on from there. Its
 * lifetimes sleep; what the job lists of them comes with the log, in which they
 * are woken on the source after that moment. */
#include "base/doc.h"
#include "base/msg.h"
#include "engine/switch_work.h"
#include "mongo/catalog.h"
#include "mongo/job.h"

struct adopted {
	struct job *job;
	struct coll_list colls;
	char **gone;
	size_t n_gone;
};

static void
note_gone(void *arg, const char *ns)
{
	struct adopted *a = arg;

	for (size_t i = 0; i < a->colls.n; i++)
		if (strcmp(a->colls.item[i].ns, ns) == 0)
			return;
	a->gone = bson_realloc(a->gone, (a->n_gone + 1) * sizeof *a->gone);
	a->gone[a->n_gone++] = bson_strdup(ns);
}

/* What applications have made there belongs to the job, what they have dropped
 * does not. */
static bool
own(struct switcher *s, struct job *j, bson_error_t *error)
{
	struct adopted a = {.job = j};
	bson_t none = BSON_INITIALIZER;
	bool ok = catalog_list(s->tgt, s->turned, false, &a.colls, error);

	for (size_t i = 0; ok && i < a.colls.n; i++)
		ok = job_own(j, a.colls.item[i].ns, &none, error);
	if (ok)
		job_each_owned(j, note_gone, &a);
	for (size_t i = 0; i < a.n_gone; i++) {
		ok = ok && job_disown(j, a.gone[i], error);
		bson_free(a.gone[i]);
	}
	bson_free(a.gone);
	coll_list_release(&a.colls);
	bson_destroy(&none);
	return ok;
}

static bool
adopt(struct switcher *s, struct job *j, struct optime at, bson_error_t *error)
{
	bson_t head = BSON_INITIALIZER, source, filters = BSON_INITIALIZER;
	bool ok;

	server_append(s->source, "source", &head);
	ns_rules_append(s->rules, &filters);
	ok = doc_sub(&head, "source", &source) &&
	    job_adopt(j, &source, &filters, at, at, error);
	bson_destroy(&head);
	bson_destroy(&filters);
	return ok;
}

/* It has begun with that moment already, by a run that was killed. */
static bool
begun_at(const struct job *j, struct optime at)
{
	struct optime from;

	return job_phase(j) != JOB_SWITCHED &&
	    optime_read(job_doc(j), "from", &from) && optime_same(from, at);
}

static bool
go_on(struct switcher *s, struct job *j, struct optime at, bson_error_t *error)
{
	if (job_phase(j) == JOB_SWITCHED && !adopt(s, j, at, error))
		return false;
	if (!begun_at(j, at))
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "job \"%s\" was changed meanwhile: it is not switched",
		    s->job);
	return !job_adopting(j) || (own(s, j, error) && job_adopted(j, error));
}

/* An applier that has taken the job already is at work for that moment. */
static int
done_before(struct switcher *s, struct optime at, bson_error_t *error)
{
	bson_iter_t it;
	struct optime from;
	bson_t doc;
	int got = job_peek(s->tgt, s->job, &doc, error);

	if (got > 0)
		got = job_doc_phase(&doc) != JOB_SWITCHED &&
		    optime_read(&doc, "from", &from) && optime_same(from, at) &&
		    !bson_iter_init_find(&it, &doc, "adopting");
	bson_destroy(&doc);
	return got;
}

bool
switch_adopt(struct switcher *s, struct optime at, bson_error_t *error)
{
	int got = done_before(s, at, error);
	struct conn *c;
	struct job *j;
	bool ok;

	if (got != 0)
		return got > 0;
	if (!(c = conn_open(s->target, error)))
		return false;
	j = job_open(c, s->job, msg_tool(), error);
	ok = j && go_on(s, j, at, error);
	if (j)
		job_close(j);
	conn_close(c);
	return ok;
}
