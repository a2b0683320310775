/* The thread that leads: starts the others, looks at the catalogs, and knows
 * when it is enough. */
#include <string.h>

#include "base/clock.h"
#include "base/msg.h"
#include "base/sig.h"
#include "base/status.h"
#include "base/thread.h"
#include "engine/verify_lead.h"

enum { STEP_MS = 20, SAVE_MS = 2000 };

bool
verify_ending(struct verify *v)
{
	return atomic_load(&v->abort) || sig_stopping();
}

/* What a stop signal cut short, or kept from being tried again. */
static bool
cut_short(const bson_error_t *error)
{
	enum mm_exit status = error_status(error);

	return status == MM_EXIT_STOPPED || status == MM_EXIT_SOURCE ||
	    status == MM_EXIT_TARGET;
}

/* After the end, or after another failure, it counts no longer. */
void
verify_fail(struct verify *v, const bson_error_t *error)
{
	pthread_mutex_lock(&v->lock);
	if (!atomic_load(&v->abort) && !(sig_stopping() && cut_short(error))) {
		v->failed = true;
		v->error = *error;
	}
	pthread_mutex_unlock(&v->lock);
	atomic_store(&v->abort, true);
}

/* ----------------------------------------------------------------- threads */

static void
join_scan(struct verify *v)
{
	for (size_t i = 0; i < v->n_scanners; i++)
		pthread_join(v->scanner[i], NULL);
	v->n_scanners = 0;
}

bool
verify_start_scan(struct verify *v, bson_error_t *error)
{
	size_t n;

	if (atomic_load(&v->left) == 0)
		return true;
	join_scan(v); /* those of before have nothing to do any more */
	pthread_mutex_lock(&v->lock);
	n = v->plan.n - v->taken;
	pthread_mutex_unlock(&v->lock);
	if (n > (size_t)v->o->workers)
		n = (size_t)v->o->workers;
	for (; v->n_scanners < n; v->n_scanners++)
		if (!thread_start(
			&v->scanner[v->n_scanners], verify_scan, v, error))
			return false;
	return true;
}

static bool
start_checkers(struct lead *l, bson_error_t *error)
{
	for (; l->n_checkers < CHECKERS; l->n_checkers++)
		if (!thread_start(&l->checker[l->n_checkers], verify_recheck,
			&l->v, error))
			return false;
	return true;
}

/* Where the log is read from: where the applier is, or where the run before
 * was, which has kept what came between. */
static bool
open_feed(struct lead *l, const struct state_place *place, bson_error_t *error)
{
	struct verify *v = &l->v;
	struct feed_opts opts = {.source = v->o->source,
	    .rules = v->o->rules,
	    .dir = v->o->dir,
	    .after = place->at,
	    .read_from = place->read_from,
	    .catalog = place->catalog,
	    .keys = v->keys};

	return (v->feed = feed_new(&opts, error)) != NULL;
}

/* 1: the run before is gone on with, 0: from the start, -1 error. */
static int
resume(struct lead *l, bson_error_t *error)
{
	struct verify *v = &l->v;
	struct state_place place;
	char text[OPTIME_TEXT];
	int got;

	if (!l->state)
		return 0;
	got = state_load(l->state, v, &place, error);
	if (got != 1)
		return got;
	if (open_feed(l, &place, error)) {
		msg_info("goes on at %s, %lld keys wait",
		    optime_text(place.at, text),
		    (long long)keys_count(v->keys));
		return 1;
	}
	if (error_status(error) != MM_EXIT_POSITION)
		return -1;
	msg_warn("the log no longer reaches back to where this comparison was: "
		 "it begins anew");
	state_forget(l->state);
	keys_free(v->keys);
	v->keys = keys_new();
	return 0;
}

static bool
start_feed(struct lead *l, bson_error_t *error)
{
	struct verify *v = &l->v;
	struct state_place place = {.catalog = OPTIME_NULL};
	int got = applied_read(l->b.target, v->o->job, &l->b.applied, error);

	if (got == 0)
		error_set(error, MM_EXIT_REFUSED, 0,
		    "the job \"%s\" has no position yet: its load is not "
		    "finished",
		    v->o->job);
	if (got != 1)
		return false;
	place.at = l->applied = l->b.applied.cp.applied;
	place.read_from = l->b.applied.cp.read_from;
	l->applied_ms = clock_ms();
	got = resume(l, error);
	return got == 0 ? open_feed(l, &place, error) : got == 1;
}

static bool
plan(struct lead *l, struct vpair *p, bson_error_t *error)
{
	if (l->state && !p->capped && state_units(l->state, &l->v, p))
		return true;
	return verify_scan_add(&l->v, p, l->b.source, l->b.target, error);
}

static bool
start(struct lead *l, bson_error_t *error)
{
	struct verify *v = &l->v;
	struct vpair **found;
	bool ok;
	size_t n;

	if (v->o->state && !(l->state = state_open(v->o->state, error)))
		return false;
	if (!bracket_open(v, &l->b, error) || !start_feed(l, error) ||
	    !(v->staged = staged_read(l->b.target, v->o->job, false, error)))
		return false;
	ok = verify_catalog(v, l->b.source, l->b.target, &found, &n, error);
	for (size_t i = 0; ok && i < n; i++)
		ok = plan(l, found[i], error);
	bson_free(found);
	if (l->state)
		state_forget(l->state);
	if (ok && n == 0)
		msg_warn("nothing is selected: no collection matches on "
			 "either side");
	l->started = ok;
	return ok && verify_start_scan(v, error) && start_checkers(l, error);
}

/* ------------------------------------------------------------------- state */

/* What is told at the end is told once more by a run that did not come to its
 * end: so what was known before is what it begins with. */
static bool
save(struct lead *l, bson_error_t *error)
{
	int64_t began = clock_ms();
	bool ok;

	if (!l->state || !l->started || l->stage != STAGE_COMPARING)
		return true;
	ok = state_save(l->state, &l->v, error);
	l->saved_ms = clock_ms();
	l->save_every_ms = (l->saved_ms - began) * 20;
	if (l->save_every_ms < SAVE_MS)
		l->save_every_ms = SAVE_MS;
	return ok;
}

static bool
save_when_due(struct lead *l, bson_error_t *error)
{
	return clock_ms() - l->saved_ms < l->save_every_ms || save(l, error);
}

static bool
flush(struct verify *v, bson_error_t *error)
{
	bool ok;

	pthread_mutex_lock(&v->told_lock);
	ok = v->o->sink.flush(v->o->sink.arg, error);
	pthread_mutex_unlock(&v->told_lock);
	return ok;
}

static bool
lead_on(struct lead *l, bson_error_t *error)
{
	struct verify *v = &l->v;

	while (l->stage != STAGE_DONE && !verify_ending(v)) {
		if (!feed_alive(v->feed, error) ||
		    !lead_end_generation(l, error) ||
		    !lead_catalogs(l, error) ||
		    !verify_whole(v, &l->b, error) ||
		    !lead_watch_applier(l, error) || !lead_step(l, error) ||
		    !save_when_due(l, error))
			return false;
		lead_status(l);
		if (v->o->end == VERIFY_FOLLOW && !flush(v, error))
			return false;
		sig_sleep(STEP_MS);
	}
	return l->stage != STAGE_DONE || verify_tell_restless(v, error);
}

/* --------------------------------------------------------------------- end */

static void
stop(struct lead *l)
{
	struct verify *v = &l->v;
	bson_error_t error;

	l->signalled = sig_stopping() != 0;
	atomic_store(&v->abort, true);
	keys_wake(v->keys);
	sig_stop(); /* the log's thread knows no other end */
	join_scan(v);
	for (size_t i = 0; i < l->n_checkers; i++)
		pthread_join(l->checker[i], NULL);
	/* Also after an error: the next run has less to do. */
	if (l->stage != STAGE_DONE && v->feed && !save(l, &error))
		msg_warn("%s", error.message);
	else if (l->stage == STAGE_DONE && l->state)
		state_finish(l->state);
	feed_free(v->feed);
	bracket_close(&l->b);
	state_close(l->state);
}

static void
give_pairs(struct lead *l, struct pair_list *pairs)
{
	struct verify *v = &l->v;
	uint64_t proven = (uint64_t)l->proven.secs << 32 | l->proven.inc;

	memset(pairs, 0, sizeof *pairs);
	pairs->item = bson_malloc0((v->n_pairs + 1) * sizeof *pairs->item);
	pairs->n = v->n_pairs;
	for (size_t i = 0; i < v->n_pairs; i++) {
		memcpy(&pairs->item[i], &v->pair[i]->pair, sizeof(struct pair));
		atomic_store(&pairs->item[i].tally.verified, proven);
		pairs->item[i].source = pairs->item[i].target = NULL;
	}
}

static enum verify_got
outcome(struct lead *l, bool ok, bson_error_t *error)
{
	struct verify *v = &l->v;

	if (v->failed)
		*error = v->error;
	if (v->failed || (!ok && !(l->signalled && cut_short(error))))
		return VERIFY_FAILED;
	if (l->stage != STAGE_DONE &&
	    (v->o->end != VERIFY_FOLLOW || !l->scanned))
		return VERIFY_UNDECIDED;
	if (lead_differences(l) > 0)
		return VERIFY_DIFFERS;
	if (v->o->end == VERIFY_FOLLOW)
		return l->sync_since != 0 ? VERIFY_SAME : VERIFY_UNDECIDED;
	return atomic_load(&v->undecided) > 0 ? VERIFY_UNDECIDED : VERIFY_SAME;
}

static void
prepare(struct lead *l, const struct verify_opts *opts)
{
	struct verify *v = &l->v;

	v->o = opts;
	pthread_rwlock_init(&v->pairs_lock, NULL);
	pthread_mutex_init(&v->told_lock, NULL);
	pthread_mutex_init(&v->lock, NULL);
	v->keys = keys_new();
	v->known = known_new();
	v->differing = key_queue_new();
	v->restless = key_queue_new();
	v->throttle = throttle_new(opts->rate);
	v->scanner = bson_malloc0((size_t)opts->workers * sizeof *v->scanner);
	v->scan_since = OPTIME_NULL;
	l->goal = l->proven = OPTIME_NULL;
	l->look_every_ms = LOOK_MIN_MS;
	l->generation = 1;
	l->saved_ms = clock_ms();
	l->save_every_ms = SAVE_MS;
	atomic_store(&v->telling, opts->end == VERIFY_FOLLOW);
	atomic_store(&v->decided_ms, clock_ms());
}

static void
release(struct lead *l)
{
	struct verify *v = &l->v;

	compare_plan_release(&v->plan);
	bson_free(v->unit_done);
	bson_free(v->unit_gone);
	verify_pairs_release(v);
	facts_free(v->facts);
	staged_free(v->staged);
	key_queue_free(v->differing);
	key_queue_free(v->restless);
	known_free(v->known);
	keys_free(v->keys);
	throttle_free(v->throttle);
	bson_free(v->scanner);
	pthread_mutex_destroy(&v->lock);
	pthread_mutex_destroy(&v->told_lock);
	pthread_rwlock_destroy(&v->pairs_lock);
	bson_free(l);
}

enum verify_got
verify_run(const struct verify_opts *opts, struct pair_list *pairs,
    bool *complete, bson_error_t *error)
{
	struct lead *l = BSON_ALIGNED_ALLOC0(struct lead);
	enum verify_got got;
	bool ok;

	prepare(l, opts);
	status_state("comparing");
	ok = start(l, error) && lead_on(l, error);
	if (l->v.feed)
		lead_status(l);
	stop(l);
	got = outcome(l, ok, error);
	*complete = l->stage == STAGE_DONE || opts->end == VERIFY_FOLLOW;
	if (got != VERIFY_FAILED && !opts->sink.flush(opts->sink.arg, error))
		got = VERIFY_FAILED;
	give_pairs(l, pairs);
	release(l);
	return got;
}
