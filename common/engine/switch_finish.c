/* The end of an observation. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/msg.h"
#include "base/sig.h"
#include "engine/switch_after_work.h"
#include "engine/switch_red.h"
#include "engine/verify_applied.h"
#include "mongo/fence.h"

enum {
	LOOKS = 10,
	LOOK_MS = 200,
	DRAIN_MS = 30000,
	LEASE_MS = 150000 /* longer than one lasts */
};

/* ---------------------------------------------------------------- red lines */

static bool
told(const struct red_lines *before, const char *what)
{
	for (size_t i = 0; i < before->n; i++)
		if (strcmp(before->item[i].what, what) == 0)
			return true;
	return false;
}

static void
keep(struct red_lines *all, const struct red_lines *seen)
{
	for (size_t i = 0; i < seen->n && all->n < RED_LINES; i++) {
		if (told(all, seen->item[i].what))
			continue;
		all->item[all->n++] = seen->item[i];
		printf(
		    "red %s: %s\n", seen->item[i].what, seen->item[i].detail);
	}
}

/* An operation is over in no time: one look might miss it. */
static bool
none_red(struct switcher *s, bson_error_t *error)
{
	char *status = s->back ? back_path(s->back, "apply.status") : NULL;
	struct red_opts o = {.source = s->src,
	    .target = s->tgt,
	    .rules = s->rules,
	    .back_job = s->back_job,
	    .back_status = status,
	    .diff_status = s->o->diff_status,
	    .selection = s->selection,
	    .max_lag_ms = s->o->max_lag_ms,
	    .min_window_ms = s->o->min_window_ms};
	struct red *r = red_new(&o);
	struct red_lines all = {.n = 0}, seen;
	bool ok = true;

	for (int i = 0; ok && i < LOOKS && !sig_stopping(); i++) {
		red_look(r, &seen);
		ok = red_note(r, s->o->dir, &seen, error);
		keep(&all, &seen);
		sig_sleep(LOOK_MS);
	}
	red_free(r);
	bson_free(status);
	if (!ok)
		return false;
	if (sig_stopping())
		return error_set(
		    error, MM_EXIT_STOPPED, 0, "stopped by a signal");
	if (fflush(stdout) != 0)
		return error_errno(
		    error, MM_EXIT_IO, "could not write to standard output");
	return all.n == 0 ||
	    error_set(error, MM_EXIT_NO, 0,
		"not finished: %zu red lines, the first is %s: %s", all.n,
		all.item[0].what, all.item[0].detail);
}

static bool
long_enough(const struct switcher *s, bson_error_t *error)
{
	int64_t ms = clock_wall_ms() - switch_log_at(s->log);

	return ms >= after.quiet_ms ||
	    error_set(error, MM_EXIT_NO, 0,
		"not finished: switched %" PRId64 " s ago, less than the "
		"%" PRId64 " s of --quiet-for",
		ms / 1000, after.quiet_ms / 1000);
}

/* All that was written to the target until now is on the source, too: what is
 * there is whole, whatever it may still be good for. */
static bool
drained(struct switcher *s, bson_error_t *error)
{
	struct optime fence;
	struct applied a;

	if (!fence_write(s->tgt, s->job, &fence, error))
		return false;
	if (applied_wait(s->src, s->back_job, fence, DRAIN_MS, &a, error))
		return true;
	if (error_status(error) != MM_EXIT_STOPPED)
		error->domain = MM_ERR_DOMAIN + MM_EXIT_NO;
	return error_prefix(error, "not finished: the way back is behind");
}

bool
finish_may(struct switcher *s, bson_error_t *error)
{
	return switch_back_programs(s, error) && long_enough(s, error) &&
	    none_red(s, error) && red_quiet(s->o->dir, after.quiet_ms, error) &&
	    drained(s, error);
}

/* ------------------------------------------------------------- the way back */

bool
finish_end_back(struct switcher *s, bson_error_t *error)
{
	int64_t since = clock_ms();
	enum ready r;

	while ((r = switch_disarm(s, error)) == READY_NOT &&
	    clock_ms() - since < LEASE_MS && sig_sleep(LOOK_MS))
		;
	if (r == READY_NOT && sig_stopping())
		error->domain = MM_ERR_DOMAIN + MM_EXIT_STOPPED;
	return r == READY_YES;
}
