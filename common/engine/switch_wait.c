/* Before a run begins: it may be postponed, its window may not be open yet, or
 * the target not the same yet. Nothing is changed by waiting. */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/msg.h"
#include "base/sig.h"
#include "base/status.h"
#include "engine/switch_work.h"

enum { POLL_MS = 200, TELL_MS = 60000 };

struct wait {
	struct switcher *s;
	const char *last; /* kind of what was told last */
	int64_t told_ms;
};

/* kind: what is not to be told again for a minute. */
static void
tell(struct wait *w, const char *kind, const char *text)
{
	int64_t now = clock_ms();

	status_text("waits_for", text);
	if (w->last == kind && now - w->told_ms < TELL_MS)
		return;
	msg_info("waiting: %s", text);
	w->last = kind;
	w->told_ms = now;
}

static bool
postponed(struct wait *w)
{
	const char *file = w->s->o->postpone;
	char text[400];

	if (!file || access(file, F_OK) != 0)
		return false;
	snprintf(
	    text, sizeof text, "postponed as long as \"%s\" is there", file);
	tell(w, "postponed", text);
	return true;
}

/* Whole seconds, rounded up. */
static int
margin(const struct switch_opts *o)
{
	return (int)((o->deadline_ms + 999) / 1000);
}

static bool
outside(struct wait *w)
{
	const struct switch_opts *o = w->s->o;
	time_t now = time(NULL);
	struct tm local;
	char text[100];
	int left;

	if (!o->window)
		return false;
	localtime_r(&now, &local);
	left = window_wait(o->window, &local, margin(o));
	if (left == 0)
		return false;
	snprintf(text, sizeof text,
	    "the window %02d:%02d-%02d:%02d begins in %d h %d min",
	    o->window->from / 3600, o->window->from / 60 % 60,
	    o->window->to / 3600, o->window->to / 60 % 60, left / 3600,
	    (left + 59) / 60 % 60);
	tell(w, "window", text);
	return true;
}

/* An error of a server passes, or somebody sees that it does not. */
static enum ready
in_sync(struct wait *w, bson_error_t *error)
{
	struct switcher *s = w->s;
	enum ready r =
	    s->o->when_in_sync ? ready_to_block(&s->ready, error) : READY_YES;
	enum mm_exit status = error_status(error);

	if (r == READY_NEVER &&
	    (status == MM_EXIT_SOURCE || status == MM_EXIT_TARGET))
		r = READY_NOT;
	if (r == READY_NOT)
		tell(w, "sync", error->message);
	return r;
}

bool
switch_await(struct switcher *s, bson_error_t *error)
{
	struct wait w = {.s = s};
	enum ready r;

	do {
		bson_error_t why = {0};

		r = postponed(&w) || outside(&w) ? READY_NOT
						 : in_sync(&w, &why);
		if (r == READY_NEVER) {
			*error = why;
			return false;
		}
		if (r == READY_YES) {
			if (w.last)
				status_null("waits_for");
			return true;
		}
		status_state("waiting");
	} while (sig_sleep(POLL_MS));
	return error_set(error, MM_EXIT_STOPPED, 0,
	    "stopped by a signal while it waited; nothing was changed");
}
