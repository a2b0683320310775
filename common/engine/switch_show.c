/* What is so is asked now; what the journal says stands beside it. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "engine/status_table.h"
#include "engine/switch_work.h"

enum { CALL_SECONDS = 10 };

static void
when(int64_t at, char text[32])
{
	time_t t = (time_t)(at / 1000);
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(text, 32, "%Y-%m-%d %H:%M:%S UTC", &tm);
}

static const char *const writers_text[] = {
    [WRITERS_SOURCE] = "to the source",
    [WRITERS_NOBODY] = "nowhere",
    [WRITERS_SOURCE_OR_NOBODY] = "to the source, or nowhere",
    [WRITERS_TARGET_OR_NOBODY] = "to the target, or nowhere",
    [WRITERS_TARGET] = "to the target",
};

/* closed: as block_probe says. */
static bool
agrees(enum switch_writers w, int source, int target)
{
	bool on_source = source == 0, on_target = target == 0;

	if (source < 0 || target < 0 || (on_source && on_target))
		return false;
	switch (w) {
	case WRITERS_SOURCE:
		return on_source;
	case WRITERS_NOBODY:
		return !on_source && !on_target;
	case WRITERS_SOURCE_OR_NOBODY:
		return !on_target;
	case WRITERS_TARGET_OR_NOBODY:
		return !on_source;
	case WRITERS_TARGET:
		return on_target;
	}
	return false;
}

static int
show_side(struct block *b, enum side side)
{
	char token[BLOCK_TOKEN];
	bson_error_t why = {0};
	int got = block_probe(b, side, NULL, token, &why);

	printf("%s     %s%s%s\n", side_name(side),
	    got > 0        ? "refuses writes of applications"
		: got == 0 ? "takes writes of applications"
			   : "not known",
	    got <= 0 && why.message[0] ? ": " : "",
	    got <= 0 ? why.message : "");
	return got;
}

/* The sides as they are now. */
struct sides {
	int source, target; /* as block_probe says */
};

static bool
by_hook(const struct switch_opts *o, const char *job, struct sides *now,
    bson_error_t *error)
{
	struct block_opts opts = {.kind = BLOCK_HOOK,
	    .hook = o->hook,
	    .job = job,
	    .seconds = CALL_SECONDS};
	struct block *b = block_new(&opts, error);

	if (!b)
		return false;
	now->source = show_side(b, SIDE_SOURCE);
	now->target = show_side(b, SIDE_TARGET);
	block_free(b);
	return true;
}

static bool
no_selection(void)
{
	return !ns_flags.db && ns_flags.include.n == 0 &&
	    ns_flags.exclude.n == 0;
}

static void
not_probed(const char *give)
{
	printf("sides      not probed: give %s\n", give);
}

/* By users, roles and the accounts of applications. False: not asked. */
static bool
by_servers(const struct switch_opts *o, enum block_kind kind, struct sides *now)
{
	struct switch_opts mine = *o;
	struct block_opts opts;
	struct switcher *s;
	struct block *b = NULL;
	bson_error_t why = {0};
	bool asked = true;

	mine.reader = true;
	mine.block = kind;
	mine.address = NULL; /* shown by itself */
	if ((s = switch_open(&mine, &why))) {
		switch_block_opts(s, &opts);
		b = block_new(&opts, &why);
	}
	if (b) {
		now->source = show_side(b, SIDE_SOURCE);
		now->target = show_side(b, SIDE_TARGET);
	} else if (error_status(&why) == MM_EXIT_REFUSED && no_selection()) {
		not_probed("the selection");
		asked = false;
	} else {
		printf("sides      not known: %s\n", why.message);
	}
	block_free(b);
	switch_close(s);
	return asked;
}

/* False: status 2. *asked: they should be known now. */
static bool
show_sides(const struct switch_opts *o, const struct switch_log *log,
    struct sides *now, bool *asked, bson_error_t *error)
{
	enum block_kind kind;
	bool known = block_kind_parse(switch_log_config(log, "block"), &kind);

	*asked = o->hook != NULL;
	if (o->hook)
		return by_hook(o, switch_log_config(log, "job"), now, error);
	if (known && kind == BLOCK_HOOK)
		not_probed("--block-hook");
	else if (known && server_named(SIDE_SOURCE, &source_flags) &&
	    server_named(SIDE_TARGET, &target_flags))
		*asked = by_servers(o, kind, now);
	else
		not_probed("both sides, and the selection");
	return true;
}

static void
show_deadline(const struct switch_log *log)
{
	int64_t began = switch_log_began(log), left;

	if (began == 0 || switch_give_up(switch_log_state(log)) == SWITCH_NONE)
		return;
	left = began + atoll(switch_log_text(log, "deadline_ms")) -
	    clock_wall_ms();
	if (left >= 0)
		printf("deadline   %.1f s left\n", (double)left / 1000);
	else
		printf("deadline   passed %.0f s ago: the next run, or abort, "
		       "gives the attempt up\n",
		    (double)-left / 1000);
}

/* What mm-diff says, and when it said so. */
static void
show_proof(const struct switch_opts *o, const struct switch_log *log)
{
	struct ready_opts ready = {.diff_status = o->diff_status,
	    .selection = switch_log_config(log, "selection")};
	struct status_view v;
	bson_error_t why = {0};

	if (!status_file_read(o->diff_status, &v, &why)) {
		printf("proof      none: %s\n", why.message);
		return;
	}
	printf("proof      %.1f s old, verified up to %s",
	    (double)(clock_wall_ms() - v.updated_ms) / 1000,
	    *status_view_text(&v, "verified_ts")
		? status_view_text(&v, "verified_ts")
		: "nowhere");
	status_view_release(&v);
	if (ready_compared(&ready, NULL, &why) == READY_YES)
		printf(": in sync\n");
	else
		printf(": no proof: %s\n", why.message);
}

static void
show_address(const struct switch_opts *o)
{
	struct address_state now;
	bson_error_t why = {0};
	struct address *a = address_new(
	    o->address, o->old_file, o->new_file, CALL_SECONDS, &why);

	if (a && address_get(a, &now, &why))
		printf("address    %s%s%s\n", address_held_text(now.held),
		    now.first[0] ? ": " : "", now.first);
	else
		printf("address    not known: %s\n", why.message);
	if (a)
		address_free(a);
}

static void
show_record(void *arg, enum switch_state s, int64_t at, const char *why)
{
	char text[32];

	(void)arg;
	when(at, text);
	printf("  %s  %s%s%s\n", text, switch_state_text(s), *why ? ": " : "",
	    why);
}

static void
show_next(enum switch_state state)
{
	for (int c = 0; c < SWITCH_COMMANDS; c++) {
		const char *loses = switch_legal(state, (enum switch_command)c);

		if (loses)
			printf("  %-17s %s\n",
			    switch_command_text((enum switch_command)c), loses);
	}
}

static bool
show(const struct switch_opts *o, struct switch_log *log, bson_error_t *error)
{
	enum switch_state state = switch_log_state(log);
	const char *job = switch_log_config(log, "job");
	struct sides now = {-1, -1};
	bool asked;

	printf("state      %s\n", switch_state_text(state));
	printf("job        %s\n", job);
	if (!show_sides(o, log, &now, &asked, error))
		return false;
	printf("record     applications write %s\n",
	    writers_text[switch_writers(state)]);
	show_deadline(log);
	if (o->address && o->old_file && o->new_file)
		show_address(o);
	if (o->diff_status)
		show_proof(o, log);
	switch_rehearsals_show(o->dir);
	printf("next, and what it gives up:\n");
	show_next(state);
	printf("journal:\n");
	switch_log_each(log, show_record, NULL);
	if (fflush(stdout) != 0)
		return error_errno(
		    error, MM_EXIT_IO, "could not write to standard output");
	return !asked ||
	    agrees(switch_writers(state), now.source, now.target) ||
	    error_set(error, MM_EXIT_NO, 0,
		"what is probed is not what the record says");
}

bool
switch_show(const struct switch_opts *o, bson_error_t *error)
{
	struct switch_log *log = switch_log_open(o->dir, false, error);
	bool ok;

	if (!log)
		return false;
	ok = show(o, log, error);
	switch_log_close(log);
	return ok;
}
