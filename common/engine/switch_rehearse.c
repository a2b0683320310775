/* A switch up to the address, in a journal of its own, and back again: either
 * without closing anything, or closing the source for as long as it takes. The
 * target is neither closed nor opened, the address only read.
 *
 * The journal of a rehearsal that closes is what undoes it after a kill: every
 * later run, abort or rehearsal looks for one that was left. */
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/msg.h"
#include "base/sig.h"
#include "base/status.h"
#include "engine/switch_after_work.h"
#include "engine/switch_prober.h"
#include "engine/switch_work.h"
#include "mongo/fence.h"
#include "mongo/job_switch.h"

#define PREFIX "rehearsal-"

enum { POLL_MS = 20 };

/* ----------------------------------------------------- the other journal */

/* From here on everything is done by that journal. */
static struct switch_log *
exchange(struct switcher *s, struct switch_log *log, const char *dir)
{
	struct switch_log *before = s->log;

	back_free(s->back);
	s->back = NULL;
	switch_late_over(s);
	s->log = log;
	s->dir = dir;
	s->closed_us = s->closing_us = s->opened_us = 0;
	s->quiet_at = OPTIME_NULL;
	s->quiet = s->armed = s->alone = s->told = s->killed = false;
	s->shut = false;
	return before;
}

/* Gives up what a rehearsal in that directory has left. */
static bool
undo_one(void *arg, const char *dir, bson_error_t *error)
{
	struct switcher *s = arg;
	struct switch_log *log = switch_log_open(dir, true, error), *real;
	bool ok = true;

	if (!log)
		return error_prefix(error, "rehearsal");
	if (switch_log_state(log) > SWITCH_SYNCING) {
		msg_warn("a rehearsal was not ended: \"%s\"", dir);
		real = exchange(s, log, dir);
		ok = switch_put_back(s, error);
		log = exchange(s, real, s->o->dir);
	}
	switch_log_close(log);
	return ok;
}

/* Every directory of a rehearsal, until one of them fails. */
static bool
each_dir(const char *above,
    bool (*each)(void *arg, const char *dir, bson_error_t *error), void *arg,
    bson_error_t *error)
{
	DIR *dir = opendir(above);
	struct dirent *e;
	bool ok = true;
	char *path;

	while (ok && dir && (e = readdir(dir))) {
		if (strncmp(e->d_name, PREFIX, strlen(PREFIX)) != 0)
			continue;
		path = bson_strdup_printf("%s/%s", above, e->d_name);
		ok = each(arg, path, error);
		bson_free(path);
	}
	if (dir)
		closedir(dir);
	return ok;
}

bool
switch_rehearsals_undo(struct switcher *s, bson_error_t *error)
{
	return each_dir(s->o->dir, undo_one, s, error);
}

/* One at work is not told from one that was killed. */
static bool
show_one(void *arg, const char *dir, bson_error_t *error)
{
	struct switch_log *log = switch_log_open(dir, false, error);

	(void)arg;
	if (log && switch_log_state(log) > SWITCH_SYNCING)
		printf("rehearsal  %s: the source may be closed by it: run, or "
		       "abort, opens it\n",
		    dir);
	switch_log_close(log);
	return true;
}

void
switch_rehearsals_show(const char *dir)
{
	bson_error_t why;

	each_dir(dir, show_one, NULL, &why);
}

/* ----------------------------------------------------------------- report */

static void line(FILE *f, const char *format, ...) BSON_GNUC_PRINTF(2, 3);

/* To standard output, and into the directory. */
static void
line(FILE *f, const char *format, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	puts(text);
	fprintf(f, "%s\n", text);
}

struct steps {
	FILE *f;
	enum switch_state last;
	int64_t at;
};

/* How long each state took: until the record of the next. */
static void
step(void *arg, enum switch_state state, int64_t at, const char *why)
{
	struct steps *t = arg;

	(void)why;
	if (t->last > SWITCH_SYNCING)
		line(t->f, "step %s %lld", switch_state_text(t->last),
		    (long long)(at - t->at));
	t->last = state;
	t->at = at;
}

/* ------------------------------------------------------------ with a block */

static bool
confirmed(const struct switcher *s, bson_error_t *error)
{
	char *want = bson_strdup_printf("block %s", s->job);
	bool ok = after.confirm && strcmp(after.confirm, want) == 0;

	if (!ok)
		error_set(error, MM_EXIT_REFUSED, 0,
		    "the source is not closed without --confirm \"%s\"", want);
	bson_free(want);
	return ok;
}

static bool
closing(struct switcher *s, const struct switch_log *real, bson_error_t *error)
{
	bson_t fields = BSON_INITIALIZER, plan;
	bool ok;

	switch_add_deadline(s, &fields);
	/* To be looked at. */
	if (switch_log_newest(real, "plan_target", &plan))
		BSON_APPEND_DOCUMENT(&fields, "plan_target", &plan);
	ok = switch_add_plan(s, SIDE_SOURCE, NULL, &fields, error) &&
	    switch_add_lifetimes(s, SIDE_SOURCE, &fields, error) &&
	    switch_note(s, SWITCH_BLOCKING, &fields, error);
	bson_destroy(&fields);
	s->shut = true; /* not by us */
	return ok && switch_go_on(s, error);
}

static bool
with_block(struct switcher *s, const struct switch_log *real, FILE *f,
    bson_error_t *error)
{
	struct prober *prober = NULL;
	struct prober_seen seen;
	struct block_opts o;
	bson_error_t why;
	bool ok;

	switch_block_opts(s, &o);
	if (o.probe[SIDE_SOURCE] &&
	    !(prober = prober_new(s->source, &o, error)))
		return false;
	ok = closing(s, real, error);
	if (prober)
		prober_end(prober, &seen);
	if (s->armed && !job_forget(s->src, s->back_job, &why))
		msg_warn("%s", why.message);
	switch_log_each(s->log, step, &(struct steps){.f = f});
	line(f, "way_back %s",
	    s->arms ? "armed" : "not armed: the target is not closed");
	if (s->closing_us && s->opened_us)
		line(f, "blocked_ms %lld",
		    (long long)(s->opened_us - s->closing_us) / 1000);
	if (prober) {
		line(f, "probe_writes %lld", (long long)seen.tries);
		line(f, "probe_failed %lld", (long long)seen.refused);
		line(f, "probe_unknown %lld", (long long)seen.unknown);
		line(f, "probe_failed_ms %lld", (long long)seen.refused_ms);
	}
	return ok;
}

/* --------------------------------------------------------- without a block */

static enum ready
drained(struct switcher *s, struct optime fence, bson_error_t *error)
{
	return ready_drained(&s->ready, fence, error);
}

/* While it is written there is always something to compare once more. */
static enum ready
compared(struct switcher *s, struct optime fence, bson_error_t *error)
{
	return ready_compared(&s->ready, &fence, error);
}

static bool
until(struct switcher *s,
    enum ready (*look)(
	struct switcher *s, struct optime fence, bson_error_t *error),
    struct optime fence, int64_t end, bson_error_t *error)
{
	enum ready r;

	while ((r = look(s, fence, error)) == READY_NOT) {
		if (clock_ms() > end)
			return error_prefix(error, "not done in time");
		if (!sig_sleep(POLL_MS))
			return error_set(error, MM_EXIT_STOPPED, 0,
			    "stopped by a signal; nothing was changed");
	}
	return r == READY_YES;
}

static bool
without_block(struct switcher *s, FILE *f, bson_error_t *error)
{
	int64_t began = clock_ms(), end = began + s->o->deadline_ms,
		at[3] = {0};
	struct optime fence;
	char text[OPTIME_TEXT];
	bool ok = fence_write(s->src, s->job, &fence, error);

	at[0] = clock_ms();
	ok = ok && until(s, drained, fence, end, error);
	at[1] = clock_ms();
	ok = ok && until(s, compared, fence, end, error);
	at[2] = clock_ms();
	if (!ok)
		return false;
	line(f, "fence %s", optime_text(fence, text));
	line(f, "fence_ms %lld", (long long)(at[0] - began));
	line(f, "drained_ms %lld", (long long)(at[1] - at[0]));
	line(f, "compared_ms %lld", (long long)(at[2] - at[1]));
	line(f, "blocked_ms 0");
	return true;
}

/* ---------------------------------------------------------------- command */

static bool
rehearse(struct switcher *s, const struct switch_log *real, const char *dir,
    bson_error_t *error)
{
	bool block = strcmp(s->o->rehearse, "block") == 0, ok;
	char *path = bson_strdup_printf("%s/report", dir);
	FILE *f = fopen(path, "we");

	ok =
	    f || error_errno(error, MM_EXIT_IO, "could not write \"%s\"", path);
	if (ok) {
		line(f, "rehearsal %s", s->o->rehearse);
		ok = block ? with_block(s, real, f, error)
			   : without_block(s, f, error);
		line(f, "result %s%s", ok ? "it would have switched" : "no: ",
		    ok ? "" : error->message);
		if ((fclose(f) != 0 || fflush(stdout) != 0) && ok)
			ok = error_errno(
			    error, MM_EXIT_IO, "could not write the report");
	}
	bson_free(path);
	return ok;
}

static bool
in_journal(struct switcher *s, bson_error_t *error)
{
	char when[CLOCK_TEXT];
	char *dir = bson_strdup_printf("%s/" PREFIX "%s", s->o->dir,
	    clock_text(clock_wall_ms() / 1000, when));
	struct switch_log *log = switch_log_open(dir, true, error), *real;
	bson_t config = BSON_INITIALIZER;
	bool ok = false;

	switch_config(s, &config);
	if (log && switch_log_begin(log, &config, error)) {
		real = exchange(s, log, dir);
		s->rehearses = true;
		ok = rehearse(s, real, dir, error);
		s->rehearses = false;
		log = exchange(s, real, s->o->dir);
	}
	switch_log_close(log);
	bson_destroy(&config);
	bson_free(dir);
	return ok;
}

/* What is written to a target that is open would come to the source. */
static bool
target_closed(struct switcher *s)
{
	char token[BLOCK_TOKEN];
	bson_error_t why;
	bson_t plan;

	return block_probe(s->block, SIDE_TARGET,
		   switch_plan(s, SIDE_TARGET, &plan), token, &why) == 1;
}

bool
switch_rehearse(struct switcher *s, bson_error_t *error)
{
	enum switch_state state = switch_log_state(s->log);

	status_state("rehearsing");
	if (state > SWITCH_SYNCING)
		return switch_refuse(s, COMMAND_RUN, error);
	if (strcmp(s->o->rehearse, "block") == 0 && !confirmed(s, error))
		return false;
	if (!switch_rehearsals_undo(s, error) || !switch_await(s, error) ||
	    !switch_may_begin(s, true, error))
		return false;
	s->arms = target_closed(s);
	return in_journal(s, error);
}
