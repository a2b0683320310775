#include "mongo/request.h"

#include <string.h>

#include "mongo/job_work.h"

#define FIELD "requests.finishIndexes"

static const char *const state_text[] = {[REQUEST_NONE] = "",
    [REQUEST_ASKED] = "asked",
    [REQUEST_TAKEN] = "taken",
    [REQUEST_ANSWERED] = "answered"};

void
request_of(const bson_t *job, struct request *out)
{
	const char *id = doc_text(job, FIELD ".id"),
		   *state = doc_text(job, FIELD ".state"),
		   *message = doc_text(job, FIELD ".message");
	bson_t refused;

	*out = (struct request){.state = REQUEST_NONE};
	if (doc_sub(job, FIELD ".refused", &refused))
		bson_copy_to(&refused, &out->refused);
	else
		bson_init(&out->refused);
	for (size_t i = REQUEST_ASKED; id && state && i <= REQUEST_ANSWERED;
	     i++)
		if (strcmp(state, state_text[i]) == 0)
			out->state = (enum request_state)i;
	bson_strncpy(out->id, id ? id : "", sizeof out->id);
	bson_strncpy(out->message, message ? message : "", sizeof out->message);
	out->built = doc_int(job, FIELD ".built");
	out->status = (enum mm_exit)doc_int(job, FIELD ".status");
}

void
request_release(struct request *r)
{
	bson_destroy(&r->refused);
}

void
request_new_id(char *id)
{
	bson_oid_t oid;

	bson_oid_init(&oid, NULL);
	bson_oid_to_string(&oid, id);
}

/* ------------------------------------------------------- without the lease */

static void
append_new(bson_t *u, const char *id, enum request_state state)
{
	bson_t set, sub;

	BSON_APPEND_DOCUMENT_BEGIN(u, "$set", &set);
	BSON_APPEND_DOCUMENT_BEGIN(&set, FIELD, &sub);
	BSON_APPEND_UTF8(&sub, "id", id);
	BSON_APPEND_UTF8(&sub, "state", state_text[state]);
	bson_append_now_utc(&sub, "asked", -1);
	bson_append_document_end(&set, &sub);
	bson_append_document_end(u, &set);
}

bool
request_leave(struct conn *c, const char *job, const char *before,
    const char *id, bool *left, bson_error_t *error)
{
	bson_t q = BSON_INITIALIZER, u = BSON_INITIALIZER;
	struct control_result result = {0};
	bool ok;

	BSON_APPEND_UTF8(&q, "_id", job);
	if (*before)
		BSON_APPEND_UTF8(&q, FIELD ".id", before);
	else
		BCON_APPEND(&q, FIELD, "{", "$exists", BCON_BOOL(false), "}");
	append_new(&u, id, REQUEST_ASKED);
	ok = control_update(c, "jobs", &q, &u, false, &result, error);
	*left = result.n > 0;
	bson_destroy(&q);
	bson_destroy(&u);
	return ok;
}

bool
request_withdraw(struct conn *c, const char *job, const char *id,
    enum request_state state, bson_error_t *error)
{
	bson_t q = BSON_INITIALIZER, u = BSON_INITIALIZER;
	struct control_result result;
	bool ok;

	BCON_APPEND(&q, "_id", BCON_UTF8(job), FIELD ".id", BCON_UTF8(id),
	    FIELD ".state", BCON_UTF8(state_text[state]));
	BCON_APPEND(&u, "$unset", "{", "requests", BCON_INT32(1), "}");
	ok = control_update(c, "jobs", &q, &u, false, &result, error);
	bson_destroy(&q);
	bson_destroy(&u);
	return ok;
}

/* ------------------------------------------------------------- by the writer
 */

bool
request_look(struct job *j, struct request *out, bson_error_t *error)
{
	bson_t doc;
	int got;

	pthread_mutex_lock(&j->lock);
	got = control_find(j->conn, "jobs", j->name, &doc, error);
	pthread_mutex_unlock(&j->lock);
	job_note_phase(j, &doc);
	request_of(&doc, out);
	bson_destroy(&doc);
	return got >= 0;
}

/* An update under the lease; id NULL: whatever request there is. */
static bool
put(struct job *j, const char *id, const bson_t *u, int64_t *n,
    bson_error_t *error)
{
	struct control_result result = {0};
	bson_t q = BSON_INITIALIZER;
	bool ok;

	if (job_lost(j))
		return job_refuse_lost(j, error);
	lease_guard(j->lease, &q);
	if (id)
		BSON_APPEND_UTF8(&q, FIELD ".id", id);
	pthread_mutex_lock(&j->lock);
	ok = control_update(j->conn, "jobs", &q, u, false, &result, error);
	pthread_mutex_unlock(&j->lock);
	bson_destroy(&q);
	*n = result.n;
	return ok;
}

bool
request_take(struct job *j, const char *id, bool *taken, bson_error_t *error)
{
	bson_t u = BSON_INITIALIZER;
	int64_t n = 0;
	bool ok;

	BCON_APPEND(&u, "$set", "{", FIELD ".state",
	    BCON_UTF8(state_text[REQUEST_TAKEN]), "}");
	ok = put(j, id, &u, &n, error);
	bson_destroy(&u);
	*taken = n > 0;
	return ok;
}

bool
request_answer(struct job *j, const struct request *r, bson_error_t *error)
{
	bson_t u = BSON_INITIALIZER, set;
	int64_t n;
	bool ok;

	BSON_APPEND_DOCUMENT_BEGIN(&u, "$set", &set);
	BSON_APPEND_UTF8(&set, FIELD ".state", state_text[REQUEST_ANSWERED]);
	BSON_APPEND_INT64(&set, FIELD ".built", r->built);
	BSON_APPEND_INT32(&set, FIELD ".status", r->status);
	BSON_APPEND_UTF8(&set, FIELD ".message", r->message);
	BSON_APPEND_ARRAY(&set, FIELD ".refused", &r->refused);
	bson_append_document_end(&u, &set);
	ok = put(j, r->id, &u, &n, error);
	bson_destroy(&u);
	return ok;
}

bool
request_put_own(struct job *j, const char *id, bson_error_t *error)
{
	bson_t u = BSON_INITIALIZER;
	int64_t n = 0;
	bool ok;

	if (id)
		append_new(&u, id, REQUEST_TAKEN);
	else
		BCON_APPEND(&u, "$unset", "{", "requests", BCON_INT32(1), "}");
	ok = put(j, NULL, &u, &n, error);
	bson_destroy(&u);
	return ok && (n > 0 || job_refuse_lost(j, error));
}
