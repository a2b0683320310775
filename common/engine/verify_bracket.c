#include "base/sig.h"
#include "engine/verify_work.h"

enum { SOURCE_POLL_MS = 5 };

bool
bracket_open(struct verify *v, struct bracket *b, bson_error_t *error)
{
	b->source = conn_open(v->o->source, error);
	b->target = b->source ? conn_open(v->o->target, error) : NULL;
	return b->target != NULL;
}

void
bracket_close(struct bracket *b)
{
	if (b->target)
		conn_close(b->target);
	if (b->source)
		conn_close(b->source);
	b->source = b->target = NULL;
}

static enum bracket_got
failed(const bson_error_t *error)
{
	return error_status(error) == MM_EXIT_STOPPED && sig_stopping()
	    ? BRACKET_STOPPED
	    : BRACKET_FAILED;
}

/* The member that is read may be behind the one that the applier's log came
 * from: then what is applied is newer than what would be read. */
enum bracket_got
bracket_begin(struct verify *v, struct bracket *b, struct optime event, int ms,
    bson_error_t *error)
{
	if (!applied_wait(b->target, v->o->job, event, ms, &b->applied, error))
		return failed(error);
	b->from = b->applied.cp.applied;
	for (;;) {
		struct optime now;

		if (!conn_positions(b->source, &now, NULL, error))
			return BRACKET_FAILED;
		if (optime_cmp(now, b->from) >= 0)
			return BRACKET_READY;
		if (!sig_sleep(SOURCE_POLL_MS) || atomic_load(&v->abort))
			return BRACKET_STOPPED;
	}
}

enum bracket_got
bracket_end(struct verify *v, struct bracket *b, bson_error_t *error)
{
	struct applied now;
	int got;

	if (!conn_positions(b->source, &b->to, NULL, error))
		return BRACKET_FAILED;
	got = applied_read(b->target, v->o->job, &now, error);
	if (got < 0)
		return BRACKET_FAILED;
	if (!feed_wait(v->feed, b->to, error))
		return failed(error);
	return got == 0 || optime_cmp(now.cp.applied, b->from) < 0
	    ? BRACKET_LATER
	    : BRACKET_READY;
}
