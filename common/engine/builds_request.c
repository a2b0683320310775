#include "base/msg.h"
#include "engine/builds_work.h"
#include "engine/duplicates.h"
#include "engine/finish_index.h"
#include "mongo/request.h"

/* One lane, in log order, from before the build begins: then the collection is
 * at every moment as the source was, and has no duplicate that it had not. */
static bool
enter(void *builds, const char *ns, bson_error_t *error)
{
	struct builds *b = builds;

	if (!builds_pause(b, error))
		return false;
	lanes_forget(b->o.lanes);
	targets_one_lane(b->o.targets, ns, true);
	pthread_mutex_lock(&b->lock);
	bson_strncpy(b->busy, ns, sizeof b->busy);
	pthread_mutex_unlock(&b->lock);
	builds_resume(b);
	return true;
}

/* From now on the catalog of the target says what order is needed. */
static void
leave(void *builds, const char *ns)
{
	struct builds *b = builds;
	bson_error_t ignored;
	bool still = builds_pause(b, &ignored);

	if (still) {
		lanes_forget(b->o.lanes);
		targets_one_lane(b->o.targets, ns, false);
	}
	pthread_mutex_lock(&b->lock);
	*b->busy = '\0';
	pthread_mutex_unlock(&b->lock);
	builds_resume(b);
}

/* What the applier will end with is not the answer: who comes next has the
 * request before him. */
static bool
is_answer(struct builds *b, bool ok, const bson_error_t *error)
{
	return ok ||
	    (error_status(error) != MM_EXIT_STOPPED &&
		!lanes_failed(b->o.lanes, NULL) && !job_lost(b->o.job));
}

static void
carry_out(struct builds *b, struct request *r)
{
	struct finish_opts opts = {.conn = b->conn,
	    .job = b->o.job,
	    .jobs = 1,
	    .enter = enter,
	    .leave = leave,
	    .arg = b};
	struct finish_result got;
	bson_error_t error = {0};
	bool ok;

	msg_info("builds the indexes that the job holds back, as mm-load "
		 "asks");
	finish_result_init(&got);
	ok = finish_indexes(&opts, &got, &error);
	duplicates_tell(&got.refused);
	if (is_answer(b, ok, &error)) {
		r->built = got.built;
		r->status = ok ? MM_EXIT_OK : error_status(&error);
		bson_strncpy(
		    r->message, ok ? "" : error.message, sizeof r->message);
		bson_destroy(&r->refused);
		bson_copy_to(&got.refused, &r->refused);
		if (!request_answer(b->o.job, r, &error))
			msg_warn("could not answer: %s", error.message);
	}
	finish_result_release(&got);
}

void
builds_serve(struct builds *b)
{
	bson_error_t ignored;
	struct request r;
	bool settled, taken = false;

	pthread_mutex_lock(&b->lock);
	settled = b->settled && !b->ending;
	pthread_mutex_unlock(&b->lock);
	if (!settled || job_lost(b->o.job) || lanes_failed(b->o.lanes, NULL))
		return;
	if (request_look(b->o.job, &r, &ignored) &&
	    (r.state == REQUEST_ASKED || r.state == REQUEST_TAKEN) &&
	    request_take(b->o.job, r.id, &taken, &ignored) && taken)
		carry_out(b, &r);
	request_release(&r);
}
