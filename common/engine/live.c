#include "engine/live.h"

#include <string.h>

#include "base/hash.h"
#include "base/msg.h"
#include "base/sig.h"
#include "base/status.h"
#include "engine/live_tell.h"
#include "engine/verify.h"
#include "engine/verify_applied.h"
#include "mongo/job.h"

static const char *mode = "auto", *directory, *journal, *state;
static bool until_same, follow;
static int64_t wait_ms = 30000, rounds = 60;

static const struct opt rows[] = {
    {0, "mode", "MODE", OPT_CHOICE, &mode,
	"auto, bracket, snapshot or static (auto)", 0, 0,
	"auto|bracket|snapshot|static"},
    {0, "until-same", NULL, OPT_FLAG, &until_same,
	"go on until there is no difference"},
    {0, "follow", NULL, OPT_FLAG, &follow,
	"go on until a signal, and tell what changes"},
    {'D', "directory", "DIR", OPT_TEXT, &directory,
	"read the log from the segments in DIR, not from the source"},
    {0, "journal", "DIR", OPT_TEXT, &journal,
	"of the applier: what is stale and what somebody else wrote"},
    {0, "state", "DIR", OPT_TEXT, &state,
	"save in DIR what is done, and go on from there"},
    {0, "wait", "SECONDS", OPT_SECONDS, &wait_ms,
	"wait this long for an applier that does not go on (30)", 0, 86400000},
    {0, "rounds", "N", OPT_COUNT, &rounds,
	"look this often at a document that is written all the time (60)", 1,
	1000000},
};

const struct opt_group live_options = OPT_GROUP("While they are written", rows);

/* ---------------------------------------------------------------- choosing */

static bool
name_job(struct live *live)
{
	if (live->compare.job) {
		bson_strncpy(live->job, live->compare.job, sizeof live->job);
		return strlen(live->compare.job) < sizeof live->job;
	}
	job_name_of(live->compare.source, live->compare.rules, live->job);
	return true;
}

/* 1: it can be done, 0: not, as *why says; -1 error. */
static int
look_at_job(struct live *live, bson_error_t *why)
{
	struct conn *c = conn_open(live->compare.target, why);
	struct applied a;
	int got = c ? applied_read(c, live->job, &a, why) : -1;

	if (c)
		conn_close(c);
	if (got == 0)
		error_set(why, MM_EXIT_REFUSED, 0,
		    "there is no job with a position on the target: what is "
		    "applied is not known");
	return got < 0 && error_status(why) == MM_EXIT_REFUSED ? 0 : got;
}

static int
look_at_log(struct live *live, bson_error_t *why)
{
	struct conn *c = conn_open(live->compare.source, why);
	struct optime at;
	bool ok = c && conn_positions(c, &at, NULL, why) &&
	    (directory || conn_oldest(c, &at, why));

	if (c)
		conn_close(c);
	return ok ? 1 : error_status(why) == MM_EXIT_REFUSED ? 0 : -1;
}

static bool
fitting(bson_error_t *error)
{
	if (until_same && follow)
		return error_set(error, MM_EXIT_USAGE, 0,
		    "--until-same and --follow exclude each other");
	if ((strcmp(mode, "static") == 0 || strcmp(mode, "snapshot") == 0) &&
	    (until_same || follow || directory || journal || state))
		return error_set(error, MM_EXIT_USAGE, 0,
		    "--until-same, --follow, -D, --journal and --state need "
		    "--mode=bracket");
	return true;
}

/* ---------------------------------------------------------------- snapshot */

/* The applier stands still at a position that is exactly what the target
 * holds: 1, 0: it does not (error says so), -1 error. */
static int
stands(struct live *live, struct optime *at, bson_error_t *error)
{
	struct conn *c = conn_open(live->compare.target, error);
	struct applied a;
	int got = c ? applied_read(c, live->job, &a, error) : -1;

	if (c)
		conn_close(c);
	if (got < 0)
		return -1;
	*at = a.cp.applied;
	if (got == 0 || optime_is_null(*at))
		error_set(error, MM_EXIT_REFUSED, 0,
		    "there is no job with a position on the target: what is "
		    "applied is not known");
	else if (!optime_is_null(a.cp.ahead))
		error_set(error, MM_EXIT_REFUSED, 0,
		    "the applier is at work, or was killed: a snapshot is "
		    "compared with what it has left behind at its end (one "
		    "signal ends it)");
	else
		return 1;
	return 0;
}

/* Nobody has applied anything meanwhile. */
static enum compare_got
still_stands(void *arg, bson_error_t *error)
{
	struct live *live = arg;
	struct optime now;
	int got = stands(live, &now, error);

	if (got < 0)
		return COMPARE_FAILED;
	if (got == 1 && optime_cmp(now, live->at) == 0)
		return COMPARE_DONE;
	msg_warn("the applier has gone on meanwhile");
	*live->undecided = true;
	return COMPARE_STOPPED;
}

static bool
choose_snapshot(struct live *live, bson_error_t *error)
{
	live->chosen = live->snapshot = true;
	return stands(live, &live->at, error) == 1;
}

/* SnapshotTooOld, SnapshotUnavailable, InvalidOptions, NotImplemented,
 * CommandNotSupported ...: there is no snapshot to be had. */
static bool
no_snapshot(uint32_t code)
{
	return code == 239 || code == 246 || code == 72 || code == 238 ||
	    code == 115;
}

static enum compare_got
run_snapshot(struct live *live, struct report *r, int64_t *differences,
    bool *undecided, bson_error_t *error)
{
	char text[OPTIME_TEXT];
	enum compare_got got;
	bson_error_t why;

	live->undecided = undecided;
	live->compare.at = live->at;
	live->compare.last = still_stands;
	live->compare.last_arg = live;
	status_position("position", live->at);
	got = compare_run(&live->compare, r, differences, error);
	if (got == COMPARE_FAILED && no_snapshot(error->code)) {
		why = *error;
		error_set(error, MM_EXIT_REFUSED, (int)why.code,
		    "the source cannot be read as of %s (compare with "
		    "--mode=bracket): %s",
		    optime_text(live->at, text), why.message);
	}
	return got;
}

bool
live_asked(void)
{
	return strcmp(mode, "bracket") == 0 || strcmp(mode, "snapshot") == 0 ||
	    until_same || follow || directory || journal || state;
}

bool
live_choose(struct live *live, bson_error_t *error)
{
	bson_error_t why;
	int got;

	if (!fitting(error))
		return false;
	if (strcmp(mode, "static") == 0)
		return true;
	if (!name_job(live))
		return error_set(
		    error, MM_EXIT_USAGE, 0, "the name of the job is too long");
	if (strcmp(mode, "snapshot") == 0)
		return choose_snapshot(live, error);
	got = look_at_job(live, &why);
	if (got == 1)
		got = look_at_log(live, &why);
	live->chosen = got == 1;
	if (got == 1)
		return true;
	if (got < 0 || live_asked()) {
		if (error)
			*error = why;
		return false;
	}
	msg_verbose("compares as if neither side was written: %s", why.message);
	return true;
}

const char *
live_mode(const struct live *live)
{
	return live->snapshot ? "snapshot"
	    : live->chosen    ? "bracket"
			      : "static";
}

/* --------------------------------------------------------------------- run */

static void
name_selection(const struct live *live)
{
	char text[SHA256_TEXT];

	status_text("selection",
	    job_name_of(live->compare.source, live->compare.rules, text));
}

static enum compare_got
end(struct live_tell *t, struct report *r, struct pair_list *pairs,
    enum verify_got got, int64_t *differences, bool *undecided,
    bson_error_t *error)
{
	bool stopped = got == VERIFY_UNDECIDED && !*undecided;

	if (!live_tell_flush(t, error) || !report_end(r, pairs, stopped, error))
		return COMPARE_FAILED;
	*differences = got == VERIFY_DIFFERS;
	return got == VERIFY_UNDECIDED ? COMPARE_STOPPED : COMPARE_DONE;
}

enum compare_got
live_run(struct live *live, struct report *r, int64_t *differences,
    bool *undecided, bson_error_t *error)
{
	const struct explain_opts explain = {
	    .journal = journal,
	    .segments = directory,
	    .job = live->job,
	    .target = live->compare.target,
	};
	struct verify_opts opts = {
	    .source = live->compare.source,
	    .target = live->compare.target,
	    .flags = live->compare.flags,
	    .rules = live->compare.rules,
	    .job = live->job,
	    .dir = directory,
	    .state = state,
	    .end = follow    ? VERIFY_FOLLOW
		: until_same ? VERIFY_UNTIL_SAME
			     : VERIFY_ONCE,
	    .workers = live->compare.workers,
	    .by_lookup = live->compare.by_lookup,
	    .partition_bytes = live->compare.partition_bytes,
	    .rate = live->compare.rate,
	    .wait_ms = wait_ms,
	    .rounds = (int)rounds,
	};
	struct live_tell *t;
	enum compare_got done = COMPARE_FAILED;
	struct pair_list pairs = {0};
	enum verify_got got;

	if (live->snapshot)
		return run_snapshot(live, r, differences, undecided, error);
	if (!(t = live_tell_new(r, &explain, error)))
		return COMPARE_FAILED;
	live_tell_sink(t, &opts.sink);
	name_selection(live);
	got = verify_run(&opts, &pairs, undecided, error);
	if (got != VERIFY_FAILED)
		done = end(t, r, &pairs, got, differences, undecided, error);
	live_tell_free(t);
	pair_list_release(&pairs);
	return done;
}
