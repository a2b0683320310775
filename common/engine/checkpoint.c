/* Lanes never have to stand still for a checkpoint: entries are numbered, so a
 * boundary is reached when the lowest number that is still unacknowledged in
 * any lane is above the number of the last entry before the boundary. */
#include <string.h>

#include "base/clock.h"
#include "base/sig.h"
#include "engine/checkpoint_work.h"

enum {
	RING = CHECKPOINT_RING,
	SAVE_AWAITED_MS = 10, /* after the save before, and so on */
	SAVE_DRAINED_MS = 100,
	SAVE_MS = 1000,
	SAVE_IDLE_MS = 5000,
	PROMISE_S = 120
};

struct checkpoint *
checkpoint_new(const struct checkpoint_opts *opts)
{
	struct checkpoint *c = bson_malloc0(sizeof *c);
	pthread_condattr_t attr;

	c->o = *opts;
	c->saved = opts->start;
	c->seen = opts->start.seen;
	c->ahead = opts->start.ahead;
	c->journal = c->o.start.journal;
	c->reached =
	    (struct boundary){opts->start.applied, opts->start.read_from, 0};
	c->lag_ms = -1;
	pthread_mutex_init(&c->lock, NULL);
	pthread_mutex_init(&c->save_lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&c->wake, &attr);
	pthread_condattr_destroy(&attr);
	return c;
}

/* ------------------------------------------------------------- boundaries */

/* With the lock held. */
static void
advance(struct checkpoint *c)
{
	uint64_t low = c->n > 0 ? lanes_low(c->lanes) : 0;
	bool moved = false;

	while (c->n > 0 && c->ring[c->head].seq < low) {
		c->reached = c->ring[c->head].b;
		if (c->reached.awaited)
			c->awaited = c->reached.at;
		c->reached_seq = c->ring[c->head].seq;
		c->head = (c->head + 1) % RING;
		c->n--;
		moved = true;
	}
	if (!moved)
		return;
	if ((c->n == 0 || c->reached.awaited) && !c->soon && !c->woken) {
		c->woken = true;
		pthread_cond_signal(&c->wake);
	}
	c->reached_ms = clock_wall_ms();
	c->lag_ms =
	    c->reached.wall ? BSON_MAX(c->reached_ms - c->reached.wall, 0) : -1;
	if (c->o.exit_lag_ms >= 0 && c->lag_ms >= 0 &&
	    c->lag_ms <= c->o.exit_lag_ms)
		sig_stop();
}

void
checkpoint_boundary(struct checkpoint *c, const struct boundary *b)
{
	uint64_t seq = lanes_sent(c->lanes);
	struct waiting *last;
	bool awaited = b->awaited;

	pthread_mutex_lock(&c->lock);
	last = &c->ring[(c->head + c->n + RING - 1) % RING];
	/* One boundary for the same entries, and when the ring is full, are
	 * enough: a later one says more. */
	if (c->n == 0 || (last->seq != seq && c->n < RING)) {
		last = &c->ring[(c->head + c->n) % RING];
		c->n++;
	} else {
		awaited = awaited || last->b.awaited;
	}
	*last = (struct waiting){*b, seq};
	last->b.awaited = awaited;
	advance(c);
	pthread_mutex_unlock(&c->lock);
}

void
checkpoint_seen(struct checkpoint *c, struct optime seen)
{
	pthread_mutex_lock(&c->lock);
	c->seen = optime_max(c->seen, seen);
	pthread_mutex_unlock(&c->lock);
}

void
checkpoint_acked(void *checkpoint)
{
	struct checkpoint *c = checkpoint;

	pthread_mutex_lock(&c->lock);
	advance(c);
	pthread_mutex_unlock(&c->lock);
}

/* ----------------------------------------------------------------- saving */

static struct job_checkpoint
now(struct checkpoint *c, uint64_t *seq)
{
	struct job_checkpoint cp;

	pthread_mutex_lock(&c->lock);
	cp = (struct job_checkpoint){
	    c->reached.read_from, c->reached.at, c->seen, c->ahead, "", 0};
	if (c->journal)
		bson_strncpy(cp.journal, c->journal, sizeof cp.journal);
	*seq = c->reached_seq;
	pthread_mutex_unlock(&c->lock);
	return cp;
}

/* The file is of the journal that the last save was about. */
static void
carry_file(const struct checkpoint *c, struct job_checkpoint *cp)
{
	cp->journal_file = strcmp(cp->journal, c->saved.journal) == 0
	    ? c->saved.journal_file
	    : 0;
}

static bool
save_locked(struct checkpoint *c, bson_error_t *error)
{
	uint64_t seq;
	struct job_checkpoint cp = now(c, &seq);

	carry_file(c, &cp);
	if (optime_same(cp.applied, c->saved.applied) &&
	    optime_same(cp.read_from, c->saved.read_from) &&
	    optime_same(cp.seen, c->saved.seen) &&
	    optime_same(cp.ahead, c->saved.ahead) &&
	    strcmp(cp.journal, c->saved.journal) == 0) {
		c->saved_seq = seq;
		c->saved_ms = clock_ms(); /* else it would be due for ever */
		return true;
	}
	if ((c->o.durable && !c->o.durable(c->o.arg, &cp, error)) ||
	    !job_save(c->o.job, &cp, error))
		return false;
	c->saved = cp;
	c->saved_seq = seq;
	c->saved_ms = clock_ms();
	return true;
}

bool
checkpoint_save(struct checkpoint *c, bson_error_t *error)
{
	bool ok;

	pthread_mutex_lock(&c->save_lock);
	ok = save_locked(c, error);
	pthread_mutex_unlock(&c->save_lock);
	return ok;
}

bool
checkpoint_save_intent(
    struct checkpoint *c, const bson_t *intent, bson_error_t *error)
{
	struct job_checkpoint cp;
	uint64_t seq;
	bool ok;

	checkpoint_acked(c);
	pthread_mutex_lock(&c->save_lock);
	cp = now(c, &seq);
	carry_file(c, &cp);
	ok = (!c->o.durable || c->o.durable(c->o.arg, &cp, error)) &&
	    job_save_intent(c->o.job, &cp, intent, error);
	if (ok)
		c->saved = cp;
	pthread_mutex_unlock(&c->save_lock);
	return ok;
}

bool
checkpoint_promise(struct checkpoint *c, struct optime at, bson_error_t *error)
{
	if (optime_cmp(at, c->promised) <= 0)
		return true;
	pthread_mutex_lock(&c->lock);
	if (optime_cmp(at, c->seen) <= 0) {
		at = c->seen;
	} else {
		at.secs += BSON_MIN(PROMISE_S, UINT32_MAX - at.secs);
		at.inc = UINT32_MAX;
	}
	c->promised = at;
	c->journal = c->o.journal;
	c->ahead = optime_max(c->ahead, c->promised);
	pthread_mutex_unlock(&c->lock);
	return checkpoint_save(c, error);
}

void
checkpoint_kept(struct checkpoint *c)
{
	pthread_mutex_lock(&c->lock);
	c->ahead = OPTIME_NULL;
	pthread_mutex_unlock(&c->lock);
}

struct optime
checkpoint_saved(struct checkpoint *c)
{
	struct optime at;

	pthread_mutex_lock(&c->save_lock);
	at = c->saved.applied;
	pthread_mutex_unlock(&c->save_lock);
	return at;
}

/* With save_lock held. */
static int64_t
due_ms(struct checkpoint *c)
{
	int64_t every = SAVE_IDLE_MS, since;

	pthread_mutex_lock(&c->lock);
	if (optime_cmp(c->awaited, c->saved.applied) > 0)
		every = SAVE_AWAITED_MS;
	else if (c->reached_seq != c->saved_seq)
		every = c->n == 0 ? SAVE_DRAINED_MS : SAVE_MS;
	pthread_mutex_unlock(&c->lock);
	since = clock_ms() - c->saved_ms;
	return BSON_MAX(every - since, 0);
}

int64_t
checkpoint_due_ms(struct checkpoint *c)
{
	int64_t ms;

	pthread_mutex_lock(&c->save_lock);
	ms = due_ms(c);
	pthread_mutex_unlock(&c->save_lock);
	return ms;
}

bool
checkpoint_save_due(struct checkpoint *c, bson_error_t *error)
{
	bool ok;

	pthread_mutex_lock(&c->save_lock);
	ok = due_ms(c) > 0 || save_locked(c, error);
	pthread_mutex_unlock(&c->save_lock);
	return ok;
}

void
checkpoint_free(struct checkpoint *c)
{
	if (!c)
		return;
	checkpoint_stop(c);
	pthread_mutex_destroy(&c->lock);
	pthread_mutex_destroy(&c->save_lock);
	pthread_cond_destroy(&c->wake);
	bson_free(c);
}
