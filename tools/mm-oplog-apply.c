/* mm-oplog-apply: a log stream or a directory of segments into the target of a
 * job. Everything it does is in engine/apply; here are options, wiring and
 * the exit status. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/finish.h"
#include "base/msg.h"
#include "base/opt.h"
#include "base/sig.h"
#include "base/status.h"
#include "engine/apply.h"
#include "engine/apply_job.h"
#include "engine/lanes.h"
#include "io/fdio.h"
#include "mongo/server.h"

static const char *directory, *job_option, *ledger, *journal;
static struct optime until;
static bool caught_up, print_position;
static const char *ddl = "apply";
static int64_t exit_lag_ms = -1, workers = 8, batch_ops = 1000;

static const struct opt rows[] = {
    {'D', "directory", "DIR", OPT_TEXT, &directory,
	"read the segments in DIR and follow it"},
    {0, "until", "POSITION", OPT_POSITION, &until,
	"end with the entry at POSITION"},
    {0, "exit-when-caught-up", NULL, OPT_FLAG, &caught_up,
	"with -D: end where the directory ends now"},
    {0, "exit-when-lag", "SECONDS", OPT_SECONDS, &exit_lag_ms,
	"end when the lag is that small", 0, INT64_C(86400000)},
    {0, "job", "NAME", OPT_TEXT, &job_option,
	"job document on the target (made of source and selection)"},
    {0, "ledger", "DIR", OPT_TEXT, &ledger,
	"keep what should not be, as streams in DIR"},
    {0, "journal", "DIR", OPT_TEXT, &journal,
	"keep old and new value of each change, as streams in DIR"},
    {0, "workers", "N", OPT_COUNT, &workers,
	"lanes that write at the same time, 1-64 (8)", 1, LANES_MAX},
    {0, "batch-ops", "N", OPT_COUNT, &batch_ops,
	"most entries in a batch of a lane (1000)", 1, 100000},
    {0, "ddl", "WHAT", OPT_TEXT, &ddl,
	"changes of the catalog: apply, stop or ignore (apply)"},
    {0, "print-position", NULL, OPT_FLAG, &print_position,
	"print where a tail has to go on, and end"},
};

/* What the flags and the header of the first stream say. */
struct plan {
	struct apply_input *input;
	struct grant *grant;
	enum stream_kind kind;
	bson_t head;
	char text[SHA256_TEXT];
	const char *job;
};

/* False without error: there is nothing to do (the directory is empty). */
static bool
read_head(struct plan *p, bool *nothing, bson_error_t *error)
{
	bson_t filters;

	switch (apply_input_head(p->input, &p->head, &p->kind, error)) {
	case STREAM_GOT:
		break;
	case STREAM_ERROR:
		return false;
	case STREAM_EOF:
		return error_set(error, MM_EXIT_STREAM, 0,
		    "\"%s\" holds no segment", directory);
	case STREAM_STOPPED:
		*nothing = true;
		return false;
	}
	if (!record_doc(&p->head, "filters", &filters, error) ||
	    !(p->grant = grant_new(&ns_flags, &filters, error)))
		return false;
	p->job = apply_job_name(job_option, &p->head, p->grant, p->text, error);
	return p->job;
}

/* ---------------------------------------------------------- printing only */

static bool
print(struct conn *conn, const struct plan *p, bson_error_t *error)
{
	struct ns_rules *rules = ns_rules_new(&ns_flags, error);
	struct optime from;
	char text[OPTIME_TEXT];
	bool ok =
	    rules && apply_job_position(conn, p->job, rules, &from, error);

	ns_rules_free(rules);
	if (ok &&
	    (printf("%s\n", optime_text(from, text)) < 0 ||
		fflush(stdout) != 0))
		return error_errno(
		    error, MM_EXIT_IO, "could not write to standard output");
	return ok;
}

/* Of the job that is named, or that segments or files belong to, or that has
 * this selection. */
static bool
run_print(struct plan *p, bool has_input, bson_error_t *error)
{
	struct server *target;
	struct conn *conn;
	bool ok = false, nothing = false;

	if (job_option)
		p->job = job_option;
	else if (has_input && !read_head(p, &nothing, error))
		return nothing;
	target = server_open(SIDE_TARGET, &target_flags, p->job, false, error);
	if (!target)
		return false;
	conn = conn_open(target, error);
	if (conn) {
		ok = print(conn, p, error);
		conn_close(conn);
	}
	server_close(target);
	return ok;
}

/* --------------------------------------------------------------- applying */

static enum ddl_mode
ddl_mode(void)
{
	return strcmp(ddl, "stop") == 0  ? DDL_MODE_STOP
	    : strcmp(ddl, "ignore") == 0 ? DDL_MODE_IGNORE
					 : DDL_MODE_APPLY;
}

static bool
apply(struct plan *p, struct server *target, struct conn *conn,
    struct conn *job_conn, bson_error_t *error)
{
	struct apply_opts opts = {.input = p->input,
	    .server = target,
	    .conn = conn,
	    .grant = p->grant,
	    .workers = (int)workers,
	    .batch_ops = (int)batch_ops,
	    .ledger = ledger,
	    .journal = journal,
	    .until = until,
	    .exit_lag_ms = exit_lag_ms,
	    .ddl = ddl_mode()};
	bool ok;

	opts.job = apply_job_open(job_conn, p->job, error);
	if (!opts.job)
		return false;
	status_text("job", p->job);
	ok = apply_job_check(
		 job_doc(opts.job), p->kind, &p->head, p->grant, error) &&
	    apply_run(&opts, error);
	job_close(opts.job);
	return ok;
}

static bool
run(struct plan *p, bson_error_t *error)
{
	struct server *target;
	struct conn *conn = NULL, *job_conn = NULL;
	bool ok = false, nothing = false;

	status_state("connecting");
	if (!read_head(p, &nothing, error))
		return nothing;
	target = server_open(SIDE_TARGET, &target_flags, p->job, false, error);
	if (!target)
		return false;
	if ((conn = conn_open(target, error)) &&
	    (job_conn = conn_open(target, error)))
		ok = apply(p, target, conn, job_conn, error);
	if (conn)
		conn_close(conn);
	if (job_conn)
		conn_close(job_conn);
	server_close(target);
	return ok;
}

/* Use that the option table cannot judge; 0 when all is well. */
static int
check_use(int files)
{
	bson_error_t error;

	if (directory && files > 0)
		return opt_wrong_use("-D and files exclude each other");
	if (strcmp(ddl, "apply") != 0 && ddl_mode() == DDL_MODE_APPLY)
		return opt_wrong_use("--ddl takes apply, stop or ignore");
	if (caught_up && !directory)
		return opt_wrong_use("--exit-when-caught-up needs -D");
	if (print_position && job_option)
		return 0;
	if (!grant_told(&ns_flags, &error) ||
	    (!directory && files == 0 && !print_position &&
		!fdio_refuse_terminal(STDIN_FILENO, "standard input", &error)))
		return opt_wrong_use("%s", error.message);
	return 0;
}

int
main(int argc, char **argv)
{
	const struct opt_group groups[] = {
	    OPT_GROUP("Apply", rows), target_options, ns_options};
	const struct opt_program program = {.tool = "mm-oplog-apply",
	    .purpose = "Applies a log of changes to the target of a job.",
	    .synopsis = "[options] [FILE...] < STREAM",
	    .groups = groups,
	    .n_groups = sizeof groups / sizeof *groups,
	    .max_operands = -1};
	struct plan plan = {.head = BSON_INITIALIZER};
	bson_error_t error = {0};
	int operand, status;
	bool ok;

	msg_init(program.tool);
	sig_init();
	if (opt_parse(&program, argc, argv, &operand, &status) == OPT_DONE)
		return status;
	status = check_use(argc - operand);
	if (status)
		return status;
	plan.input = apply_input_new(argv + operand, argc - operand, directory,
	    !caught_up && !print_position);
	ok = status_start(opt_status_file(), &error);
	if (ok && print_position)
		ok = run_print(&plan, directory || argc > operand, &error);
	else if (ok)
		ok = run(&plan, &error);
	apply_input_free(plan.input);
	grant_free(plan.grant);
	bson_destroy(&plan.head);
	ns_flags_release(&ns_flags);
	return finish(MM_EXIT_OK, ok ? NULL : &error);
}
