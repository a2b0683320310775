#include "engine/verify_applied.h"

#include "base/clock.h"
#include "base/doc.h"
#include "base/sig.h"

enum { POLL_MS = 10, POLL_SLOW_MS = 100, SLOW_AFTER_MS = 3000 };

static void
take_reply(const bson_t *reply, struct applied *a, int *got)
{
	bson_iter_t it;
	bson_t doc;

	*got = doc_sub(reply, "cursor.firstBatch.0", &doc) &&
	    job_doc_checkpoint(&doc, &a->cp);
	if (*got)
		a->phase = job_doc_phase(&doc);
	a->target = OPTIME_NULL;
	if (bson_iter_init_find(&it, reply, "operationTime") &&
	    BSON_ITER_HOLDS_TIMESTAMP(&it))
		bson_iter_timestamp(&it, &a->target.secs, &a->target.inc);
}

int
applied_read(struct conn *target, const char *job, struct applied *a,
    bson_error_t *error)
{
	bson_t cmd = BSON_INITIALIZER, reply;
	int got = -1;

	BCON_APPEND(&cmd, "find", BCON_UTF8("jobs"), "filter", "{", "_id",
	    BCON_UTF8(job), "}", "limit", BCON_INT64(1), "singleBatch",
	    BCON_BOOL(true), "readConcern", "{", "level", BCON_UTF8("majority"),
	    "}");
	if (conn_read(target, "mm_control", &cmd, &reply, error))
		take_reply(&reply, a, &got);
	bson_destroy(&reply);
	bson_destroy(&cmd);
	return got;
}

bool
applied_wait(struct conn *target, const char *job, struct optime to, int ms,
    struct applied *a, bson_error_t *error)
{
	int64_t began = clock_ms(), waited;

	for (;;) {
		int got = applied_read(target, job, a, error);

		if (got == 0)
			error_set(error, MM_EXIT_REFUSED, 0,
			    "the job \"%s\" is gone", job);
		if (got != 1)
			return false;
		waited = clock_ms() - began;
		if (optime_cmp(a->cp.applied, to) >= 0 || waited >= ms)
			return true;
		if (!sig_sleep(waited < SLOW_AFTER_MS ? POLL_MS : POLL_SLOW_MS))
			return error_set(error, MM_EXIT_STOPPED, 0, "stopped");
	}
}

void
applied_after(const struct applied *a, bson_t *more)
{
	bson_t concern;

	BSON_APPEND_DOCUMENT_BEGIN(more, "readConcern", &concern);
	BSON_APPEND_UTF8(&concern, "level", "majority");
	if (!optime_is_null(a->target))
		BSON_APPEND_TIMESTAMP(&concern, "afterClusterTime",
		    a->target.secs, a->target.inc);
	bson_append_document_end(more, &concern);
}
