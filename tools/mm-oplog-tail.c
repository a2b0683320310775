/* mm-oplog-tail: the changes of a selection, from the source's oplog to a
 * stream or to a directory of segments. Everything it does is in
 * engine/tailer; here are options, wiring and the exit status. */
#include <string.h>
#include <unistd.h>

#include "base/finish.h"
#include "base/msg.h"
#include "base/opt.h"
#include "base/sig.h"
#include "base/status.h"
#include "engine/tailer.h"
#include "io/fdio.h"
#include "io/zio.h"
#include "mongo/server.h"

static const char *from, *directory, *packing;
static struct optime until;
static bool caught_up, synchronous;
static int64_t segment_bytes = 64 << 20, segment_ms = 300000, fsync_ms = 10000,
	       heartbeat_ms = 1000, reconnect_ms = 60000;

static const struct opt rows[] = {
    {0, "from", "WHERE", OPT_TEXT, &from,
	"begin at now, a POSITION, or the position in a FILE"},
    {0, "until", "POSITION", OPT_POSITION, &until,
	"end with the entry at POSITION"},
    {0, "exit-when-caught-up", NULL, OPT_FLAG, &caught_up,
	"end at what is committed when it starts"},
    {'D', "directory", "DIR", OPT_TEXT, &directory,
	"write segments into DIR instead of standard output"},
    {0, "segment-bytes", "BYTES", OPT_BYTES, &segment_bytes,
	"close a segment at this size (64M)", 1, INT64_C(1) << 40},
    {0, "segment-seconds", "SECONDS", OPT_SECONDS, &segment_ms,
	"close a segment at this age (300)", 100, 86400000},
    {0, "synchronous", NULL, OPT_FLAG, &synchronous,
	"fsync a segment after each reply of the source"},
    {0, "fsync-interval", "SECONDS", OPT_SECONDS, &fsync_ms,
	"fsync a segment at least this often (10)", 0, 86400000},
    {'Z', "compress", "HOW", OPT_TEXT, &packing,
	"none, zstd or zstd:LEVEL, 1-12 (zstd:1)"},
    {0, "heartbeat", "SECONDS", OPT_SECONDS, &heartbeat_ms,
	"say where it is at least this often (1)", 100, 60000},
    {0, "reconnect", "SECONDS", OPT_SECONDS, &reconnect_ms,
	"wait this long for a source that is away (60)", 0, 86400000},
};

static struct tail_dir dir_state;

/* {source, filters}: what a stream header and a directory are known by. */
static void
identity(struct conn *conn, const struct ns_rules *rules, bson_t *head)
{
	bson_t filters;

	bson_init(head);
	server_append(conn_server(conn), "source", head);
	BSON_APPEND_DOCUMENT_BEGIN(head, "filters", &filters);
	ns_rules_append(rules, &filters);
	bson_append_document_end(head, &filters);
}

static bool
first_of_dir(struct optime *first, bson_error_t *error)
{
	struct segment_info *list;
	size_t n;

	if (!segment_list(directory, &list, &n, error))
		return false;
	if (n > 0)
		*first = list[0].after;
	segment_list_free(list, n);
	return true;
}

static struct tail_sink *
open_dir(const bson_t *head, int level, bson_error_t *error)
{
	struct segment_opts opts = {.dir = directory,
	    .level = level,
	    .max_bytes = segment_bytes,
	    .max_ms = segment_ms,
	    .synchronous = synchronous,
	    .fsync_ms = fsync_ms};
	struct segment_dir *dir = segment_dir_open(
	    &opts, head, &dir_state.last, &dir_state.read_from, error);

	if (dir && !first_of_dir(&dir_state.first, error)) {
		segment_dir_free(dir);
		return NULL;
	}
	if (dir && !from && optime_is_null(dir_state.last)) {
		error_set(error, MM_EXIT_USAGE, 0,
		    "\"%s\" holds no segment to go on from: give --from",
		    directory);
		segment_dir_free(dir);
		return NULL;
	}
	return dir ? tail_sink_dir(dir) : NULL;
}

static struct tail_sink *
open_sink(struct conn *conn, const struct ns_rules *rules, int level,
    bson_error_t *error)
{
	struct tail_sink *sink;
	bson_t head;

	identity(conn, rules, &head);
	if (directory)
		sink = open_dir(&head, level, error);
	else
		sink = tail_sink_stream(
		    STDOUT_FILENO, "standard output", level, &head);
	bson_destroy(&head);
	return sink;
}

static bool
run(const struct ns_rules *rules, int level, bson_error_t *error)
{
	struct tailer_opts opts = {.rules = rules,
	    .until = until,
	    .caught_up = caught_up,
	    .heartbeat_ms = heartbeat_ms,
	    .reconnect_ms = reconnect_ms};
	struct server *source;
	bool ok = false;

	status_state("connecting");
	source = server_open(SIDE_SOURCE, &source_flags, NULL, true, error);
	if (!source)
		return false;
	opts.conn = conn_open(source, error);
	if (opts.conn)
		opts.sink = open_sink(opts.conn, rules, level, error);
	if (opts.sink)
		ok = tail_start_find(
			 opts.conn, from, &dir_state, &opts.start, error) &&
		    tailer_run(&opts, error);
	tail_sink_free(opts.sink);
	if (opts.conn)
		conn_close(opts.conn);
	server_close(source);
	return ok;
}

/* Use that the option table cannot judge; 0 when all is well. */
static int
check_use(int *level, struct ns_rules **rules)
{
	bson_error_t error;

	if (!from && !directory)
		return opt_wrong_use("--from is missing");
	if (packing && !zio_parse_level(packing, level, &error))
		return opt_wrong_use("%s", error.message);
	if (!directory &&
	    !fdio_refuse_terminal(STDOUT_FILENO, "standard output", &error))
		return opt_wrong_use("%s", error.message);
	*rules = ns_rules_new(&ns_flags, &error);
	return *rules ? 0 : opt_wrong_use("%s", error.message);
}

int
main(int argc, char **argv)
{
	const struct opt_group groups[] = {
	    OPT_GROUP("Tail", rows), source_options, ns_options};
	const struct opt_program program = {.tool = "mm-oplog-tail",
	    .purpose = "Writes the changes of a selection as a stream.",
	    .synopsis = "--from WHERE [options] > STREAM",
	    .groups = groups,
	    .n_groups = sizeof groups / sizeof *groups};
	struct ns_rules *rules = NULL;
	bson_error_t error = {0};
	int operand, status, level = 1;
	bool ok;

	msg_init(program.tool);
	sig_init();
	if (opt_parse(&program, argc, argv, &operand, &status) == OPT_DONE)
		return status;
	status = check_use(&level, &rules);
	if (status)
		return status;
	if (!directory)
		fdio_widen_pipe(STDOUT_FILENO);
	ok = status_start(opt_status_file(), &error) &&
	    run(rules, level, &error);
	ns_rules_free(rules);
	ns_flags_release(&ns_flags);
	return finish(MM_EXIT_OK, ok ? NULL : &error);
}
