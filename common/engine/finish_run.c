/* Who has the lease may change at any time, so each turn looks anew: nobody has
 * it, then we take it; an applier has it, then our request has to be there. An
 * answer counts only for our own request: one that was left before ours may be
 * about other indexes. */
#include "engine/finish_run.h"

#include <string.h>

#include "base/msg.h"
#include "base/sig.h"
#include "base/status.h"
#include "engine/apply_job.h"
#include "engine/index_watch.h"
#include "mongo/job_part.h"
#include "mongo/request.h"

enum {
	TURN_MS = 250,
	TELL_MS = 10000,
	TAKE_MS = 150000, /* longer than a lease */
	RACES = 20
};

struct finish_wait {
	struct conn *conn;
	const char *job;
	bool wake;
	int jobs;
	struct finish_result *out;
	char id[REQUEST_ID];
	bool left; /* our request is in the job */
	int64_t since_us, told_us;
	int races;
	bson_error_t *error;
};

enum turn { TURN_AGAIN, TURN_DONE, TURN_FAILED };

/* ------------------------------------------------------------- by ourselves */

/* An index that enforces something while a part of the log is applied again
 * would refuse what the source had. */
static bool
settled(struct finish_wait *w, const bson_t *doc)
{
	struct job_checkpoint cp;
	char applied[OPTIME_TEXT], to[OPTIME_TEXT];
	struct optime need;

	/* Refused for its phase when it is opened, or no log can follow. */
	if (!job_doc_checkpoint(doc, &cp) || !job_doc_whole(doc, NULL))
		return true;
	need = optime_max(cp.seen, cp.ahead);
	return optime_cmp(cp.applied, need) >= 0 ||
	    error_set(w->error, MM_EXIT_REFUSED, 0,
		"job \"%s\" is applied up to %s, and what comes up to %s may "
		"be applied a second time: apply it first",
		w->job, optime_text(cp.applied, applied),
		optime_text(need, to));
}

/* An applier that comes after we were killed knows by the request that a build
 * may go on at the target. */
static bool
alone(struct finish_wait *w, struct job *j)
{
	struct finish_opts opts = {
	    .conn = w->conn, .job = j, .wake = w->wake, .jobs = w->jobs};
	bson_error_t later;
	bool ok;

	if (!settled(w, job_doc(j)) ||
	    !request_put_own(j, *w->id ? w->id : "-", w->error))
		return false;
	w->left = false;
	msg_info("builds the indexes that job \"%s\" holds back", w->job);
	index_watch_start(conn_server(w->conn));
	ok = finish_indexes(&opts, w->out, w->error);
	index_watch_end();
	if ((ok || error_status(w->error) == MM_EXIT_NO) &&
	    !request_put_own(j, NULL, &later)) {
		*w->error = later;
		return false;
	}
	return ok;
}

/* Somebody may have been faster; then we ask. */
static enum turn
take_lease(struct finish_wait *w)
{
	struct job *j = apply_job_open(w->conn, w->job, w->error);
	bson_t doc;
	bool held = false, ok;

	if (!j) {
		ok = job_peek(w->conn, w->job, &doc, w->error) > 0 &&
		    job_held(w->conn, &doc, &held, w->error);
		bson_destroy(&doc);
		return ok && held && w->races++ < RACES ? TURN_AGAIN
							: TURN_FAILED;
	}
	ok = alone(w, j);
	job_close(j);
	return ok ? TURN_DONE : TURN_FAILED;
}

/* ------------------------------------------------------- by the applier */

static enum turn
answered(struct finish_wait *w, struct request *r)
{
	w->out->built = r->built;
	bson_destroy(&w->out->refused);
	bson_copy_to(&r->refused, &w->out->refused);
	w->left = false;
	if (!request_withdraw(
		w->conn, w->job, w->id, REQUEST_ANSWERED, w->error))
		return TURN_FAILED;
	if (r->status == MM_EXIT_OK)
		return TURN_DONE;
	error_set(w->error, r->status, 0, "mm-oplog-apply: %s", r->message);
	return TURN_FAILED;
}

static bool
in_time(const struct finish_wait *w)
{
	return bson_get_monotonic_time() - w->since_us <
	    TAKE_MS * INT64_C(1000);
}

static void
tell(struct finish_wait *w, const struct request *r)
{
	int64_t now = bson_get_monotonic_time();
	bool ours = strcmp(r->id, w->id) == 0;

	status_state(
	    ours && r->state == REQUEST_TAKEN ? "indexing" : "waiting");
	if (now - w->told_us < TELL_MS * INT64_C(1000))
		return;
	w->told_us = now;
	msg_info(!ours ? "waits for the request of another mm-load"
		: r->state == REQUEST_TAKEN
		? "mm-oplog-apply is building"
		: "waits for mm-oplog-apply to take the request");
}

/* Another one's request is first carried out, then comes ours. */
static enum turn
ask(struct finish_wait *w, struct request *r)
{
	bool ours = *w->id && strcmp(r->id, w->id) == 0;

	w->left |= ours; /* though the answer was lost */
	if (ours && r->state == REQUEST_ANSWERED)
		return answered(w, r);
	if (!ours && w->left) {
		w->left = false;
		error_set(w->error, MM_EXIT_REFUSED, 0,
		    "job \"%s\": the request is gone: was the job loaded anew?",
		    w->job);
		return TURN_FAILED;
	}
	if (!ours &&
	    (r->state == REQUEST_NONE || r->state == REQUEST_ANSWERED)) {
		if (!*w->id)
			request_new_id(w->id);
		if (!request_leave(
			w->conn, w->job, r->id, w->id, &w->left, w->error))
			return TURN_FAILED;
		w->since_us = bson_get_monotonic_time();
		msg_info("asked mm-oplog-apply to build the indexes");
		return TURN_AGAIN;
	}
	tell(w, r);
	if (r->state == REQUEST_TAKEN)
		w->since_us = bson_get_monotonic_time();
	if (in_time(w))
		return TURN_AGAIN;
	error_set(w->error, MM_EXIT_STOPPED, 0,
	    "mm-oplog-apply has not taken the request for %d seconds; it does "
	    "so when nothing may be applied a second time any more, see its "
	    "lag",
	    TAKE_MS / 1000);
	return TURN_FAILED;
}

static enum turn
held_by_other(struct finish_wait *w, const bson_t *doc)
{
	struct request r;
	enum turn turn;

	if (strcmp(job_doc_writer(doc), "mm-oplog-apply") != 0)
		return take_lease(w); /* says who has it */
	if (w->wake) {
		error_set(w->error, MM_EXIT_REFUSED, 0,
		    "job \"%s\": mm-oplog-apply is at work: --wake-ttl is for "
		    "the end, when nothing is applied any more",
		    w->job);
		return TURN_FAILED;
	}
	request_of(doc, &r);
	turn = ask(w, &r);
	request_release(&r);
	return turn;
}

/* -------------------------------------------------------------------- turns */

/* An applier that was killed in the middle has to come again. */
static enum turn
held_by_nobody(struct finish_wait *w, const bson_t *doc)
{
	if (settled(w, doc))
		return take_lease(w);
	return w->left && in_time(w) ? TURN_AGAIN : TURN_FAILED;
}

static enum turn
turn(struct finish_wait *w)
{
	enum turn turn = TURN_FAILED;
	bool held;
	bson_t doc;
	int got = job_peek(w->conn, w->job, &doc, w->error);

	if (got == 0)
		error_set(w->error, MM_EXIT_REFUSED, 0,
		    "there is no job \"%s\" on the target", w->job);
	if (got > 0 && job_held(w->conn, &doc, &held, w->error))
		turn = held ? held_by_other(w, &doc) : held_by_nobody(w, &doc);
	bson_destroy(&doc);
	return turn;
}

/* What was asked for is not wanted by anybody any more. An applier that has
 * begun goes on. */
static void
take_back(struct finish_wait *w)
{
	bson_error_t ignored;

	if (w->left)
		request_withdraw(
		    w->conn, w->job, w->id, REQUEST_ASKED, &ignored);
}

bool
finish_run(struct conn *c, const char *job, bool wake, int jobs,
    struct finish_result *out, bson_error_t *error)
{
	struct finish_wait w = {.conn = c,
	    .job = job,
	    .wake = wake,
	    .jobs = jobs,
	    .out = out,
	    .error = error};
	enum turn got;

	status_text("job", job);
	status_state("indexing");
	w.since_us = bson_get_monotonic_time();
	while ((got = turn(&w)) == TURN_AGAIN)
		if (!sig_sleep(TURN_MS)) {
			got = TURN_FAILED;
			error_set(error, MM_EXIT_STOPPED, 0,
			    "stopped by a signal before the indexes were made");
			break;
		}
	take_back(&w);
	return got == TURN_DONE;
}
