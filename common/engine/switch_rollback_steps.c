/* What a rollback would bring back, how long that takes, and what cannot come
 * back; nothing is changed but that the log of the way back is fetched. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/sig.h"
#include "engine/apply_input.h"
#include "engine/apply_walk.h"
#include "engine/status_table.h"
#include "engine/switch_work.h"
#include "engine/verify_applied.h"
#include "mongo/members.h"

struct waiting {
	char ns[NS_MAX + 1]; /* on the target */
	int64_t entries, bytes;
};

struct count {
	struct waiting *item;
	size_t n;
	int64_t entries, bytes;
};

/* ---------------------------------------------------------------- counting */

static bool
entry(void *arg, const struct entry *e, bson_error_t *error)
{
	struct count *c = arg;
	size_t i = 0;

	(void)error;
	while (i < c->n && strcmp(c->item[i].ns, e->ns) != 0)
		i++;
	if (i == c->n) {
		c->item = bson_realloc(c->item, (c->n + 1) * sizeof *c->item);
		c->item[c->n] = (struct waiting){.entries = 0};
		bson_strncpy(c->item[c->n++].ns, e->ns, NS_MAX + 1);
	}
	c->item[i].entries++;
	c->item[i].bytes += e->raw_len;
	c->entries++;
	c->bytes += e->raw_len;
	return true;
}

static bool
begin(void *arg, enum stream_kind kind, const bson_t *head, bson_error_t *error)
{
	(void)arg;
	(void)kind;
	(void)head;
	(void)error;
	return true;
}

static bool
go_on(void *arg, bson_error_t *error)
{
	(void)arg;
	(void)error;
	return true;
}

static bool
walk(const char *dir, struct optime after, struct count *c, bson_error_t *error)
{
	static const struct apply_walk_ops ops = {
	    .begin = begin, .entry = entry, .pause = go_on};
	struct apply_input *in = apply_input_new(NULL, 0, dir, false);
	struct apply_walk w = {.ops = &ops,
	    .arg = c,
	    .until = OPTIME_NULL,
	    .reached = {after, after, 0}};
	struct stream_item item;
	enum stream_kind kind;
	enum stream_got got;
	bool ok = true;

	while (ok && !sig_stopping()) {
		got = apply_input_next(in, after, &item, &kind, error);
		if (got != STREAM_GOT) {
			ok = got != STREAM_ERROR;
			break;
		}
		ok = apply_walk_item(&w, &item, kind, error);
	}
	apply_input_free(in);
	return ok;
}

/* ------------------------------------------------------------------ telling */

/* What was applied a second so far: at least that much can be. */
static double
rate(struct switcher *s)
{
	struct status_pace pace = {.entries = -1};
	char *path = back_path(s->back, "apply.status");
	struct status_view v;

	if (status_file_read(path, &v, NULL)) {
		status_pace(NULL, &v, &pace);
		status_view_release(&v);
	}
	bson_free(path);
	return pace.entries;
}

static void
tell(struct switcher *s, const struct count *c)
{
	double seen = rate(s);

	for (size_t i = 0; i < c->n; i++)
		printf("wait %s: %" PRId64 " operations, %" PRId64 " bytes\n",
		    c->item[i].ns, c->item[i].entries, c->item[i].bytes);
	printf("back %" PRId64 " operations, %" PRId64
	       " bytes are not on the source yet\n",
	    c->entries, c->bytes);
	if (c->entries > 0 && seen > 0)
		printf("time about %.0f s at %.1f a second, as seen so far\n",
		    (double)c->entries / seen, seen);
}

static bool
window(struct switcher *s, struct optime applied, bson_error_t *error)
{
	struct optime oldest;
	bool first;

	if (!members_oldest(s->tgt, &oldest, &first, error))
		return false;
	if (optime_cmp(applied, oldest) < 0)
		return error_set(error, MM_EXIT_POSITION, 0,
		    "what is not on the source yet is no longer in the oplog "
		    "of the target");
	if (first)
		printf("log  the oplog of the target is whole\n");
	else
		printf("log  the oplog of the target reaches back %" PRId64
		       " s before it\n",
		    (int64_t)applied.secs - oldest.secs);
	return true;
}

static bool
returning(struct switcher *s, bool *refused, bson_error_t *error)
{
	struct count c = {.n = 0};
	struct optime now;
	struct applied a;
	char *log;
	int got;
	bool ok;

	if (!switch_back_programs(s, error) ||
	    !conn_positions(s->tgt, &now, NULL, error) ||
	    (got = applied_read(s->src, s->back_job, &a, error)) < 0)
		return false;
	if (got == 0)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "there is no job \"%s\" on the source", s->back_job);
	if (!window(s, a.cp.applied, error) || !back_fetch(s->back, now, error))
		return false;
	log = back_path(s->back, "log");
	ok = walk(log, a.cp.applied, &c, error);
	if (ok)
		tell(s, &c);
	bson_free(log);
	bson_free(c.item);
	return ok && back_try(s->back, refused, error);
}

static const struct {
	enum switch_state state;
	const char *text;
} steps[] = {
    {SWITCH_BACK_BLOCKING,
	"put TTL indexes on the target to sleep, close it to applications"},
    {SWITCH_BACK_BLOCKED, "write a fence into the oplog of the target"},
    {SWITCH_BACK_FENCED,
	"wait until all up to it is on the source; end what comes back"},
    {SWITCH_BACK_SWITCHING,
	"make the job ready again, open the source to applications, change "
	"the address"},
    {SWITCH_SYNCING, "nothing: applications are on the source"},
};

bool
switch_rollback_steps(struct switcher *s, bson_error_t *error)
{
	enum switch_state state = switch_log_state(s->log);
	bool may = true, refused = false;

	if (!switch_legal(state, COMMAND_ROLLBACK))
		return switch_refuse(s, COMMAND_ROLLBACK, error);
	if (state == SWITCH_SWITCHED) {
		may = switch_may_return(s, true, error);
		if (!returning(s, &refused, may ? error : NULL))
			return false;
	}
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		if (steps[i].state >= state || state == SWITCH_SWITCHED ||
		    steps[i].state == SWITCH_SYNCING)
			printf("%-14s %s\n", switch_state_text(steps[i].state),
			    steps[i].text);
	if (fflush(stdout) != 0)
		return error_errno(
		    error, MM_EXIT_IO, "could not write to standard output");
	return may &&
	    (!refused ||
		error_set(error, MM_EXIT_NO, 0,
		    "some of it cannot be applied to the source"));
}
