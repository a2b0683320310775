/* mm-cat: what is in a stream or in a directory of segments, and less of it. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/msg.h"
#include "base/opt.h"
#include "base/sig.h"
#include "base/status.h"
#include "engine/cat.h"
#include "engine/cut.h"
#include "io/fdio.h"
#include "io/zio.h"

static bool relaxed, control, with_ns, collections;
static const char *out_file, *directory, *packing;
static int64_t segment_bytes = 64 << 20;
static bool told; /* errors have been shown already */

static const struct opt rows[] = {
    {0, "relaxed", NULL, OPT_FLAG, &relaxed,
	"json: relaxed Extended JSON (canonical)"},
    {0, "control", NULL, OPT_FLAG, &control, "json: control documents too"},
    {0, "with-ns", NULL, OPT_FLAG, &with_ns,
	"json: each document as {\"ns\": ..., \"doc\": ...}"},
    {0, "collections", NULL, OPT_FLAG, &collections,
	"ls: a line for each collection too"},
};
static const struct opt cut_rows[] = {
    {'o', "out", "FILE", OPT_TEXT, &out_file,
	"write to FILE (standard output)"},
    {'D', "directory", "DIR", OPT_TEXT, &directory,
	"write a log as segments into DIR, or go on with those there"},
    {0, "segment-bytes", "BYTES", OPT_BYTES, &segment_bytes,
	"close a segment at this size (64M)", 1, INT64_C(1) << 40},
    {'Z', "compress", "HOW", OPT_TEXT, &packing,
	"none, zstd or zstd:LEVEL, 1-12 (zstd:1)"},
};

static bool
rebuild(const char *path, const struct cat_opts *o, bson_error_t *error)
{
	(void)o; /* writes no output */
	return segment_rebuild(path, error);
}

typedef bool command_fn(const char *, const struct cat_opts *, bson_error_t *);

static const struct command {
	const char *name;
	command_fn *run; /* NULL: cut */
	bool json, ls;   /* which options act */
	bool binary;
	bool each;        /* one bad file does not hide the others */
	const char *none; /* what is read without operand; NULL: nothing */
} commands[] = {
    {"ls", cat_ls, false, true, false, true, "-"},
    {"verify", cat_verify, false, false, false, true, "-"},
    {"json", cat_print, true, false, false, false, "-"},
    {"bson", cat_print, false, false, true, false, "-"},
    {"rebuild", rebuild, false, false, false, false, NULL},
    {"cut", NULL, false, false, false, false, "-"},
};

static const struct command *
find(const char *name)
{
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static bool
selecting(void)
{
	return ns_flags.db || ns_flags.coll || ns_flags.include.n ||
	    ns_flags.exclude.n;
}

static int
check_cut(const struct command *c)
{
	bool cut = c->run == NULL;

	if (!cut && (out_file || directory || packing))
		return opt_wrong_use("option --%s is for cut, not for %s",
		    out_file        ? "out"
			: directory ? "directory"
				    : "compress",
		    c->name);
	if (!cut && (selecting() || ns_flags.from.n || ns_flags.to.n))
		return opt_wrong_use(
		    "namespaces are for cut, not for %s", c->name);
	if (cut && !selecting())
		return opt_wrong_use("cut to what? Give --nsInclude or -d");
	if (out_file && directory)
		return opt_wrong_use(
		    "--out and --directory exclude each other");
	return 0;
}

/* 0, or the status of wrong use. */
static int
check_use(const struct command *c, bool has_path)
{
	if ((relaxed || control || with_ns) && !c->json)
		return opt_wrong_use("option --%s is for json, not for %s",
		    relaxed       ? "relaxed"
			: control ? "control"
				  : "with-ns",
		    c->name);
	if (collections && !c->ls)
		return opt_wrong_use(
		    "option --collections is for ls, not for %s", c->name);
	if (!has_path && !c->none)
		return opt_wrong_use("%s needs a directory", c->name);
	return check_cut(c);
}

static bool
goes_on(const bson_error_t *error)
{
	enum mm_exit status = error_status(error);

	return status == MM_EXIT_STREAM || status == MM_EXIT_POSITION ||
	    status == MM_EXIT_REFUSED || error->code == ENOENT;
}

static bool
run(const struct command *c, char **paths, int n, bson_error_t *error)
{
	bson_error_t first = {0};
	bool ok = true;
	struct cat_opts o = {.fd = STDOUT_FILENO,
	    .name = "standard output",
	    .form = c->binary ? CAT_BSON
		: relaxed     ? CAT_RELAXED
			      : CAT_JSON,
	    .control = control,
	    .with_ns = with_ns,
	    .collections = collections};

	if (c->binary && !fdio_refuse_terminal(o.fd, o.name, error))
		return false;
	if (n == 0)
		return c->run(c->none, &o, error);
	for (int i = 0; ok && i < n; i++) {
		ok = c->run(paths[i], &o, error);
		if (!ok && c->each && n > 1) {
			msg_error("%s", error->message);
			if (!told)
				first = *error;
			told = true;
			/* Not a full disk or a signal: these end everything. */
			ok = goes_on(error);
		}
	}
	if (ok && told)
		*error = first;
	return ok && !told;
}

/* All operands are cut into one output. */
static bool
run_cut(char **paths, int n, bson_error_t *error)
{
	struct cut_opts o = {
	    .level = 1, .dir = directory, .max_bytes = segment_bytes};
	struct ns_rules *rules = ns_rules_new(&ns_flags, error);
	struct cut *c = NULL;
	bool ok =
	    rules && (!packing || zio_parse_level(packing, &o.level, error));

	o.rules = rules;
	if (ok && !directory)
		ok = (o.out = output_open(out_file, error)) != NULL;
	c = ok ? cut_new(&o, error) : NULL;
	ok = c != NULL;
	if (ok && n == 0)
		ok = cut_add(c, "-", error);
	for (int i = 0; ok && i < n; i++)
		ok = cut_add(c, paths[i], error);
	ok = ok && cut_end(c, error) &&
	    (!out_file || output_publish(o.out, error));
	cut_free(c);
	output_free(o.out);
	ns_rules_free(rules);
	return ok;
}

int
main(int argc, char **argv)
{
	const struct opt_group groups[] = {OPT_GROUP("Options", rows),
	    OPT_GROUP("Of cut", cut_rows), ns_options};
	struct opt_program program = {"mm-cat",
	    "show, check, convert and cut streams and segment directories",
	    "{ls|verify|json|bson|cut|rebuild} [options] [FILE|DIRECTORY ...]",
	    groups, sizeof groups / sizeof *groups, 1, -1};
	const struct command *c;
	bson_error_t error = {0};
	int at, first, status = 0;
	bool ok;

	if (opt_parse(&program, argc, argv, &at, &status) == OPT_DONE)
		return status;
	c = find(argv[at]);
	if (!c)
		return opt_wrong_use("unknown command \"%s\"", argv[at]);
	/* Options may stand behind the command too. */
	program.min_operands = 0;
	if (opt_parse(&program, argc - at, argv + at, &first, &status) ==
	    OPT_DONE)
		return status;
	first += at;
	status = check_use(c, first < argc);
	if (status)
		return status;

	sig_init();
	ok = status_start(opt_status_file(), &error) &&
	    (c->run ? run(c, argv + first, argc - first, &error)
		    : run_cut(argv + first, argc - first, &error));
	ns_flags_release(&ns_flags);
	ok = fdio_close(STDOUT_FILENO, "standard output", ok ? &error : NULL) &&
	    ok;
	status = ok ? MM_EXIT_OK : (int)error_status(&error);
	status_end((enum mm_exit)status, ok ? NULL : &error);
	if (!ok && error.code == EPIPE && status == MM_EXIT_IO)
		sig_reraise(SIGPIPE);
	if (!ok && !told)
		msg_error("%s", error.message);
	return status;
}
