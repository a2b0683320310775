/* What a job owns on the target: mm_control.owned, and the names in memory. */
#include "mongo/job_work.h"

#include <string.h>

/* NULL: not owned. */
static struct owned *
find(const struct job *j, const char *ns)
{
	for (size_t i = 0; i < j->n_owned; i++)
		if (strcmp(j->owned[i].ns, ns) == 0)
			return &j->owned[i];
	return NULL;
}

static void
note_owned(struct job *j, const char *ns, const struct optime *kept)
{
	struct owned *o = find(j, ns);

	if (!o) {
		j->owned =
		    bson_realloc(j->owned, (j->n_owned + 1) * sizeof *j->owned);
		o = &j->owned[j->n_owned++];
		o->ns = bson_strdup(ns);
	}
	o->kept = kept;
	o->from = kept ? *kept : OPTIME_NULL;
}

void
job_forget_owned(struct job *j)
{
	for (size_t i = 0; i < j->n_owned; i++)
		bson_free(j->owned[i].ns);
	bson_free(j->owned);
	j->owned = NULL;
	j->n_owned = 0;
}

bool
job_note_owned(void *job, const bson_t *doc)
{
	const char *ns = doc_text(doc, "_id.ns");
	struct optime from = OPTIME_NULL;

	if (ns)
		note_owned(
		    job, ns, optime_read(doc, "kept", &from) ? &from : NULL);
	return true;
}

bool
job_kept(struct job *j, const char *ns, struct optime *from)
{
	const struct owned *o;
	bool kept;

	pthread_mutex_lock(&j->lock);
	o = find(j, ns);
	kept = o && o->kept;
	if (kept && from)
		*from = o->from;
	pthread_mutex_unlock(&j->lock);
	return kept;
}

static void
owned_id(const struct job *j, const char *ns, bson_t *q)
{
	bson_init(q);
	BCON_APPEND(
	    q, "_id", "{", "job", BCON_UTF8(j->name), "ns", BCON_UTF8(ns), "}");
}

static bool
own(struct job *j, const char *ns, const bson_t *staged, bool born,
    const bson_t *load, const struct optime *kept, bson_error_t *error)
{
	struct optime before;
	struct control_result result;
	bson_t doc, q;
	bool ok;

	if (job_lost(j))
		return job_refuse_lost(j, error);
	if (!kept && job_kept(j, ns, &before))
		kept = &before;
	owned_id(j, ns, &q);
	bson_copy_to(&q, &doc);
	if (staged)
		BSON_APPEND_ARRAY(&doc, "staged", staged);
	if (born)
		BSON_APPEND_BOOL(&doc, "born", true);
	if (kept)
		optime_append(&doc, "kept", *kept);
	if (load)
		BSON_APPEND_DOCUMENT(&doc, "load", load);
	pthread_mutex_lock(&j->lock);
	ok = control_update(j->conn, "owned", &q, &doc, true, &result, error);
	if (ok)
		note_owned(j, ns, kept);
	pthread_mutex_unlock(&j->lock);
	bson_destroy(&doc);
	bson_destroy(&q);
	return ok;
}

bool
job_own_as(struct job *j, const char *ns, const bson_t *staged, bool born,
    bson_error_t *error)
{
	return own(j, ns, staged, born, NULL, NULL, error);
}

bool
job_own_load(struct job *j, const char *ns, const bson_t *staged,
    const bson_t *load, const struct optime *kept, bson_error_t *error)
{
	return own(j, ns, staged, false, load, kept, error);
}

bool
job_own(
    struct job *j, const char *ns, const bson_t *staged, bson_error_t *error)
{
	return job_own_as(j, ns, staged, false, error);
}

int
job_owned(struct job *j, const char *ns, bson_t *staged, bool *born,
    bson_error_t *error)
{
	bson_t q, doc, list;
	int got;

	owned_id(j, ns, &q);
	pthread_mutex_lock(&j->lock);
	got = control_read(j->conn, "owned", &q, &doc, error);
	pthread_mutex_unlock(&j->lock);
	if (got > 0 && doc_sub(&doc, "staged", &list))
		bson_copy_to(&list, staged);
	else
		bson_init(staged);
	*born = got > 0 && doc_bool(&doc, "born");
	bson_destroy(&doc);
	bson_destroy(&q);
	return got;
}

bool
job_disown(struct job *j, const char *ns, bson_error_t *error)
{
	struct owned *o;
	bson_t q;
	bool ok;

	if (job_lost(j))
		return job_refuse_lost(j, error);
	owned_id(j, ns, &q);
	pthread_mutex_lock(&j->lock);
	ok = control_delete(j->conn, "owned", &q, error);
	o = ok ? find(j, ns) : NULL;
	if (o) {
		bson_free(o->ns);
		*o = j->owned[--j->n_owned];
	}
	pthread_mutex_unlock(&j->lock);
	bson_destroy(&q);
	return ok;
}

void
job_each_owned(
    struct job *j, void (*each)(void *arg, const char *ns), void *arg)
{
	pthread_mutex_lock(&j->lock);
	for (size_t i = 0; i < j->n_owned; i++)
		each(arg, j->owned[i].ns);
	pthread_mutex_unlock(&j->lock);
}
