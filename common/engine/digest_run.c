#include "engine/digest_run.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/status.h"
#include "engine/digest_against.h"
#include "engine/digest_make.h"
#include "engine/digest_pairs.h"
#include "io/fdio.h"
#include "mongo/server.h"

static bool make;
static const char *side = "source", *ranges, *against, *differing;
static int64_t range_docs = 16384;

static const struct opt rows[] = {
    {0, "digest", NULL, OPT_FLAG, &make,
	"write digests of one side as a stream, and compare nothing"},
    {0, "side", "SIDE", OPT_CHOICE, &side, "of source or target (source)", 0, 0,
	"source|target"},
    {0, "range-docs", "N", OPT_COUNT, &range_docs,
	"documents in a range of digests (16384)", 1, INT64_MAX},
    {0, "ranges", "FILE", OPT_TEXT, &ranges,
	"digest the ranges in FILE alone, in more detail"},
    {0, "against", "FILE", OPT_TEXT, &against,
	"compare with the digests of the other side in FILE (-: stdin)"},
    {0, "differing", "FILE", OPT_TEXT, &differing,
	"with --against: write the ranges that differ to FILE"},
};

const struct opt_group digest_options = OPT_GROUP("Digests", rows);

int
digest_use(void)
{
	if (make && against)
		return opt_wrong_use(
		    "--digest and --against exclude each other");
	if (!make && (ranges || strcmp(side, "source") != 0))
		return opt_wrong_use("--side and --ranges need --digest");
	if (!against && differing)
		return opt_wrong_use("--differing needs --against");
	return 0;
}

bool
digest_wanted(void)
{
	return make || against;
}

bool
digest_streams(void)
{
	return make;
}

/* What a run holds, given back in every case. */
struct held {
	struct server *source, *target;
	struct ns_rules *rules;
	struct digest_in in;
	struct report *report;
	int fd; /* --differing */
};

static struct server *
open_side(struct held *h, enum side which, const char *job, bson_error_t *error)
{
	bool source = which == SIDE_SOURCE;
	struct server *s = server_open(
	    which, source ? &source_flags : &target_flags, job, false, error);

	*(source ? &h->source : &h->target) = s;
	return s;
}

static enum compare_got
run_make(struct held *h, const struct digest_run *run, bson_error_t *error)
{
	bool source = strcmp(side, "source") == 0;
	struct digest_make_opts opts = {
	    .flags = &ns_flags,
	    .rules = h->rules,
	    .job = run->job,
	    .workers = run->workers,
	    .partition_bytes = run->partition_bytes,
	    .rate = run->rate,
	    .range_docs = range_docs,
	    .ranges = ranges,
	    .out = {.fd = run->report.fd,
		.name = run->report.name,
		.level = run->report.level},
	};

	opts.server =
	    open_side(h, source ? SIDE_SOURCE : SIDE_TARGET, run->job, error);
	return opts.server ? digest_make(&opts, error) : COMPARE_FAILED;
}

static bool
has_address(enum side which)
{
	return which == SIDE_SOURCE
	    ? source_flags.uri || getenv("MM_SOURCE_URI")
	    : target_flags.uri || getenv("MM_TARGET_URI");
}

/* The side that the digests are not of; the other one where its address is
 * known, unless the ranges are to be looked into elsewhere. */
static bool
open_sides(struct held *h, const struct digest_run *run,
    struct digest_against_opts *opts, bson_error_t *error)
{
	enum side theirs = h->in.side;
	enum side own = theirs == SIDE_SOURCE ? SIDE_TARGET : SIDE_SOURCE;

	opts->own = open_side(h, own, run->job, error);
	if (!opts->own)
		return false;
	if (differing || !has_address(theirs))
		return true;
	opts->other = open_side(h, theirs, run->job, error);
	return opts->other;
}

static bool
open_report(struct held *h, const struct digest_run *run, bson_error_t *error)
{
	struct server *own = h->in.side == SIDE_SOURCE ? h->target : h->source;
	bool source = h->in.side == SIDE_TARGET;
	bson_t head = BSON_INITIALIZER, theirs, filters;

	BSON_APPEND_UTF8(&head, "mode", "digest");
	if (run->job)
		BSON_APPEND_UTF8(&head, "job", run->job);
	server_append(own, source ? "source" : "target", &head);
	if (record_doc(&h->in.head, "source", &theirs, NULL))
		BSON_APPEND_DOCUMENT(
		    &head, source ? "target" : "source", &theirs);
	BSON_APPEND_DOCUMENT_BEGIN(&head, "filters", &filters);
	ns_rules_append(h->rules, &filters);
	bson_append_document_end(&head, &filters);
	h->report = report_new(&run->report, &head, error);
	bson_destroy(&head);
	return h->report;
}

static bool
open_differing(struct held *h, bson_error_t *error)
{
	if (!differing)
		return true;
	h->fd = open(differing, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	return h->fd >= 0 ||
	    error_errno(
		error, MM_EXIT_IO, "could not write to \"%s\"", differing);
}

static enum compare_got
run_against(struct held *h, const struct digest_run *run, int64_t *differences,
    bson_error_t *error)
{
	struct stream_out_opts out = {
	    .name = differing, .level = run->report.level};
	struct digest_against_opts opts = {
	    .in = &h->in,
	    .flags = &ns_flags,
	    .rules = h->rules,
	    .job = run->job,
	    .workers = run->workers,
	    .rate = run->rate,
	    .differing = differing ? &out : NULL,
	};
	enum compare_got got;

	if (!digest_in_open(&h->in, against, error) ||
	    !digest_in_check(&h->in, h->rules, h->in.side, error) ||
	    !open_differing(h, error) || !open_sides(h, run, &opts, error) ||
	    !open_report(h, run, error))
		return COMPARE_FAILED;
	out.fd = h->fd;
	status_text("mode", "digest");
	got = digest_against(&opts, h->report, differences, error);
	if (got == COMPARE_DONE && differing &&
	    !fdio_close(h->fd, differing, error))
		got = COMPARE_FAILED;
	return got;
}

enum compare_got
digest_run(
    const struct digest_run *run, int64_t *differences, bson_error_t *error)
{
	struct held h = {.fd = -1};
	enum compare_got got = COMPARE_FAILED;

	*differences = 0;
	h.rules = ns_rules_new(&ns_flags, error);
	if (h.rules)
		got = make ? run_make(&h, run, error)
			   : run_against(&h, run, differences, error);
	report_free(h.report);
	digest_in_close(&h.in, NULL);
	if (h.source)
		server_close(h.source);
	if (h.target)
		server_close(h.target);
	ns_rules_free(h.rules);
	return got;
}
