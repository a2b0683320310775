#include <string.h>

#include "base/clock.h"
#include "base/msg.h"
#include "base/status.h"
#include "engine/verify_lead.h"

enum {
	LOOK_MAX_MS = 10000,
	REST_MS = 2000,     /* nothing decided for so long: nothing will be */
	FRESH_SECONDS = 60, /* in_sync: what is verified is no older */
	TELL_MS = 50,
	NEVER = 0
};

/* ------------------------------------------------------------------- where */

static struct optime
next(struct optime o)
{
	o.inc++;
	return o;
}

static void
lower(struct optime *bound, bool counts, struct optime to)
{
	if (counts && optime_cmp(to, *bound) < 0)
		*bound = to;
}

/* Everything before it is settled. What the log has told is read first: what
 * it tells later is newer. */
static struct optime
settled_before(struct lead *l)
{
	struct verify *v = &l->v;
	struct optime bound = next(feed_progress(v->feed, NULL)),
		      at = OPTIME_NULL, last;

	if (!v->settled || atomic_load(&v->recatalog))
		return OPTIME_NULL;
	lower(&bound, feed_catalog(v->feed, &at, &last), at);
	lower(&bound, atomic_load(&v->left) > 0, v->scan_since);
	lower(&bound, verify_dirty_oldest(v, &at), at);
	lower(&bound, keys_oldest(v->keys, &at), at);
	return bound;
}

static bool
reached(struct lead *l)
{
	return optime_cmp(settled_before(l), l->goal) > 0;
}

int64_t
lead_differences(struct lead *l)
{
	return known_differences(l->v.known) + facts_differences(l->v.facts) +
	    verify_dirty_differences(&l->v);
}

/* ------------------------------------------------------------------ status */

static void
tell_sync(struct lead *l, struct optime bound)
{
	char text[CLOCK_TEXT];
	int64_t now = clock_wall_ms() / 1000;
	bool sync = l->scanned && optime_cmp(bound, l->goal) > 0 &&
	    lead_differences(l) == 0 &&
	    feed_progress(l->v.feed, NULL).secs - l->proven.secs <=
		FRESH_SECONDS;

	if (sync && l->sync_since == NEVER)
		l->sync_since = now;
	else if (!sync)
		l->sync_since = NEVER;
	status_bool("in_sync", sync);
	if (!sync) {
		status_null("in_sync_since");
		return;
	}
	status_text("in_sync_since", clock_text(l->sync_since, text));
}

/* A switch waits for the word that everything is verified. */
static void
tell_now(struct lead *l)
{
	int64_t now = clock_ms();

	if (optime_same(l->proven, l->told) || l->sync_since == NEVER ||
	    now - l->told_ms < TELL_MS)
		return;
	l->told = l->proven;
	l->told_ms = now;
	status_now();
}

void
lead_status(struct lead *l)
{
	struct optime bound = settled_before(l);

	if (!optime_is_null(bound)) {
		bound.inc--;
		l->proven = optime_max(l->proven, bound);
		status_position("verified_ts", l->proven);
		bound.inc++;
	}
	status_int(
	    "pending", keys_count(l->v.keys) + atomic_load(&l->v.undecided));
	status_int("generation", l->generation);
	tell_sync(l, bound);
	tell_now(l);
}

/* -------------------------------------------------------------------- steps */

bool
lead_end_generation(struct lead *l, bson_error_t *error)
{
	if (atomic_load(&l->v.left) > 0)
		return true;
	if (!l->scanned) {
		if (!conn_positions(l->b.source, &l->goal, NULL, error))
			return false;
		l->scanned = l->catalogs_due = true;
		l->look_ms = clock_ms();
		status_state("following");
	}
	return true;
}

bool
lead_catalogs(struct lead *l, bson_error_t *error)
{
	struct verify *v = &l->v;
	struct optime first, last;
	size_t had = v->plan.n;
	bool tell = atomic_load(&v->telling);
	enum bracket_got got;

	if (atomic_load(&v->left) > 0 ||
	    (!l->catalogs_due && !atomic_load(&v->recatalog) &&
		!feed_catalog(v->feed, &first, &last)))
		return true;
	got = verify_catalogs(v, &l->b, tell, error);
	if (got == BRACKET_FAILED)
		return false;
	l->generation += v->plan.n > had;
	if (got == BRACKET_READY) {
		l->catalogs_due = false;
		l->catalog_rounds = 0;
	} else if (l->stage != STAGE_COMPARING && v->o->end != VERIFY_FOLLOW &&
	    (l->stalled || ++l->catalog_rounds > v->o->rounds)) {
		/* It changes all the time, or waits for the applier. */
		if (l->catalogs_due)
			atomic_fetch_add(&v->undecided, 1);
		l->catalogs_due = false;
	}
	return true;
}

/* Whether the applier moves, looked at once in a while. */
bool
lead_watch_applier(struct lead *l, bson_error_t *error)
{
	struct applied now;
	int got;

	if (clock_ms() - l->applied_read_ms < 500)
		return true;
	l->applied_read_ms = clock_ms();
	got = applied_read(l->b.target, l->v.o->job, &now, error);
	if (got < 0)
		return false;
	if (got == 1 && optime_cmp(now.cp.applied, l->applied) > 0) {
		l->applied = now.cp.applied;
		l->applied_ms = clock_ms();
	}
	return true;
}

static bool
stands_still(struct lead *l, int64_t ms)
{
	int64_t now = clock_ms();

	return atomic_load(&l->v.left) == 0 && now - l->applied_ms >= ms &&
	    now - atomic_load(&l->v.decided_ms) >=
	    (ms < REST_MS ? ms : REST_MS);
}

static bool
begin_telling(struct lead *l, bson_error_t *error)
{
	struct verify *v = &l->v;

	l->stage = STAGE_TELLING;
	l->goal = feed_progress(v->feed, NULL);
	l->catalogs_due = true;
	atomic_store(&v->decided_ms, clock_ms());
	atomic_store(&v->telling, true);
	verify_dirty_all(v, l->goal);
	return verify_look_again(v, l->goal, error);
}

static bool
begin_last(struct lead *l)
{
	l->stage = STAGE_LAST;
	l->goal = feed_progress(l->v.feed, NULL);
	atomic_store(&l->v.last_look, true);
	return true;
}

/* Keys alone: what else is not settled was counted. */
static bool
looked_at_all(struct lead *l)
{
	struct optime oldest;

	return !keys_oldest(l->v.keys, &oldest) ||
	    optime_cmp(oldest, l->goal) > 0;
}

/* Differences are looked at again and again, less often while nothing about
 * them changes. */
static bool
look_again(struct lead *l, bson_error_t *error)
{
	struct verify *v = &l->v;
	int64_t now = clock_ms();

	if (lead_differences(l) == 0) {
		l->look_every_ms = LOOK_MIN_MS;
		return true;
	}
	if (now - l->look_ms < l->look_every_ms || !reached(l))
		return true;
	l->look_ms = now;
	l->look_every_ms = l->look_every_ms * 2 > LOOK_MAX_MS
	    ? LOOK_MAX_MS
	    : l->look_every_ms * 2;
	l->goal = feed_progress(v->feed, NULL);
	l->catalogs_due = facts_differences(v->facts) > 0;
	if (verify_dirty_differences(v) > 0)
		verify_dirty_all(v, l->goal);
	return verify_look_again(v, l->goal, error);
}

static bool
comparing(struct lead *l, bson_error_t *error)
{
	const struct verify_opts *o = l->v.o;

	if (!l->scanned)
		return true;
	if (o->end == VERIFY_FOLLOW)
		return look_again(l, error);
	if (reached(l) && !l->catalogs_due) {
		if (o->end == VERIFY_ONCE)
			return begin_telling(l, error);
		if (lead_differences(l) == 0) {
			l->stage = STAGE_DONE;
			return true;
		}
	}
	if (stands_still(l, o->wait_ms)) {
		msg_warn("the applier has not moved for %lld s",
		    (long long)(o->wait_ms / 1000));
		l->stalled = true;
		return begin_telling(l, error);
	}
	return o->end == VERIFY_ONCE || look_again(l, error);
}

bool
lead_step(struct lead *l, bson_error_t *error)
{
	switch (l->stage) {
	case STAGE_COMPARING:
		return comparing(l, error);
	case STAGE_TELLING:
		if (reached(l) && !l->catalogs_due)
			l->stage = STAGE_DONE;
		else if (stands_still(
			     l, l->stalled ? REST_MS : l->v.o->wait_ms) &&
		    !l->catalogs_due)
			return begin_last(l);
		return true;
	case STAGE_LAST:
		if (looked_at_all(l))
			l->stage = STAGE_DONE;
		return true;
	case STAGE_DONE:
		break;
	}
	return true;
}
