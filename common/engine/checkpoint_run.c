/* The thread of a checkpoint: saves when it is due, tells how far it is. */
#include <inttypes.h>

#include "base/clock.h"
#include "base/msg.h"
#include "base/sig.h"
#include "base/status.h"
#include "base/thread.h"
#include "engine/checkpoint_work.h"
#include "mongo/job_switch.h"

enum {
	TICK_MS = 250,
	AWAY_MS = 100000, /* a target that does not answer; below the lease */
	FRESH_MS = 2500,
	REPORT_MS = 10000
};

static void
tell(struct checkpoint *c)
{
	struct lanes_counts counts;
	struct boundary b;
	int64_t lag, now = clock_wall_ms(), left;
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
	now = clock_ms();
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

/* failed: the save that is due was just tried. */
static bool
tick(struct checkpoint *c, bool failed)
{
	int64_t ms = failed ? TICK_MS : BSON_MIN(checkpoint_due_ms(c), TICK_MS);
	struct timespec until = clock_after(CLOCK_MONOTONIC, ms);
	bool on;

	pthread_mutex_lock(&c->lock);
	c->soon = ms < TICK_MS;
	while (!c->ending && !c->woken &&
	    pthread_cond_timedwait(&c->wake, &c->lock, &until) == 0)
		;
	c->woken = c->soon = false;
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

	while (tick(c, away != 0)) {
		tell(c);
		if (job_lost(c->o.job)) {
			error_set(&error, MM_EXIT_REFUSED, 0,
			    "lost the lease of job \"%s\"", job_name(c->o.job));
		} else if (checkpoint_save_due(c, &error)) {
			away = 0;
			/* Applications are about to write here: a drain. */
			if (job_switched(c->o.job))
				sig_stop();
			continue;
		} else if (error_status(&error) == MM_EXIT_TARGET) {
			away = away ? away : clock_ms();
			if (clock_ms() - away < AWAY_MS)
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
	c->saved_ms = clock_ms();
	c->reported_ms = c->saved_ms;
	c->started = thread_start(&c->thread, run, c, error);
	return c->started;
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
