/* What is so is asked now; what the journal says stands beside it. */
#include <stdio.h>
#include <time.h>

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

	printf("%s     %s%s\n", side == SIDE_SOURCE ? "source" : "target",
	    got > 0        ? "refuses writes of applications"
		: got == 0 ? "takes writes of applications"
			   : "not known: ",
	    got < 0 ? why.message : "");
	return got;
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
	int source = -1, target = -1;
	struct block_opts opts = {.kind = BLOCK_HOOK,
	    .hook = o->hook,
	    .job = job,
	    .seconds = CALL_SECONDS};
	struct block *b = NULL;

	printf("state      %s\n", switch_state_text(state));
	printf("job        %s\n", job);
	if (o->hook && !(b = block_new(&opts, error)))
		return false;
	if (b) {
		source = show_side(b, SIDE_SOURCE);
		target = show_side(b, SIDE_TARGET);
		block_free(b);
	}
	printf("record     applications write %s\n",
	    writers_text[switch_writers(state)]);
	if (o->address && o->old_file && o->new_file)
		show_address(o);
	printf("next, and what it gives up:\n");
	show_next(state);
	printf("journal:\n");
	switch_log_each(log, show_record, NULL);
	if (fflush(stdout) != 0)
		return error_errno(
		    error, MM_EXIT_IO, "could not write to standard output");
	return !o->hook || agrees(switch_writers(state), source, target) ||
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
