/* mm-oplog-apply: a log stream or a directory of segments into the target of a
 * job. Everything it does is in engine/apply; here are options, wiring and
 * the exit status. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/finish.h"
#include "base/msg.h"
#include "base/opt.h"
#include "base/sig.h"
#include "base/status.h"
#include "engine/apply.h"
#include "engine/apply_job.h"
#include "engine/apply_plan.h"
#include "engine/apply_repair.h"
#include "engine/dry_run.h"
#include "engine/lanes.h"
#include "engine/undo.h"
#include "io/fdio.h"
#include "mongo/server.h"

static const char *directory, *job_option, *ledger, *journal, *undo;
static struct undo_range range;
static struct optime until;
static bool caught_up, print_position, dry;
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
    {0, "undo", "RANGE", OPT_TEXT, &undo,
	"with --journal: take back the changes of FROM..TO"},
    {0, "workers", "N", OPT_COUNT, &workers,
	"lanes that write at the same time, 1-64 (8)", 1, LANES_MAX},
    {0, "batch-ops", "N", OPT_COUNT, &batch_ops,
	"most entries in a batch of a lane (1000)", 1, 100000},
    {0, "ddl", "WHAT", OPT_CHOICE, &ddl,
	"changes of the catalog: apply, stop or ignore (apply)", 0, 0,
	"apply|stop|ignore"},
    {0, "dryRun", NULL, OPT_FLAG, &dry,
	"apply nothing: list what would be refused or skipped"},
    {0, "print-position", NULL, OPT_FLAG, &print_position,
	"print where a tail has to go on, and end"},
};

/* ---------------------------------------------------------- printing only */

static bool
print(struct conn *conn, const struct apply_plan *p, bson_error_t *error)
{
	struct ns_rules *mine = ns_rules_new(&ns_flags, error);
	struct optime from;
	char text[OPTIME_TEXT];
	bool ok = mine && apply_job_position(conn, p->name, mine, &from, error);

	ns_rules_free(mine);
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
run_print(struct apply_plan *p, bool has_input, bson_error_t *error)
{
	struct server *target;
	struct conn *conn;
	bool ok = false, nothing = false;

	if (job_option)
		p->name = job_option;
	else if (has_input && !apply_plan_read(p, &nothing, error))
		return nothing;
	target = server_open(SIDE_TARGET, &target_flags, p->name, false, error);
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
take_back(
    const struct apply_plan *p, const struct apply_opts *o, bson_error_t *error)
{
	return undo_run(&(struct undo_opts){.journal = journal,
			    .ledger = ledger,
			    .range = range,
			    .server = o->server,
			    .conn = o->conn,
			    .job = o->job,
			    .grant = p->grant,
			    .workers = o->workers,
			    .batch_ops = o->batch_ops},
	    error);
}

static bool
apply(struct apply_plan *p, struct server *target, struct conn *conn,
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

	opts.job = apply_plan_job(p, conn, job_conn, error);
	if (!opts.job)
		return false;
	status_text("job", p->name);
	ok = undo                                   ? take_back(p, &opts, error)
	    : record_repair(&p->head) && !directory ? apply_repair(&opts, error)
						    : apply_run(&opts, error);
	job_close(opts.job);
	return ok;
}

/* A target is asked when one is named. */
static bool
run_dry(struct apply_plan *p, bool *refused, bson_error_t *error)
{
	struct dry_run_opts opts = {.plan = p,
	    .ddl = ddl_mode(),
	    .until = until,
	    .fd = STDOUT_FILENO,
	    .name = "standard output"};
	struct server *target = NULL;
	bool ok, nothing = false;

	if (!apply_plan_read(p, &nothing, error))
		return nothing;
	if (record_repair(&p->head))
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "a repair is not tried out: \"mm-cat json\" shows it");
	ok = !server_named(SIDE_TARGET, &target_flags) ||
	    ((target = server_open(
		  SIDE_TARGET, &target_flags, p->name, false, error)) &&
		(opts.conn = conn_open(target, error)));
	ok = ok && dry_run(&opts, refused, error);
	if (opts.conn)
		conn_close(opts.conn);
	if (target)
		server_close(target);
	return ok;
}

static bool
run(struct apply_plan *p, bson_error_t *error)
{
	struct server *target;
	struct conn *conn = NULL, *job_conn = NULL;
	bool ok = false, nothing = false;

	status_state("connecting");
	if (!apply_plan_read(p, &nothing, error))
		return nothing;
	target = server_open(SIDE_TARGET, &target_flags, p->name, false, error);
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
	if (!apply_plan_check(directory, &error))
		return opt_wrong_use("%s", error.message);
	if (caught_up && !directory)
		return opt_wrong_use("--exit-when-caught-up needs -D");
	if (undo &&
	    (directory || files > 0 || print_position || dry || !journal ||
		apply_plan_told()))
		return opt_wrong_use(
		    "--undo takes a --journal and no other input");
	if (undo && !undo_range_parse(undo, &range, &error))
		return opt_wrong_use("--undo: %s", error.message);
	if (print_position && job_option)
		return 0;
	if (!grant_told(&ns_flags, &error) ||
	    (!directory && files == 0 && !print_position && !undo &&
		!fdio_refuse_terminal(STDIN_FILENO, "standard input", &error)))
		return opt_wrong_use("%s", error.message);
	return 0;
}

int
main(int argc, char **argv)
{
	const struct opt_group groups[] = {OPT_GROUP("Apply", rows),
	    apply_plan_options, target_options, ns_options};
	const struct opt_program program = {.tool = "mm-oplog-apply",
	    .purpose = "Applies a log of changes to the target of a job.",
	    .synopsis = "[options] [FILE...] < STREAM",
	    .groups = groups,
	    .n_groups = sizeof groups / sizeof *groups,
	    .max_operands = -1};
	struct apply_plan plan = {.head = BSON_INITIALIZER};
	bson_error_t error = {0};
	int operand, status;
	bool ok, refused = false;

	msg_init(program.tool);
	sig_init();
	if (opt_parse(&program, argc, argv, &operand, &status) == OPT_DONE)
		return status;
	status = check_use(argc - operand);
	if (status)
		return status;
	plan.job = job_option;
	plan.directory = directory;
	plan.undo = undo ? journal : NULL;
	ok = status_start(opt_status_file(), &error) &&
	    apply_plan_begin(&plan, argv + operand, argc - operand,
		!caught_up && !print_position && !dry, &error);
	if (ok && print_position)
		ok = run_print(&plan, directory || argc > operand, &error);
	else if (ok && dry)
		ok = run_dry(&plan, &refused, &error);
	else if (ok)
		ok = run(&plan, &error);
	apply_plan_release(&plan);
	ns_flags_release(&ns_flags);
	return finish(refused ? MM_EXIT_NO : MM_EXIT_OK, ok ? NULL : &error);
}
