/* mm-switch: moves the address that applications use to the target of a job.
 * What it does is in engine/switch_*; here are commands, options and the exit
 * status. */
#include <string.h>

#include "base/finish.h"
#include "base/msg.h"
#include "base/opt.h"
#include "base/sig.h"
#include "base/status.h"
#include "engine/switch_after.h"
#include "engine/switch_run.h"
#include "io/guard.h"
#include "model/ns.h"
#include "mongo/server.h"

static struct switch_opts opts = {.deadline_ms = 30000,
    .txn_wait_ms = -1,
    .max_lag_ms = 5000,
    .min_window_ms = 3600000};
static const char *block, *hours;
static struct window window;
static bool dry, observe;

static const struct opt rows[] = {
    {0, "state", "DIR", OPT_TEXT, &opts.dir, "directory of the journal"},
    {0, "job", "NAME", OPT_TEXT, &opts.job,
	"job document on the target (made of source and selection)"},
    {0, "address", "SPEC", OPT_TEXT, &opts.address,
	"address module and its settings, as \"file path=FILE\""},
    {0, "address-old", "FILE", OPT_TEXT, &opts.old_file,
	"holds the address of the source"},
    {0, "address-new", "FILE", OPT_TEXT, &opts.new_file,
	"holds the address of the target"},
    {0, "block", "KIND", OPT_CHOICE, &block,
	"how writes are blocked: by role, hook or cluster (role)", 0, 0,
	"role|hook|cluster"},
    {0, "block-hook", "PROGRAM", OPT_TEXT, &opts.hook,
	"blocks writes: called with block, unblock or probe"},
    {0, "keep-user", "DB.NAME", OPT_LIST, &opts.keep,
	"this account goes on writing; repeatable"},
    {0, "probe-source-uri-file", "FILE", OPT_TEXT, &opts.probe[SIDE_SOURCE],
	"URI of an application's account, to try the block with"},
    {0, "probe-target-uri-file", "FILE", OPT_TEXT, &opts.probe[SIDE_TARGET],
	"the same for the target"},
    {0, "diff-status", "FILE", OPT_TEXT, &opts.diff_status,
	"status file of mm-diff --follow"},
    {0, "apply-status", "FILE", OPT_TEXT, &opts.apply_status,
	"status file of mm-oplog-apply"},
    {0, "deadline", "SECONDS", OPT_SECONDS, &opts.deadline_ms,
	"longest time that writes are blocked (30)", 1000, 3600000},
    {0, "txn-wait", "SECONDS", OPT_SECONDS, &opts.txn_wait_ms,
	"how long open transactions are waited for (the deadline)", 0, 3600000},
    {0, "kill-transactions", NULL, OPT_FLAG, &opts.kill,
	"then they are killed; else the attempt is given up"},
    {0, "when-in-sync", NULL, OPT_FLAG, &opts.when_in_sync,
	"with run: wait until both sides are the same"},
    {0, "window", "HH:MM-HH:MM", OPT_TEXT, &hours,
	"with run: begin within these hours only (local time)"},
    {0, "postpone-file", "FILE", OPT_TEXT, &opts.postpone,
	"with run: do not begin while there is such a file"},
    {0, "rehearse", "HOW", OPT_CHOICE, &opts.rehearse,
	"with run: all up to the address, and back; block: writes, too", 0, 0,
	"noblock|block"},
    {0, "observe", NULL, OPT_FLAG, &observe, "with run: observe afterwards"},
    {0, "max-reverse-lag", "SECONDS", OPT_SECONDS, &opts.max_lag_ms,
	"observed: more is a red line (5)", 1000, 86400000},
    {0, "min-window", "SECONDS", OPT_SECONDS, &opts.min_window_ms,
	"observed: a shorter oplog window is a red line (3600)", 0,
	INT64_C(8640000000)},
    {0, "dryRun", NULL, OPT_FLAG, &dry,
	"with run, rollback: tell only what would be done"},
};

enum {
	ADDRESS = 1, /* needs address and block */
	STATUS = 2,  /* needs the status files of the forward direction */
	GUARDED = 4, /* a parent puts back when it is killed */
	READER = 8,  /* leaves the journal to others */
	UNBEGUN = 16 /* with or without a journal */
};

struct command {
	const char *name;
	bool (*run)(struct switcher *s, bson_error_t *error);
	unsigned flags;
	bool (*dry)(struct switcher *s, bson_error_t *error);
};

static const struct command commands[] = {
    {"check", switch_check, ADDRESS | STATUS},
    {"run", switch_run, ADDRESS | STATUS | GUARDED, switch_steps},
    {"observe", switch_observe, READER},
    {"rollback", switch_rollback, ADDRESS | GUARDED, switch_rollback_steps},
    {"abort", switch_abort, ADDRESS | STATUS},
    {"status", NULL},
    {"finish", switch_finish},
    {"quarantine", switch_quarantine},
    {"delete-source", switch_delete_source},
    {"cleanup", switch_cleanup, UNBEGUN},
};

static const struct command *
find(const char *name)
{
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

/* What a run waits for. */
static int
check_waits(const struct command *c)
{
	bson_error_t error;

	if (opts.rehearse && (c->run != switch_run || dry || observe))
		return opt_wrong_use("--rehearse is for run alone");
	if ((opts.when_in_sync || hours || opts.postpone) &&
	    (c->run != switch_run || dry))
		return opt_wrong_use("--when-in-sync, --window and "
				     "--postpone-file are for run");
	if (!hours)
		return 0;
	if (!window_parse(hours, &window, &error))
		return opt_wrong_use("%s", error.message);
	if ((int64_t)window_length(&window) * 1000 <= opts.deadline_ms)
		return opt_wrong_use("the window is no longer than the "
				     "deadline");
	opts.window = &window;
	return 0;
}

static int
check_use(const struct command *c)
{
	opts.block = opts.hook ? BLOCK_HOOK : BLOCK_ROLE;
	if (block)
		block_kind_parse(block, &opts.block);
	if (!opts.dir)
		return opt_wrong_use("--state is needed");
	if (dry && !c->dry)
		return opt_wrong_use("--dryRun is for run and rollback");
	if (observe && (c->run != switch_run || dry))
		return opt_wrong_use("--observe is for run");
	if (c->flags & ADDRESS &&
	    (!opts.address || !opts.old_file || !opts.new_file))
		return opt_wrong_use("--address, --address-old and "
				     "--address-new are needed");
	if ((opts.block == BLOCK_HOOK) != (opts.hook != NULL))
		return opt_wrong_use("--block=hook and --block-hook go "
				     "together");
	if (opts.block == BLOCK_CLUSTER &&
	    (opts.probe[SIDE_SOURCE] || opts.probe[SIDE_TARGET]))
		return opt_wrong_use("--block=cluster cannot be probed by an "
				     "account: the server says whether it is "
				     "on");
	if (c->flags & STATUS && (!opts.diff_status || !opts.apply_status))
		return opt_wrong_use(
		    "--diff-status and --apply-status are needed");
	opts.reader = c->flags & READER;
	opts.unbegun = c->flags & UNBEGUN;
	return check_waits(c);
}

static bool
run(const struct command *c, bson_error_t *error)
{
	struct switcher *s;
	bool ok;

	if (!c->run)
		return switch_show(&opts, error);
	status_state("connecting");
	if (!(s = switch_open(&opts, error)))
		return false;
	ok = (dry                    ? c->dry
		     : opts.rehearse ? switch_rehearse
				     : c->run)(s, error) &&
	    (!observe || switch_observe(s, error));
	switch_close(s);
	return ok;
}

/* Whoever killed it may have done so while writes were blocked. */
static int
put_back(int status)
{
	bson_error_t error = {0};
	struct switcher *s;
	bool ok = false;

	msg_error("killed by signal %d", status - 128);
	if ((s = switch_open(&opts, &error))) {
		ok = switch_rescue(s, &error);
		switch_close(s);
	}
	if (!ok)
		msg_error("%s", error.message);
	return status;
}

int
main(int argc, char **argv)
{
	const struct opt_group groups[] = {
	    OPT_GROUP("Switch", rows), after_options, both_options, ns_options};
	const struct opt_program program = {.tool = "mm-switch",
	    .purpose =
		"Moves applications to the target of a job: blocks writes, "
		"drains, verifies, moves.",
	    .synopsis = "COMMAND --state DIR [options]\nCommands: check, run, "
			"observe, rollback, abort, status, finish,\n"
			"          quarantine, delete-source, cleanup",
	    .groups = groups,
	    .n_groups = sizeof groups / sizeof *groups,
	    .max_operands = 1};
	const struct command *command = NULL;
	const char *name = NULL;
	bson_error_t error = {0};
	enum guard guard;
	int operand, status;
	bool ok;

	msg_init(program.tool);
	if (argc > 1 && argv[1][0] != '-') {
		name = argv[1];
		argv++;
		argc--;
	}
	if (opt_parse(&program, argc, argv, &operand, &status) == OPT_DONE)
		return status;
	if (operand < argc && name)
		return opt_wrong_use(
		    "unexpected operand \"%s\"", argv[operand]);
	if (operand < argc)
		name = argv[operand];
	if (!name)
		return opt_wrong_use("no command");
	command = find(name);
	if (!command)
		return opt_wrong_use("unknown command \"%s\"", name);
	if ((status = check_use(command)) != 0)
		return status;
	sig_init();
	if (command->flags & GUARDED && !dry) {
		guard = guard_fork(&status, &error);
		if (guard == GUARD_PARENT)
			return status > 128 ? put_back(status) : status;
		if (guard == GUARD_FAILED)
			return finish(MM_EXIT_OK, &error);
	}
	ok = status_start(opt_status_file(), &error) && run(command, &error);
	ns_flags_release(&ns_flags);
	opt_list_release(&opts.keep);
	return finish(MM_EXIT_OK, ok ? NULL : &error);
}
