/* mm-status: one table over the status files of a migration. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/finish.h"
#include "base/msg.h"
#include "base/opt.h"
#include "base/sig.h"
#include "base/status.h"
#include "engine/status_table.h"

enum { LOOK_MS = 200 };

static const char *format = "table";
static struct opt_list waits;
static int64_t watch_ms, timeout_ms = -1;

static const struct opt rows[] = {
    {0, "format", "FORMAT", OPT_CHOICE, &format, "table or json (table)", 0, 0,
	"table|json"},
    {0, "wait", "CONDITION", OPT_LIST, &waits,
	"until CONDITION holds, as lag<2s or state=done (repeatable)"},
    {0, "timeout", "TIME", OPT_SECONDS, &timeout_ms,
	"with --wait: give up with status 1 after TIME (never)", 0,
	INT64_C(3650) * 86400 * 1000},
    {0, "watch", "TIME", OPT_SECONDS, &watch_ms,
	"show again every TIME until a signal", 100, 86400 * 1000},
};
static const struct opt_group own = OPT_GROUP("Looking", rows);

static enum mm_exit
run(struct status_table *t, const struct status_condition *c, size_t n,
    bson_error_t *error)
{
	bool json = strcmp(format, "json") == 0;
	int64_t begun = clock_ms(), shown = -1;

	for (;;) {
		int64_t now = clock_ms();
		bool end;

		status_table_look(t);
		end = n > 0 ? status_table_holds(t, c, n) : watch_ms == 0;
		if (end && status_table_count(t) == 0) {
			error_set(error, MM_EXIT_IO, 0,
			    "no status file (a name that ends in .status) is "
			    "there");
			return MM_EXIT_IO;
		}
		if (end ||
		    (watch_ms > 0 && (shown < 0 || now - shown >= watch_ms))) {
			status_table_show(t, json);
			shown = now;
		}
		if (end)
			return status_table_whole(t) ? MM_EXIT_OK : MM_EXIT_IO;
		if (n > 0 && timeout_ms >= 0 && now - begun >= timeout_ms) {
			status_table_show(t, json);
			return MM_EXIT_NO;
		}
		if (!sig_sleep(LOOK_MS))
			return n > 0 ? MM_EXIT_STOPPED : MM_EXIT_OK;
	}
}

static enum mm_exit
parse_and_run(struct status_table *t, bson_error_t *error)
{
	struct status_condition *c = bson_malloc0((waits.n + 1) * sizeof *c);
	enum mm_exit end = MM_EXIT_OK;

	for (size_t i = 0; end == MM_EXIT_OK && i < waits.n; i++)
		if (!status_condition_parse(&c[i], waits.item[i], error))
			end = error_status(error);
	if (end == MM_EXIT_OK)
		end = run(t, c, waits.n, error);
	bson_free(c);
	return end;
}

int
main(int argc, char **argv)
{
	struct opt_group all[] = {own};
	const struct opt_program program = {
	    .tool = "mm-status",
	    .purpose = "Show what the programs of a migration say of "
		       "themselves.",
	    .synopsis = "[options] FILE|DIRECTORY...",
	    .groups = all,
	    .n_groups = 1,
	    .max_operands = -1,
	    .min_operands = 1,
	};
	struct status_table *t;
	bson_error_t error = {0};
	enum mm_exit end;
	int first, status;

	if (opt_parse(&program, argc, argv, &first, &status) == OPT_DONE)
		return status;
	sig_init();
	if (!status_start(opt_status_file(), &error))
		return finish(MM_EXIT_OK, &error);
	t = status_table_new();
	for (int i = first; i < argc; i++)
		status_table_add(t, argv[i]);
	end = parse_and_run(t, &error);
	status_table_free(t);
	opt_list_release(&waits);
	return finish(end, end == error_status(&error) ? &error : NULL);
}
