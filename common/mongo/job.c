/* The fields of a job, and what of it is kept in memory. Fields are only ever
 * set whole, so the copy at hand is mended in the same way as the document. */
#include "mongo/job.h"

#include <string.h>

#include "mongo/job_work.h"

struct job *
job_open(
    struct conn *c, const char *name, const char *tool, bson_error_t *error)
{
	struct job *j = BSON_ALIGNED_ALLOC0(struct job);

	j->name = bson_strdup(name);
	pthread_mutex_init(&j->lock, NULL);
	bson_init(&j->doc);
	j->conn = conn_open(conn_server(c), error);
	if (j->conn) {
		j->lease = lease_take(j->conn, name, tool, &j->doc, error);
		if (j->lease &&
		    control_owned(j->conn, name, job_note_owned, j, error))
			return j;
	}
	job_close(j);
	return NULL;
}

void
job_close(struct job *j)
{
	if (!j)
		return;
	if (j->lease)
		lease_give(j->lease);
	conn_close(j->conn);
	job_forget_owned(j);
	bson_destroy(&j->doc);
	pthread_mutex_destroy(&j->lock);
	bson_free(j->name);
	bson_free(j);
}

bool
job_lost(const struct job *j)
{
	return lease_lost(j->lease);
}

bool
job_refuse_lost(struct job *j, bson_error_t *error)
{
	return error_set(error, MM_EXIT_REFUSED, 0,
	    "job \"%s\": the lease is lost to another writer", j->name);
}

enum job_phase
job_phase(const struct job *j)
{
	return job_doc_phase(&j->doc);
}

const char *
job_name(const struct job *j)
{
	return j->name;
}

const bson_t *
job_doc(const struct job *j)
{
	return &j->doc;
}

bool
job_read_checkpoint(const struct job *j, struct job_checkpoint *cp)
{
	return job_doc_checkpoint(&j->doc, cp);
}

/* The copy at hand: without the names in `unset`, with the fields of `set` in
 * place of those it had. */
static void
mend(bson_t *doc, const bson_t *set, const bson_t *unset)
{
	bson_t out = BSON_INITIALIZER;
	bson_iter_t it;

	if (bson_iter_init(&it, doc))
		while (bson_iter_next(&it)) {
			const char *key = bson_iter_key(&it);

			if (!bson_has_field(set, key) &&
			    !bson_has_field(unset, key))
				bson_append_iter(&out, NULL, 0, &it);
		}
	bson_concat(&out, set);
	bson_destroy(doc);
	bson_copy_to(&out, doc);
	bson_destroy(&out);
}

/* Where nothing was found: nobody but mm-switch writes beside the holder of the
 * lease. */
static bool
lost(struct job *j, bool unswitched, bson_error_t *error)
{
	int got = unswitched ? job_find_switched(j, error) : 0;

	if (got != 0)
		return got > 0;
	lease_note_lost(j->lease);
	return job_refuse_lost(j, error);
}

/* unswitched: only until mm-switch has ended the applying; then nothing. */
static bool
put_where(struct job *j, bool unswitched, const bson_t *set,
    const bson_t *unset, bson_error_t *error)
{
	bson_t q = BSON_INITIALIZER, u = BSON_INITIALIZER;
	struct control_result result = {0};
	bool ok;

	if (job_lost(j))
		return job_refuse_lost(j, error);
	lease_guard(j->lease, &q);
	if (unswitched)
		BCON_APPEND(&q, "phase", "{", "$ne",
		    BCON_UTF8(job_phase_text[JOB_SWITCHED]), "}");
	if (!bson_empty(set))
		BSON_APPEND_DOCUMENT(&u, "$set", set);
	if (!bson_empty(unset))
		BSON_APPEND_DOCUMENT(&u, "$unset", unset);
	pthread_mutex_lock(&j->lock);
	ok = control_update(j->conn, "jobs", &q, &u, false, &result, error);
	if (ok && result.n == 0)
		ok = lost(j, unswitched, error);
	else if (ok)
		mend(&j->doc, set, unset);
	pthread_mutex_unlock(&j->lock);
	bson_destroy(&q);
	bson_destroy(&u);
	return ok;
}

bool
job_put(
    struct job *j, const bson_t *set, const bson_t *unset, bson_error_t *error)
{
	return put_where(j, false, set, unset, error);
}

void
job_append_checkpoint(bson_t *set, const struct job_checkpoint *cp)
{
	bson_t sub;

	BSON_APPEND_DOCUMENT_BEGIN(set, "checkpoint", &sub);
	optime_append(&sub, "readFrom", cp->read_from);
	optime_append(&sub, "applied", cp->applied);
	optime_append(&sub, "seen", cp->seen);
	if (!optime_is_null(cp->ahead))
		optime_append(&sub, "ahead", cp->ahead);
	if (cp->journal[0])
		BSON_APPEND_UTF8(&sub, "journal", cp->journal);
	if (cp->journal[0] && cp->journal_file > 0)
		BSON_APPEND_INT64(&sub, "journalFile", cp->journal_file);
	bson_append_document_end(set, &sub);
}

bool
job_begin_load(struct job *j, const bson_t *source, const bson_t *filters,
    const char *query, struct optime from, bson_error_t *error)
{
	bson_t set = BSON_INITIALIZER, unset = BSON_INITIALIZER;
	enum job_phase phase = job_phase(j);
	bool ok;

	if (phase >= JOB_LOADED)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "job \"%s\" is %s already", j->name, job_phase_text[phase]);
	BSON_APPEND_UTF8(&set, "phase", job_phase_text[JOB_LOADING]);
	BSON_APPEND_DOCUMENT(&set, "source", source);
	BSON_APPEND_DOCUMENT(&set, "selection", filters);
	optime_append(&set, "from", from);
	if (query)
		BSON_APPEND_UTF8(&set, "query", query);
	else
		BSON_APPEND_INT32(&unset, "query", 1);
	BCON_APPEND(&unset, "to", BCON_INT32(1), "checkpoint", BCON_INT32(1),
	    "load", BCON_INT32(1));
	ok = job_put(j, &set, &unset, error);
	bson_destroy(&set);
	bson_destroy(&unset);
	return ok;
}

bool
job_reset(struct job *j, bson_error_t *error)
{
	bson_t none = BSON_INITIALIZER, unset = BSON_INITIALIZER,
	       q = BSON_INITIALIZER, u = BSON_INITIALIZER;
	bool ok;

	BSON_APPEND_UTF8(&q, "_id.job", j->name);
	BCON_APPEND(&u, "$set", "{", "earlier", BCON_BOOL(true), "}", "$unset",
	    "{", "staged", BCON_INT32(1), "born", BCON_INT32(1), "load",
	    BCON_INT32(1), "}");
	BCON_APPEND(&unset, "phase", BCON_INT32(1), "source", BCON_INT32(1),
	    "selection", BCON_INT32(1), "from", BCON_INT32(1), "to",
	    BCON_INT32(1), "checkpoint", BCON_INT32(1), "intent", BCON_INT32(1),
	    "requests", BCON_INT32(1), "load", BCON_INT32(1), "query",
	    BCON_INT32(1));
	/* Owned ones first: a phase without them would hide data of ours. */
	ok = !job_lost(j) || job_refuse_lost(j, error);
	pthread_mutex_lock(&j->lock);
	ok = ok && control_update_all(j->conn, "owned", &q, &u, error);
	pthread_mutex_unlock(&j->lock);
	ok = ok && job_put(j, &none, &unset, error);
	bson_destroy(&unset);
	bson_destroy(&u);
	bson_destroy(&q);
	return ok;
}

bool
job_end_load(struct job *j, struct optime read_from, struct optime from,
    struct optime to, bson_error_t *error)
{
	struct job_checkpoint cp = {read_from, from, to, OPTIME_NULL, "", 0};
	bson_t set = BSON_INITIALIZER, unset = BSON_INITIALIZER,
	       q = BSON_INITIALIZER;
	bool ok;

	BCON_APPEND(
	    &q, "_id.job", BCON_UTF8(j->name), "earlier", BCON_BOOL(true));
	pthread_mutex_lock(&j->lock);
	ok = control_delete(j->conn, "owned", &q, error);
	pthread_mutex_unlock(&j->lock);
	bson_destroy(&q);

	optime_append(&set, "from", from);
	optime_append(&set, "to", to);
	job_append_checkpoint(&set, &cp);
	BSON_APPEND_UTF8(&set, "phase", job_phase_text[JOB_LOADED]);
	BSON_APPEND_INT32(&unset, "load", 1);
	ok = ok && job_put(j, &set, &unset, error) &&
	    job_forget_progress(j, error);
	bson_destroy(&unset);
	bson_destroy(&set);
	return ok;
}

bool
job_save(struct job *j, const struct job_checkpoint *cp, bson_error_t *error)
{
	bson_t set = BSON_INITIALIZER, none = BSON_INITIALIZER;
	bool ok;

	job_append_checkpoint(&set, cp);
	BSON_APPEND_UTF8(&set, "phase", job_phase_text[JOB_APPLYING]);
	ok = put_where(j, true, &set, &none, error);
	bson_destroy(&set);
	return ok;
}

bool
job_save_intent(struct job *j, const struct job_checkpoint *cp,
    const bson_t *intent, bson_error_t *error)
{
	bson_t set = BSON_INITIALIZER, unset = BSON_INITIALIZER;
	struct optime at;
	bool ok;

	job_append_checkpoint(&set, cp);
	BSON_APPEND_UTF8(&set, "phase", job_phase_text[JOB_APPLYING]);
	if (intent && bson_has_field(intent, "to") &&
	    optime_read(intent, "at", &at))
		optime_append(&set, "renamed", at);
	if (intent)
		BSON_APPEND_DOCUMENT(&set, "intent", intent);
	else
		BSON_APPEND_INT32(&unset, "intent", 1);
	ok = put_where(j, true, &set, &unset, error);
	bson_destroy(&set);
	bson_destroy(&unset);
	return ok;
}

bool
job_intent(const struct job *j, bson_t *intent)
{
	return doc_sub(&j->doc, "intent", intent);
}
