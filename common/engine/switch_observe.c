/* While applications are on the target: the programs of the way back are kept,
 * and red lines are looked at. Only reads the journal, so that every other
 * command may be given beside it. */
#include <string.h>

#include "base/msg.h"
#include "base/sig.h"
#include "base/status.h"
#include "engine/switch_red.h"
#include "engine/switch_work.h"

enum { POLL_MS = 250, POLLS_A_LOOK = 4 };

/* From here on somebody else may write to it. */
static bool
reread(struct switcher *s, bson_error_t *error)
{
	struct switch_log *log = switch_log_open(s->o->dir, false, error);

	if (!log)
		return false;
	switch_log_close(s->log);
	s->log = log;
	return true;
}

/* What is written to the target has to come back in these. */
static bool
observed(enum switch_state state)
{
	return state == SWITCH_SWITCHED ||
	    (state >= SWITCH_BACK_BLOCKING && state <= SWITCH_BACK_FENCED) ||
	    state == SWITCH_BACK_RETURN;
}

static bool
is_in(const struct red_lines *l, const char *what)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->item[i].what, what) == 0)
			return true;
	return false;
}

static bool
look(struct switcher *s, struct red *red, struct red_lines *last,
    bson_error_t *error)
{
	struct red_lines now;

	red_look(red, &now);
	for (size_t i = 0; i < now.n; i++)
		if (!is_in(last, now.item[i].what))
			msg_warn("red: %s: %s", now.item[i].what,
			    now.item[i].detail);
	status_int("red", (int64_t)now.n);
	status_text("red_line", now.n > 0 ? now.item[0].what : "");
	*last = now;
	return red_note(red, s->o->dir, &now, error);
}

static bool
watch(struct switcher *s, struct red *red, bson_error_t *error)
{
	struct red_lines last = {.n = 0};
	unsigned n = 0;

	do {
		if (!reread(s, error))
			return false;
		if (!observed(switch_log_state(s->log))) {
			msg_info("the state is %s: no more is observed",
			    switch_state_text(switch_log_state(s->log)));
			return true;
		}
		if (!back_keep(s->back, error))
			return false;
		if (back_elsewhere(s->back))
			return error_set(error, MM_EXIT_REFUSED, 0,
			    "another mm-switch keeps the programs of the way "
			    "back (\"%s/back.lock\")",
			    s->o->dir);
		if (n++ % POLLS_A_LOOK == 0 &&
		    switch_log_state(s->log) == SWITCH_SWITCHED &&
		    !look(s, red, &last, error))
			return false;
	} while (sig_sleep(POLL_MS));
	msg_info("stopped by a signal");
	return true;
}

bool
switch_observe(struct switcher *s, bson_error_t *error)
{
	struct red_opts o = {.source = s->src,
	    .target = s->tgt,
	    .rules = s->rules,
	    .back_job = s->back_job,
	    .diff_status = s->o->diff_status,
	    .selection = s->selection,
	    .max_lag_ms = s->o->max_lag_ms,
	    .min_window_ms = s->o->min_window_ms,
	    .counters = true};
	struct red *red;
	char *path;
	bool ok;

	if (!observed(switch_log_state(s->log)))
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "cannot observe: the state is %s",
		    switch_state_text(switch_log_state(s->log)));
	if (!switch_back_programs(s, error))
		return false;
	status_state("observing");
	o.back_status = path = back_path(s->back, "apply.status");
	red = red_new(&o);
	ok = watch(s, red, error);
	red_free(red);
	bson_free(path);
	return ok;
}
