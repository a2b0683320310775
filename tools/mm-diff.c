#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <string.h>
#include <unistd.h>

#include "base/finish.h"
#include "base/msg.h"
#include "base/opt.h"
#include "base/sig.h"
#include "base/status.h"
#include "engine/compare_repair.h"
#include "engine/digest_run.h"
#include "engine/live.h"
#include "engine/sample.h"
#include "io/fdio.h"
#include "io/zio.h"

static const char *job, *out_file, *format = "text", *level_text = "zstd:1";
static const char *emit = "report";
static int64_t workers = 4, rate, part_bytes = 8 << 20;
static bool by_lookup;

static const struct opt own_rows[] = {
    {0, "job", "NAME", OPT_TEXT, &job,
	"its held-back indexes are no differences (by selection)"},
    {'o', "out", "FILE", OPT_TEXT, &out_file,
	"write the report to FILE (standard output)"},
    {0, "format", "FORMAT", OPT_CHOICE, &format, "text, json or stream (text)",
	0, 0, "text|json|stream"},
    {0, "emit", "WHAT", OPT_CHOICE, &emit,
	"the report, or a repair for mm-oplog-apply (report)", 0, 0,
	"report|repair"},
    {'Z', "compress", "METHOD", OPT_TEXT, &level_text,
	"of a stream: none, zstd or zstd:LEVEL (zstd:1)"},
    {0, "workers", "N", OPT_COUNT, &workers, "ranges compared at once (4)", 1,
	64},
    {0, "partition-size", "BYTES", OPT_BYTES, &part_bytes,
	"larger collections are compared in ranges (8M)", 64 << 10, INT64_MAX},
    {0, "rate-limit", "BYTES", OPT_BYTES, &rate,
	"read at most BYTES a second from the source", 1, INT64_MAX},
    {0, "by-lookup", NULL, OPT_FLAG, &by_lookup,
	"look each _id up instead of merging in _id order (slower)"},
};

static const struct opt_group own = OPT_GROUP("Comparing", own_rows);

/* What main holds, given back in every case. */
struct program {
	struct server *source, *target;
	struct ns_rules *rules;
	struct report *report;
	int fd;
	const char *name;
	int64_t differences;
	struct live live;
	bool undecided; /* the report is complete, and says what is */
};

/* Replies of about 1 MiB are allocated and freed all the time: without this
 * each would be mapped and unmapped by the kernel. */
static void
tune_malloc(void)
{
	mallopt(M_MMAP_THRESHOLD, 32 << 20);
	mallopt(M_TRIM_THRESHOLD, 64 << 20);
	mallopt(M_ARENA_MAX, 2);
}

static bool
repairs(void)
{
	return strcmp(emit, "repair") == 0;
}

static bool
open_output(struct program *p, bson_error_t *error)
{
	p->fd = STDOUT_FILENO;
	p->name = "standard output";
	if (out_file && strcmp(out_file, "-") != 0) {
		p->name = out_file;
		p->fd = open(
		    out_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		if (p->fd < 0)
			return error_errno(error, MM_EXIT_IO,
			    "could not write to \"%s\"", out_file);
	}
	return (strcmp(format, "stream") != 0 && !digest_streams() &&
		   !repairs()) ||
	    fdio_refuse_terminal(p->fd, p->name, error);
}

static bool
report_opts(struct program *p, struct report_opts *opts, bson_error_t *error)
{
	*opts = (struct report_opts){.fd = p->fd, .name = p->name};
	opts->format = repairs()            ? REPORT_REPAIR
	    : strcmp(format, "stream") == 0 ? REPORT_STREAM
	    : strcmp(format, "json") == 0   ? REPORT_JSON
					    : REPORT_TEXT;
	return zio_parse_level(level_text, &opts->level, error);
}

static bool
make_head(const struct program *p, bson_t *head, bson_error_t *error)
{
	bson_t filters;

	if (repairs())
		return repair_head(
		    p->source, p->target, job, p->rules, head, error);
	BSON_APPEND_UTF8(head, "mode", live_mode(&p->live));
	if (sample_wanted())
		sample_append(head);
	if (job)
		BSON_APPEND_UTF8(head, "job", job);
	server_append(p->source, "source", head);
	server_append(p->target, "target", head);
	BSON_APPEND_DOCUMENT_BEGIN(head, "filters", &filters);
	ns_rules_append(p->rules, &filters);
	bson_append_document_end(head, &filters);
	return true;
}

static struct report *
open_report(struct program *p, bson_error_t *error)
{
	bson_t head = BSON_INITIALIZER;
	struct report *r = NULL;
	struct report_opts opts;

	if (!report_opts(p, &opts, error))
		return NULL;
	opts.sums = !p->live.chosen && !sample_wanted();
	opts.source = p->source;
	if (make_head(p, &head, error))
		r = report_new(&opts, &head, error);
	bson_destroy(&head);
	return r;
}

/* Same set, and nothing renamed: every collection would equal itself. */
static bool
two_sides(const struct program *p, bson_error_t *error)
{
	const char *a = server_info(p->source)->id;
	const char *b = server_info(p->target)->id;

	if (*a == '\0' || strcmp(a, b) != 0 || ns_flags.to.n > 0)
		return true;
	return error_set(error, MM_EXIT_REFUSED, 0,
	    "source and target are the same replica set: nothing to compare");
}

static enum compare_got
compare(struct program *p, bson_error_t *error)
{
	struct compare_opts *opts = &p->live.compare;

	*opts = (struct compare_opts){
	    .flags = &ns_flags,
	    .job = job,
	    .workers = (int)workers,
	    .by_lookup = by_lookup,
	    .partition_bytes = part_bytes,
	    .rate = rate,
	};

	status_state("connecting");
	if (!(p->rules = ns_rules_new(&ns_flags, error)) ||
	    !open_output(p, error) ||
	    !(p->source = server_open(
		  SIDE_SOURCE, &source_flags, job, false, error)) ||
	    !(p->target = server_open(
		  SIDE_TARGET, &target_flags, job, false, error)) ||
	    !two_sides(p, error))
		return COMPARE_FAILED;
	opts->source = p->source;
	opts->target = p->target;
	opts->rules = p->rules;
	if ((!sample_wanted() && !live_choose(&p->live, error)) ||
	    !(p->report = open_report(p, error)))
		return COMPARE_FAILED;
	status_text("mode", live_mode(&p->live));
	if (sample_wanted())
		return sample_run(opts, p->report, &p->differences, error);
	return p->live.chosen
	    ? live_run(
		  &p->live, p->report, &p->differences, &p->undecided, error)
	    : compare_run(opts, p->report, &p->differences, error);
}

static enum compare_got
with_digests(struct program *p, bson_error_t *error)
{
	struct digest_run run = {.job = job,
	    .workers = (int)workers,
	    .partition_bytes = part_bytes,
	    .rate = rate};

	if (!open_output(p, error) || !report_opts(p, &run.report, error))
		return COMPARE_FAILED;
	return digest_run(&run, &p->differences, error);
}

static void
release(struct program *p)
{
	report_free(p->report);
	ns_rules_free(p->rules);
	if (p->source)
		server_close(p->source);
	if (p->target)
		server_close(p->target);
}

static enum mm_exit
outcome(struct program *p, enum compare_got got, bson_error_t *error)
{
	if (got != COMPARE_FAILED && p->fd >= 0 &&
	    !fdio_close(p->fd, p->name, error))
		got = COMPARE_FAILED;
	if (got == COMPARE_FAILED)
		return error_status(error);
	if (got == COMPARE_STOPPED) {
		msg_warn(p->undecided ? "cannot decide yet"
				      : "stopped before the end: no result");
		return MM_EXIT_STOPPED;
	}
	return p->differences > 0 ? MM_EXIT_NO : MM_EXIT_OK;
}

static int
check_use(void)
{
	int status;

	if (repairs() && (digest_wanted() || strcmp(format, "text") != 0))
		return opt_wrong_use("--emit repair needs both sides, and is "
				     "no report with a --format");
	if (sample_wanted() && (live_asked() || repairs() || digest_wanted()))
		return opt_wrong_use("--sample is a comparison of its own");
	if (digest_wanted() && live_asked())
		return opt_wrong_use("digests are of what is at rest");
	status = sample_use();
	return status ? status : digest_use();
}

int
main(int argc, char **argv)
{
	struct opt_group all[] = {own, live_options, sample_options,
	    digest_options, both_options, ns_options};
	const struct opt_program program = {
	    .tool = "mm-diff",
	    .purpose = "Compare collections of two MongoDB replica sets, "
		       "document by document.",
	    .synopsis = "[options]",
	    .groups = all,
	    .n_groups = 6,
	};
	struct program p = {.fd = -1};
	bson_error_t error = {0};
	enum mm_exit end;
	int first, status;

	if (opt_parse(&program, argc, argv, &first, &status) == OPT_DONE)
		return status;
	if ((status = check_use()) != 0)
		return status;
	sig_init();
	tune_malloc();
	if (!status_start(opt_status_file(), &error))
		return finish(MM_EXIT_OK, &error);
	end = outcome(&p,
	    digest_wanted() ? with_digests(&p, &error) : compare(&p, &error),
	    &error);
	release(&p);
	return finish(end, end == error_status(&error) ? &error : NULL);
}
