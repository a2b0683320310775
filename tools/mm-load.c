/* mm-load: a snapshot stream into a target. */
#include <inttypes.h>
#include <malloc.h>

#include "base/finish.h"
#include "base/msg.h"
#include "base/gauge.h"
#include "base/sig.h"
#include "base/status.h"
#include "engine/apply_job.h"
#include "engine/duplicates.h"
#include "engine/finish_run.h"
#include "engine/foreign.h"
#include "engine/load_token.h"
#include "engine/users.h"
#include "io/input.h"

static const char *job, *dir, *log_out, *rate_file, *on_duplicate = "error";
static bool drop, no_indexes, convert, finish_only, wake, print_token, users,
    archive, in_order, stop_on_error;
static struct optime from_at = OPTIME_NULL, to_at = OPTIME_NULL;
static int64_t threads = 4, per_coll, max_load, rate, index_jobs = 4;

static const struct opt own_rows[] = {
    {'j', "numParallelCollections", "N", OPT_COUNT, &threads,
	"threads that insert, in all (4)", 1, 256},
    {0, "numInsertionWorkersPerCollection", "N", OPT_COUNT, &per_coll,
	"at most N of them into one collection (all)", 1, 256},
    {0, "drop", NULL, OPT_FLAG, &drop,
	"drop what this job has loaded, and load anew"},
    {0, "noIndexRestore", NULL, OPT_FLAG, &no_indexes,
	"make no indexes but those on _id"},
    {0, "convertLegacyIndexes", NULL, OPT_FLAG, &convert,
	"make index keys that only servers before 3.4 took ascending"},
    {0, "index-jobs", "N", OPT_COUNT, &index_jobs,
	"build the indexes of N collections at a time (4)", 1, 64},
    {0, "finish-indexes", NULL, OPT_FLAG, &finish_only,
	"load nothing: build the unique indexes that the job holds back"},
    {0, "wake-ttl", NULL, OPT_FLAG, &wake,
	"with --finish-indexes: TTL indexes get their lifetime as well"},
    {0, "print-resume-token", NULL, OPT_FLAG, &print_token,
	"load nothing: print how far an unfinished load is, for mm-dump"},
    {0, "archive", NULL, OPT_FLAG, &archive,
	"an archive of mongodump --archive in place of a stream"},
    {0, "dir", "DIR", OPT_TEXT, &dir,
	"a directory of mongodump --out in place of a stream"},
    {0, "oplog-out", "FILE", OPT_TEXT, &log_out,
	"of an archive: keep its log there, for mm-oplog-apply"},
    {0, "from", "POSITION", OPT_POSITION, &from_at,
	"of these two: everything up to here is in the copy"},
    {0, "fuzzy-until", "POSITION", OPT_POSITION, &to_at,
	"and nothing after this is"},
    {0, "users", NULL, OPT_FLAG, &users,
	"accounts of mm-dump --users, without rights until the switch"},
    {0, "on-duplicate", "HOW", OPT_CHOICE, &on_duplicate,
	"where documents, or names of users, are already (error)", 0, 0,
	"error|skip|replace|identical"},
    {0, "stopOnError", NULL, OPT_FLAG, &stop_on_error,
	"end at the first document that --on-duplicate does not allow"},
    {0, "maintainInsertionOrder", NULL, OPT_FLAG, &in_order,
	"insert in the order of the stream; implies --stopOnError"},
    {0, "rate-limit", "BYTES", OPT_BYTES, &rate,
	"insert at most BYTES of documents a second", 1, INT64_MAX},
    {0, "throttle-file", "FILE", OPT_TEXT, &rate_file,
	"but as many as FILE says, which may be changed meanwhile"},
    {0, "max-load", "SECONDS", OPT_SECONDS, &max_load,
	"wait while a member of the target lags more than that", 1000,
	86400000},
    {0, "job", "NAME", OPT_TEXT, &job,
	"name of the migration (made of source and selection)"},
};

static struct opt_group groups[4];

static const struct opt_program program = {
    "mm-load",
    "Load a snapshot stream into a replica set.",
    "[options] -d NAME | --nsInclude PATTERN [FILE...] < STREAM",
    groups,
    4,
    0,
    -1,
};

static struct server *
open_target(bson_error_t *error)
{
	status_state("connecting");
	return server_open(SIDE_TARGET, &target_flags, job, false, error);
}

static bool
load(struct input *in, bson_error_t *error)
{
	struct load_opts opts = {
	    .threads = (int)threads,
	    .per_coll = (int)(per_coll ? per_coll : threads),
	    .index_jobs = (int)index_jobs,
	    .drop = drop,
	    .no_indexes = no_indexes,
	    .convert = convert,
	    .rate = rate,
	    .rate_file = rate_file,
	    .in_order = in_order,
	    .standing = standing_parse(on_duplicate),
	    .stop_at_first = stop_on_error || in_order,
	    .job = job,
	    .flags = &ns_flags,
	};
	struct foreign_in foreign = {.dir = dir,
	    .fd = in ? input_fd(in) : -1,
	    .name = in ? input_name(in) : NULL,
	    .from = from_at,
	    .to = to_at,
	    .log = log_out};
	char from[OPTIME_TEXT], to[OPTIME_TEXT];
	struct load_result got;
	struct server *server = open_target(error);
	bool ok;

	if (!server)
		return false;
	ok = max_load == 0 ||
	    (opts.brake = lag_watch_start(server, max_load, NULL, error));
	if (ok)
		ok = archive || dir
		    ? foreign_load(server, &foreign, &opts, &got, error)
		    : load_run(server, input_fd(in), input_name(in), &opts,
			  &got, error);
	lag_watch_end(opts.brake);
	server_close(server);
	if (ok)
		msg_info("%" PRId64 " documents of %zu collections, "
			 "from %s to %s",
		    got.docs, got.collections, optime_text(got.from, from),
		    optime_text(got.to, to));
	return ok;
}

static bool
load_users(struct input *in, bson_error_t *error)
{
	struct users_load_opts opts = {.job = job,
	    .flags = &ns_flags,
	    .skip = standing_parse(on_duplicate) == STANDING_SKIP};
	struct users_count n;
	struct server *server = open_target(error);
	bool ok;

	if (!server)
		return false;
	ok = users_load(server, input_fd(in), input_name(in), &opts, &n, error);
	server_close(server);
	if (ok)
		msg_info("%" PRIu32 " users and %" PRIu32
			 " roles made, %" PRIu32 " were there",
		    n.users, n.roles, n.there);
	return ok;
}

static bool
finish_job(struct conn *c, const struct ns_rules *rules, bson_error_t *error)
{
	char *name = apply_job_find(c, job, rules, error);
	struct finish_result got;
	bool ok;

	finish_result_init(&got);
	ok = name && finish_run(c, name, wake, (int)index_jobs, &got, error);
	duplicates_tell(&got.refused);
	if (ok || (name && error_status(error) == MM_EXIT_NO))
		msg_info("%" PRId64 " unique indexes built, %" PRId64
			 " TTL indexes awake",
		    got.built, got.woken);
	finish_result_release(&got);
	bson_free(name);
	return ok;
}

static bool
print(struct conn *c, const struct ns_rules *rules, bson_error_t *error)
{
	return load_token_print(c, job, rules, error);
}

/* What reads no stream. */
static bool
on_target(bool (*act)(struct conn *c, const struct ns_rules *rules,
	      bson_error_t *error),
    const struct ns_rules *rules, bson_error_t *error)
{
	struct server *server;
	struct conn *c;
	bool ok;

	if (!status_start(opt_status_file(), error) || !gauge_start(error) ||
	    !(server = open_target(error)))
		return false;
	c = conn_open(server, error);
	ok = c && act(c, rules, error);
	if (c)
		conn_close(c);
	server_close(server);
	return ok;
}

static bool
load_all(int argc, char **argv, bson_error_t *error)
{
	struct input *in = dir ? NULL : input_open(argv, argc, error);
	bool ok = (in || dir) && status_start(opt_status_file(), error) &&
	    gauge_start(error) && (users ? load_users : load)(in, error);

	/* A file that could not be read is the cause of a cut stream. */
	return input_close(in, ok ? NULL : error) && ok;
}

/* NULL: nothing is wrong. */
static const char *
wrong_alone(bool files)
{
	enum standing_how how = standing_parse(on_duplicate);
	bool data = drop || no_indexes || convert || rate || rate_file ||
	    max_load || in_order || stop_on_error;

	if (wake && !finish_only)
		return "--wake-ttl needs --finish-indexes";
	if (finish_only && (data || how || files))
		return "--finish-indexes loads nothing";
	if (print_token && (finish_only || data || how || files))
		return "--print-resume-token loads nothing";
	if (users && (finish_only || print_token || data))
		return "--users loads users and roles alone";
	return !users || how <= STANDING_SKIP
	    ? NULL
	    : "--users takes --on-duplicate error or skip";
}

/* NULL: nothing is wrong. */
static const char *
wrong_foreign(bool files)
{
	bool from = !optime_is_null(from_at), to = !optime_is_null(to_at);

	if ((archive || dir) && (finish_only || print_token || users))
		return "--archive and --dir load data";
	if (log_out && !archive)
		return "--oplog-out is for --archive";
	if (archive && dir)
		return "--archive and --dir exclude each other";
	if (dir && files)
		return "--dir reads no files but its own";
	if (from != to)
		return "--from and --fuzzy-until go together";
	if (from && !archive && !dir)
		return "--from and --fuzzy-until are for --archive and --dir";
	return !from || optime_cmp(from_at, to_at) <= 0
	    ? NULL
	    : "--fuzzy-until is before --from";
}

int
main(int argc, char **argv)
{
	struct ns_rules *rules = NULL;
	bson_error_t error;
	const char *wrong;
	int first, status;
	bool ok;

	mallopt(M_MMAP_THRESHOLD, 4 << 20);
	mallopt(M_TRIM_THRESHOLD, 8 << 20);
	groups[0] = (struct opt_group)OPT_GROUP("Load", own_rows);
	groups[1] = target_options;
	groups[2] = ns_options;
	groups[3] = gauge_options;
	if (opt_parse(&program, argc, argv, &first, &status) == OPT_DONE)
		return status;
	sig_init();
	if ((wrong = wrong_alone(argc > first)) ||
	    (wrong = wrong_foreign(argc > first)))
		return opt_wrong_use("%s", wrong);
	ok = (rules = ns_rules_new(&ns_flags, &error)) &&
	    (((finish_only || print_token) && job) ||
		grant_told(&ns_flags, &error));
	if (ok && (finish_only || print_token))
		ok = on_target(print_token ? print : finish_job, rules, &error);
	else if (ok)
		ok = load_all(argc - first, argv + first, &error);
	ns_rules_free(rules);
	ns_flags_release(&ns_flags);
	return finish(MM_EXIT_OK, ok ? NULL : &error);
}
