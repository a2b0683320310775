/* Who still writes to a side that was closed: what began before, and whoever
 * gets past the block. */
#include "base/msg.h"
#include "engine/switch_work.h"
#include "mongo/ops.h"

static bool
is_selected(const void *rules, const char *ns)
{
	return ns_selected(rules, ns);
}

static void
tell_killed(const char *text)
{
	msg_warn("killed: %s", text);
}

/* Without being told how long, a third of the deadline is left to them. */
static int64_t
patience_us(const struct switch_opts *o)
{
	if (o->txn_wait_ms >= 0)
		return o->txn_wait_ms * 1000;
	return o->kill ? o->deadline_ms * 1000 / 3 : INT64_MAX;
}

static enum ready
still_open(struct switcher *s, struct conn *c, const struct ops *o,
    int64_t since_us, bson_error_t *error)
{
	if (since_us >= patience_us(s->o) && s->o->kill) {
		if (!s->killed)
			ops_each(o, tell_killed);
		s->killed = true;
		if (!ops_kill(c, o, error))
			return READY_NEVER;
	}
	error_set(error, MM_EXIT_NO, 0,
	    "%u transactions and %u writes are open that may have begun "
	    "before the block",
	    o->transactions, o->writes);
	if (since_us < patience_us(s->o) || s->o->kill)
		return READY_NOT;
	error_prefix(error, "waited for as long as --txn-wait says");
	return READY_NEVER;
}

/* What others do does not hold it up. Who they are is found out once, and only
 * when something is open. */
static const struct textset *
apart(struct switcher *s, enum side side)
{
	bson_t plan;

	if (s->apart_us != s->closed_us) {
		textset_release(&s->apart);
		block_apart(
		    s->block, side, switch_plan(s, side, &plan), &s->apart);
		s->apart_us = s->closed_us;
	}
	return &s->apart;
}

/* A transaction that has written may commit after its rights were taken away,
 * and does not say where it wrote: what began before the block has to end.
 * Ages are compared, not clocks. */
enum ready
switch_none_open(struct switcher *s, enum side side, bson_error_t *error)
{
	bool source = side == SIDE_SOURCE;
	struct conn *c = source ? s->src : s->tgt;
	struct ops_scope scope = {.ns = is_selected,
	    .arg = source ? s->rules : s->turned,
	    .except = "mm-",
	    .apart = s->apart_us == s->closed_us ? &s->apart : NULL,
	    .min_us = bson_get_monotonic_time() - s->closed_us};
	enum ready r = READY_NEVER;
	bool listed;
	struct ops o;

	listed = ops_list(c, &scope, &o, error);
	if (listed && o.transactions + o.writes > 0 && !scope.apart) {
		scope.apart = apart(s, side);
		ops_release(&o);
		listed = ops_list(c, &scope, &o, error);
	}
	if (listed)
		r = o.transactions + o.writes > 0
		    ? still_open(s, c, &o, scope.min_us, error)
		    : READY_YES;
	ops_release(&o);
	return r;
}

enum ready
switch_no_late(struct switcher *s, enum side side, bson_error_t *error)
{
	bool source = side == SIDE_SOURCE;
	struct late_opts o = {.server = source ? s->source : s->target,
	    .rules = source ? s->rules : s->turned,
	    .fence =
		switch_log_position(s->log, source ? "fence" : "fence_back")};
	enum ready r;

	if (!s->late && !(s->late = late_new(&o, error)))
		return READY_NEVER;
	r = late_none(s->late, source ? s->src : s->tgt, error);
	/* It is read again, from the fence on. */
	if (r == READY_NEVER && error_status(error) != MM_EXIT_REFUSED)
		switch_late_over(s);
	return r;
}

void
switch_late_over(struct switcher *s)
{
	late_free(s->late);
	s->late = NULL;
}
