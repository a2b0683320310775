/* Lanes never have to stand still for a checkpoint: entries are numbered, so a
 * boundary is reached when the lowest number that is still unacknowledged in
 * any lane is above the number of the last entry before the boundary. */
#include "engine/checkpoint.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/msg.h"
#include "base/sig.h"
#include "base/status.h"

enum {
	RING = 4096,
	TICK_MS = 250,
	SAVE_MS = 1000,
	SAVE_IDLE_MS = 5000,
	AWAY_MS = 100000, /* a target that does not answer; below the lease */
	FRESH_MS = 2500,
	REPORT_MS = 10000,
	PROMISE_S = 120
};

struct waiting {
	struct boundary b;
	uint64_t seq; /* of the last entry before it */
};

struct checkpoint {
	struct checkpoint_opts o;
	struct lanes *lanes;
	pthread_t thread;
	bool started, ending;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	/* under lock */
	struct waiting ring[RING];
	size_t head, n;
	struct boundary reached;
	uint64_t reached_seq;
	int64_t reached_ms; /* when, since 1970 */
	int64_t lag_ms;     /* of reached, at that moment */
	struct optime seen, ahead;
	const char *journal;
	struct optime promised; /* the reader's own */
	/* under save_lock */
	pthread_mutex_t save_lock;
	struct job_checkpoint saved;
	uint64_t saved_seq;
	int64_t saved_ms;
	int64_t reported_ms;
};

static int64_t
clock_ms(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

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
		c->reached_seq = c->ring[c->head].seq;
		c->head = (c->head + 1) % RING;
		c->n--;
		moved = true;
	}
	if (!moved)
		return;
	c->reached_ms = clock_ms(CLOCK_REALTIME);
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

	pthread_mutex_lock(&c->lock);
	last = &c->ring[(c->head + c->n + RING - 1) % RING];
	/* One boundary for the same entries, and when the ring is full, are
	 * enough: a later one says more. */
	if (c->n == 0 || (last->seq != seq && c->n < RING)) {
		last = &c->ring[(c->head + c->n) % RING];
		c->n++;
	}
	*last = (struct waiting){*b, seq};
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
	    c->reached.read_from, c->reached.at, c->seen, c->ahead, ""};
	if (c->journal)
		bson_strncpy(cp.journal, c->journal, sizeof cp.journal);
	*seq = c->reached_seq;
	pthread_mutex_unlock(&c->lock);
	return cp;
}

static bool
save_locked(struct checkpoint *c, bson_error_t *error)
{
	uint64_t seq;
	struct job_checkpoint cp = now(c, &seq);

	if (optime_same(cp.applied, c->saved.applied) &&
	    optime_same(cp.read_from, c->saved.read_from) &&
	    optime_same(cp.seen, c->saved.seen) &&
	    optime_same(cp.ahead, c->saved.ahead) &&
	    strcmp(cp.journal, c->saved.journal) == 0)
		return true;
	if ((c->o.durable && !c->o.durable(c->o.arg, &cp, error)) ||
	    !job_save(c->o.job, &cp, error))
		return false;
	c->saved = cp;
	c->saved_seq = seq;
	c->saved_ms = clock_ms(CLOCK_MONOTONIC);
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

static bool
save_when_due(struct checkpoint *c, bson_error_t *error)
{
	int64_t since;
	bool ok = true;
	uint64_t seq;

	now(c, &seq);
	pthread_mutex_lock(&c->save_lock);
	since = clock_ms(CLOCK_MONOTONIC) - c->saved_ms;
	if (since >= (seq != c->saved_seq ? SAVE_MS : SAVE_IDLE_MS))
		ok = save_locked(c, error);
	pthread_mutex_unlock(&c->save_lock);
	return ok;
}

/* ----------------------------------------------------------------- telling */

static void
tell(struct checkpoint *c)
{
	struct lanes_counts counts;
	struct boundary b;
	int64_t lag, now = clock_ms(CLOCK_REALTIME), left;
	char text[OPTIME_TEXT], *line;
	bool asked;

	lanes_count(c->lanes, &counts);
	pthread_mutex_lock(&c->lock);
	b = c->reached;
	lag = c->lag_ms;
	/* As long as something comes, the lag is what it took; then it is how
	 * old the last news is. */
	if (lag >= 0 && now - c->reached_ms > FRESH_MS)
		lag = now - b.wall;
	pthread_mutex_unlock(&c->lock);
	left = (int64_t)lanes_sent(c->lanes) - counts.entries;
	status_position("position", b.at);
	status_position("checkpoint", checkpoint_saved(c));
	if (lag >= 0)
		status_double("lag_seconds", (double)lag / 1000);
	status_int("lag_entries", left > 0 ? left : 0);
	status_int("entries", counts.entries);
	status_int("documents_written", counts.written);
	status_int("documents_read", counts.read);
	status_int("diverged", counts.diverged);
	now = clock_ms(CLOCK_MONOTONIC);
	asked = sig_take_report();
	if (!asked && now - c->reported_ms < REPORT_MS)
		return;
	line = bson_strdup_printf("applied %" PRId64 " entries up to %s, lag "
				  "%.1f s, %" PRId64 " entries under way",
	    counts.entries, optime_text(b.at, text),
	    lag >= 0 ? (double)lag / 1000 : 0.0, left > 0 ? left : 0);
	if (asked)
		msg_info("%s", line);
	else
		msg_verbose("%s", line), c->reported_ms = now;
	bson_free(line);
}

static bool
tick(struct checkpoint *c)
{
	struct timespec until;
	bool on;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += TICK_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&c->lock);
	if (!c->ending)
		pthread_cond_timedwait(&c->wake, &c->lock, &until);
	on = !c->ending;
	pthread_mutex_unlock(&c->lock);
	return on;
}

static void *
run(void *arg)
{
	struct checkpoint *c = arg;
	bson_error_t error;
	int64_t away = 0;

	while (tick(c)) {
		tell(c);
		if (job_lost(c->o.job)) {
			error_set(&error, MM_EXIT_REFUSED, 0,
			    "lost the lease of job \"%s\"", job_name(c->o.job));
		} else if (save_when_due(c, &error)) {
			away = 0;
			continue;
		} else if (error_status(&error) == MM_EXIT_TARGET) {
			away = away ? away : clock_ms(CLOCK_MONOTONIC);
			if (clock_ms(CLOCK_MONOTONIC) - away < AWAY_MS)
				continue;
		}
		lanes_fail(c->lanes, &error);
		break;
	}
	return NULL;
}

bool
checkpoint_start(struct checkpoint *c, struct lanes *lanes, bson_error_t *error)
{
	c->lanes = lanes;
	c->saved_ms = clock_ms(CLOCK_MONOTONIC);
	c->reported_ms = c->saved_ms;
	if (pthread_create(&c->thread, NULL, run, c) != 0)
		return error_set(
		    error, MM_EXIT_INTERNAL, 0, "no thread to be had");
	c->started = true;
	return true;
}

void
checkpoint_stop(struct checkpoint *c)
{
	if (!c->started)
		return;
	pthread_mutex_lock(&c->lock);
	c->ending = true;
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
	pthread_join(c->thread, NULL);
	c->started = false;
	tell(c);
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
