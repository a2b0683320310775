/* mm-dump: a snapshot of a selection of a source as a stream. */
#include <inttypes.h>
#include <malloc.h>
#include <string.h>

#include "base/finish.h"
#include "base/msg.h"
#include "base/gauge.h"
#include "base/sig.h"
#include "base/status.h"
#include "engine/dump_query.h"
#include "engine/foreign.h"
#include "engine/users.h"
#include "io/output.h"
#include "io/zio.h"

#define MIB (1ll << 20)

static const char *out_file, *method = "zstd", *job, *partition = "auto",
			     *resume_from;
static const char *query_text, *query_file;
static bool users, archive;
static int64_t collections = 4, threads, part_bytes = 512 * MIB,
	       batch_bytes = MIB, reply_bytes = 8 * MIB, block_bytes = MIB,
	       rate;

static const char *read_concern = "majority";
static struct optime at = {0, 0, -1};
static bool lock_secondary, unlock;
static int64_t lock_max = 3600000, max_load;
static const char *rate_file;

static const struct opt own_rows[] = {
    {'o', "out", "FILE", OPT_TEXT, &out_file,
	"write to FILE (standard output)"},
    {'Z', "compress", "METHOD", OPT_TEXT, &method,
	"none, zstd or zstd:LEVEL, 1-12 (zstd:1)"},
    {'q', "query", "JSON", OPT_TEXT, &query_text,
	"of one collection only the documents that match: a part"},
    {0, "queryFile", "FILE", OPT_TEXT, &query_file,
	"the same, with the query in FILE"},
    {'j', "numParallelCollections", "N", OPT_COUNT, &collections,
	"collections read at the same time (4)", 1, 256},
    {'T', "readers", "N", OPT_COUNT, &threads,
	"threads that read, in all (the larger of 4 and -j)", 1, 256},
    {0, "partition-size", "BYTES", OPT_BYTES, &part_bytes,
	"larger collections are read by several threads (512M)", MIB,
	INT64_MAX},
    {0, "partition", "HOW", OPT_CHOICE, &partition,
	"auto (by size), none, id or natural", 0, 0, "auto|none|id|natural"},
    {0, "batch-bytes", "BYTES", OPT_BYTES, &batch_bytes,
	"wanted size of a reply (1M)", 16 << 10, 16 * MIB},
    {0, "reply-memory", "BYTES", OPT_BYTES, &reply_bytes,
	"of the replies of all threads together (8M)", MIB, 1 << 30},
    {0, "block-size", "BYTES", OPT_BYTES, &block_bytes,
	"size of a block of the stream (1M)", 128 << 10, 8 * MIB},
    {0, "rate-limit", "BYTES", OPT_BYTES, &rate,
	"read at most BYTES of documents a second", 1, INT64_MAX},
    {0, "throttle-file", "FILE", OPT_TEXT, &rate_file,
	"but as many as FILE says, which may be changed meanwhile"},
    {0, "max-load", "SECONDS", OPT_SECONDS, &max_load,
	"wait while a member of the source lags more than that", 1000,
	86400000},
    {0, "lock-secondary", NULL, OPT_FLAG, &lock_secondary,
	"lock the member (a secondary) against writes meanwhile"},
    {0, "lock-max", "SECONDS", OPT_SECONDS, &lock_max,
	"but no longer than that (1h)", 1000, 7 * 86400000ll},
    {0, "unlock", NULL, OPT_FLAG, &unlock,
	"write nothing: lift the lock of the member"},
    {0, "read-concern", "LEVEL", OPT_CHOICE, &read_concern,
	"majority, or snapshot: all as of one time, 5.0+ (majority)", 0, 0,
	"majority|snapshot"},
    {0, "at-cluster-time", "POSITION", OPT_POSITION, &at,
	"the time of a snapshot (the start)"},
    {0, "resume", "TOKEN|FILE", OPT_TEXT, &resume_from,
	"go on with the copy of this token of mm-load"},
    {0, "archive", NULL, OPT_FLAG, &archive,
	"an archive, as mongodump --archive writes it"},
    {0, "users", NULL, OPT_FLAG, &users,
	"no data: the users and roles that have rights on the selection"},
    {0, "job", "NAME", OPT_TEXT, &job,
	"name of the migration, for the programs behind"},
};

static struct opt_group groups[4];

static const struct opt_program program = {
    "mm-dump",
    "Write a snapshot of databases or collections of a replica set.",
    "[options] > STREAM",
    groups,
    4,
    0,
    0,
};

static enum dump_partition
partition_of(const char *how)
{
	return strcmp(how, "none") == 0 ? DUMP_NONE
	    : strcmp(how, "id") == 0    ? DUMP_ID
	    : *how == 'n'               ? DUMP_NATURAL
					: DUMP_AUTO;
}

static struct dump_opts
make_opts(const struct output *out, int level, const struct resume *resume,
    const bson_t *query)
{
	struct dump_opts opts = {
	    .out = {.fd = output_fd(out),
		.name = output_name(out),
		.level = level},
	    .readers = {.threads = (int)threads,
		.collections = (int)collections,
		.batch_bytes = batch_bytes,
		.reply_bytes = reply_bytes,
		.block_bytes = block_bytes,
		.query = query,
		.rate = rate,
		.rate_file = rate_file},
	    .part_bytes = part_bytes,
	    .partition = partition_of(partition),
	    .at = at,
	    .job = job,
	    .resume = resume,
	};

	if (*read_concern == 's' && optime_is_null(at))
		opts.at.inc = 1; /* of the start */

	if (threads == 0)
		opts.readers.threads = collections > 4 ? (int)collections : 4;
	/* A slow rate in small bites, not in bursts with long pauses. */
	if (rate > 0 && batch_bytes > rate / 4)
		opts.readers.batch_bytes =
		    rate / 4 > 16 << 10 ? rate / 4 : 16 << 10;
	return opts;
}

static bool
dump_from(struct server *server, const struct ns_rules *rules,
    const struct dump_opts *opts, struct output *out, bson_error_t *error)
{
	char from[OPTIME_TEXT], to[OPTIME_TEXT];
	struct dump_result got;

	if (!(archive ? foreign_dump : dump_run)(
		server, rules, opts, &got, error) ||
	    !output_publish(out, error))
		return false;
	msg_info("%" PRIu64 " documents of %zu collections, from %s to %s",
	    got.docs, got.collections, optime_text(got.from, from),
	    optime_text(got.to, to));
	return true;
}

static bool
dump(struct ns_rules *rules, struct output *out, int level, bson_error_t *error)
{
	struct dump_lock_opts lock = {
	    .password_file = source_flags.password_file, .max_ms = lock_max};
	struct resume *resume = NULL;
	struct server *server;
	struct dump_opts opts;
	bson_t *query = NULL;
	bool ok;

	if (((query_text || query_file) &&
		!(query = dump_query_read(query_text, query_file, error))) ||
	    (resume_from && !(resume = resume_read(resume_from, error)))) {
		bson_destroy(query);
		return false;
	}
	opts = make_opts(out, level, resume, query);
	if (lock_secondary) {
		lock.uri = server_uri_copy(SIDE_SOURCE, &source_flags);
		opts.lock = &lock;
	}
	status_state("connecting");
	server = server_open(SIDE_SOURCE, &source_flags, job, false, error);
	ok = server &&
	    (max_load == 0 ||
		(opts.readers.brake = lag_watch_start(server, max_load,
		     lock_secondary ? server_info(server)->me : NULL,
		     error))) &&
	    dump_from(server, rules, &opts, out, error);
	lag_watch_end(opts.readers.brake);
	server_close(server);
	server_uri_forget(&lock.uri);
	resume_free(resume);
	bson_destroy(query);
	return ok;
}

static bool
dump_users(
    struct ns_rules *rules, struct output *out, int level, bson_error_t *error)
{
	struct stream_out_opts opts = make_opts(out, level, NULL, NULL).out;
	struct users_count n;
	struct server *server;
	bool ok;

	status_state("connecting");
	server = server_open(SIDE_SOURCE, &source_flags, job, false, error);
	if (!server)
		return false;
	ok = users_dump(server, rules, job, &opts, &n, error) &&
	    output_publish(out, error);
	server_close(server);
	if (ok)
		msg_info("%" PRIu32 " users and %" PRIu32 " roles", n.users,
		    n.roles);
	return ok;
}

static bool
lift(bson_error_t *error)
{
	struct server *server;
	bool ok;

	server = server_open(SIDE_SOURCE, &source_flags, job, false, error);
	ok = server && dump_lock_lift(server, error);
	server_close(server);
	return ok;
}

static const char *
query_contradiction(void)
{
	if (!query_text && !query_file)
		return NULL;
	if (query_text && query_file)
		return "--query and --queryFile exclude each other";
	if (!ns_flags.db || !ns_flags.coll || ns_flags.include.n > 0)
		return "--query is for one collection: -d and -c name it";
	if (users || unlock)
		return "--query is for data";
	/* Nothing in it could say so. */
	return archive ? "an archive cannot be told from one of the whole"
		       : NULL;
}

static const char *
contradiction(void)
{
	if (users && (resume_from || lock_secondary || *read_concern == 's'))
		return "--users reads no data";
	if (unlock && (lock_secondary || resume_from || out_file || users))
		return "--unlock writes nothing";
	if (archive && (users || unlock || resume_from))
		return "an archive is made of a whole dump";
	if (archive && strncmp(method, "zstd:", 5) == 0)
		return "an archive is not compressed: pipe it into gzip";
	if (lock_secondary && *read_concern == 's')
		return "a locked member needs no --read-concern snapshot";
	if (!optime_is_null(at) && *read_concern != 's')
		return "--at-cluster-time needs --read-concern snapshot";
	return query_contradiction();
}

int
main(int argc, char **argv)
{
	struct ns_rules *rules = NULL;
	struct output *out = NULL;
	bson_error_t error;
	int first, level, status;
	bool ok;

	/* Replies of 1 MiB come and go: keep their memory, but not much. */
	mallopt(M_MMAP_THRESHOLD, 4 << 20);
	mallopt(M_TRIM_THRESHOLD, 8 << 20);
	groups[0] = (struct opt_group)OPT_GROUP("Dump", own_rows);
	groups[1] = source_options;
	groups[2] = ns_options;
	groups[3] = gauge_options;
	if (opt_parse(&program, argc, argv, &first, &status) == OPT_DONE)
		return status;
	sig_init();
	if (contradiction())
		return opt_wrong_use("%s", contradiction());
	if (unlock)
		return finish(MM_EXIT_OK, lift(&error) ? NULL : &error);
	ok = zio_parse_level(method, &level, &error) &&
	    (rules = ns_rules_new(&ns_flags, &error)) &&
	    (out = output_open(out_file, &error)) &&
	    status_start(opt_status_file(), &error) && gauge_start(&error) &&
	    (users ? dump_users : dump)(rules, out, level, &error);
	output_free(out);
	ns_rules_free(rules);
	ns_flags_release(&ns_flags);
	return finish(MM_EXIT_OK, ok ? NULL : &error);
}
