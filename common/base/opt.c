/* getopt_long(3) accepts unique abbreviations and knows one spelling; both
 * are against our rules, so the table is walked here, which is shorter than
 * working around it. */
#include "base/opt.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/msg.h"
#include "base/optime.h"

static bool want_help, want_version, quiet;
static int verbose;
static const char *log_format, *status_file;

static const struct opt common_rows[] = {
    {'v', "verbose", NULL, OPT_COUNTED, &verbose, "say more"},
    {0, "quiet", NULL, OPT_FLAG, &quiet, "only errors and warnings"},
    {0, "log-format", "FORMAT", OPT_CHOICE, &log_format,
	"messages as text or json (text)", 0, 0, "text|json"},
    {0, "status-file", "FILE", OPT_TEXT, &status_file,
	"write the state to FILE as JSON, once a second"},
    {0, "help", NULL, OPT_FLAG, &want_help, "print this and end"},
    {0, "version", NULL, OPT_FLAG, &want_version,
	"print name and version and end"},
};
static const struct opt_group common = OPT_GROUP("Common", common_rows);

const char *
opt_status_file(void)
{
	return status_file;
}

int
opt_wrong_use(const char *format, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	msg_error("%s", text);
	msg_hint("see \"%s --help\"", msg_tool());
	return MM_EXIT_USAGE;
}

/* --ns-include is --nsInclude: compare without dashes, where an upper-case
 * letter stands for dash + lower case. */
static bool
same_name(const char *given, size_t len, const char *name)
{
	char flat[64];
	size_t n = 0;

	if (strlen(name) == len && strncmp(given, name, len) == 0)
		return true;
	for (; *name && n + 2 < sizeof flat; name++) {
		if (isupper((unsigned char)*name))
			flat[n++] = '-';
		flat[n++] = (char)tolower((unsigned char)*name);
	}
	return n == len && strncmp(given, flat, n) == 0;
}

static const struct opt *
row_of(const struct opt_group *g, const char *given, size_t len, char key)
{
	for (size_t i = 0; i < g->n; i++) {
		const struct opt *o = &g->rows[i];

		if (key ? o->key == key : same_name(given, len, o->name))
			return o;
	}
	return NULL;
}

static const struct opt *
find(const struct opt_program *p, const char *given, size_t len, char key)
{
	const struct opt *o;

	for (size_t i = 0; i < p->n_groups; i++)
		if ((o = row_of(&p->groups[i], given, len, key)))
			return o;
	return row_of(&common, given, len, key);
}

static bool
bad_value(bson_error_t *error, const char *text, const char *wanted)
{
	return error_set(
	    error, MM_EXIT_USAGE, 0, "not %s: \"%s\"", wanted, text);
}

static bool
parse_integer(const char *text, int64_t *out, const char **rest)
{
	char *end;

	if (!isdigit((unsigned char)*text) && *text != '-')
		return false;
	errno = 0;
	*out = strtoll(text, &end, 10);
	*rest = end;
	return errno == 0 && end != text;
}

bool
opt_bytes(const char *text, int64_t *out, bson_error_t *error)
{
	static const char units[] = "KMG";
	const char *rest, *unit;
	int64_t v;
	int shift = 0;

	if (!parse_integer(text, &v, &rest) || v < 0)
		return bad_value(error, text, "a size (N, NK, NM, NG)");
	if (*rest && (unit = strchr(units, toupper((unsigned char)*rest)))) {
		shift = 10 * (int)(unit - units + 1);
		rest++;
	}
	if (strcmp(rest, "") != 0 && strcmp(rest, "iB") != 0)
		return bad_value(error, text, "a size (N, NK, NM, NG)");
	if (v > INT64_MAX >> shift)
		return bad_value(error, text, "a size below 8 EiB");
	*out = v << shift;
	return true;
}

static bool
parse_seconds(const char *text, int64_t *out, bson_error_t *error)
{
	char *end;
	double v, unit = 1;

	if (!isdigit((unsigned char)*text))
		return bad_value(error, text, "a time (N, Ns, Nm, Nh, Nd)");
	v = strtod(text, &end);
	switch (*end) {
	case 'd':
		unit = 86400, end++;
		break;
	case 'h':
		unit = 3600, end++;
		break;
	case 'm':
		unit = 60, end++;
		break;
	case 's':
		end++;
		break;
	default:
		break;
	}
	if (*end || v * unit > 1e12)
		return bad_value(error, text, "a time (N, Ns, Nm, Nh, Nd)");
	*out = (int64_t)(v * unit * 1000 + 0.5);
	return true;
}

static bool
in_range(const struct opt *o, int64_t v, const char *text, bson_error_t *error)
{
	int64_t max = o->max ? o->max : INT64_MAX;

	if (v >= o->min && v <= max)
		return true;
	return error_set(error, MM_EXIT_USAGE, 0,
	    "out of range: \"%s\" (%" PRId64 " to %" PRId64 "%s)", text, o->min,
	    max, o->kind == OPT_SECONDS ? " ms" : "");
}

static bool
is_choice(const char *choices, const char *text)
{
	size_t len = strlen(text);

	for (const char *p = choices; p; p = strchr(p, '|')) {
		if (*p == '|')
			p++;
		if (strncmp(p, text, len) == 0 &&
		    (p[len] == '|' || p[len] == '\0'))
			return true;
	}
	return false;
}

static bool
set_number(const struct opt *o, char *text, bson_error_t *error)
{
	const char *rest;
	int64_t v;
	bool ok;

	if (o->kind == OPT_BYTES)
		ok = opt_bytes(text, &v, error);
	else if (o->kind == OPT_SECONDS)
		ok = parse_seconds(text, &v, error);
	else
		ok = (parse_integer(text, &v, &rest) && !*rest) ||
		    bad_value(error, text, "a whole number");
	if (!ok || !in_range(o, v, text, error))
		return false;
	*(int64_t *)o->out = v;
	return true;
}

static bool
set_value(const struct opt *o, char *text, bson_error_t *error)
{
	struct opt_list *list;

	switch (o->kind) {
	case OPT_FLAG:
		*(bool *)o->out = true;
		return true;
	case OPT_COUNTED:
		++*(int *)o->out;
		return true;
	case OPT_TEXT:
		*(const char **)o->out = text;
		return true;
	case OPT_CHOICE:
		if (!is_choice(o->choices, text))
			return bad_value(error, text, o->choices);
		*(const char **)o->out = text;
		return true;
	case OPT_LIST:
		list = o->out;
		list->item = bson_realloc(
		    list->item, (list->n + 1) * sizeof *list->item);
		list->item[list->n++] = text;
		return true;
	case OPT_SECRET:
		bson_free(*(char **)o->out);
		*(char **)o->out = bson_strdup(text);
		memset(text, '*', strlen(text));
		return true;
	case OPT_POSITION:
		return optime_parse(text, o->out, error);
	default:
		return set_number(o, text, error);
	}
}

static void
print_row(const struct opt *o)
{
	char left[64];
	const char *dash = o->arg && o->arg[0] != '[' ? " " : "";

	snprintf(left, sizeof left, "%c%c%s --%s%s%s", o->key ? '-' : ' ',
	    o->key ? o->key : ' ', o->key ? "," : " ", o->name, dash,
	    o->arg ? o->arg : "");
	if (strlen(left) > 28)
		printf("  %s\n  %28s  %s\n", left, "", o->help);
	else
		printf("  %-28s  %s\n", left, o->help);
}

static void
print_help(const struct opt_program *p)
{
	printf("usage: %s %s\n%s\n", p->tool, p->synopsis, p->purpose);
	for (size_t i = 0; i <= p->n_groups; i++) {
		const struct opt_group *g =
		    i < p->n_groups ? &p->groups[i] : &common;

		printf("\n%s:\n", g->title);
		for (size_t j = 0; j < g->n; j++)
			print_row(&g->rows[j]);
	}
	printf("\nSee %s(1) and mm-migrate(7).\n", p->tool);
}

/* stdio is enough for --help; a failing stdout is still told. */
static enum opt_outcome
finish_print(int *status)
{
	*status = MM_EXIT_OK;
	if (fflush(stdout) != 0 || ferror(stdout)) {
		msg_error("could not write to standard output");
		*status = MM_EXIT_IO;
	}
	return OPT_DONE;
}

static bool
takes_value(const struct opt *o)
{
	return o->kind != OPT_FLAG && o->kind != OPT_COUNTED;
}

static int
one_long(const struct opt_program *p, int argc, char **argv, int *i)
{
	char *text = argv[*i] + 2, *value = strchr(text, '=');
	size_t len = value ? (size_t)(value - text) : strlen(text);
	const struct opt *o = find(p, text, len, 0);
	bson_error_t error;

	if (!o)
		return opt_wrong_use(
		    "unknown option \"--%.*s\"", (int)len, text);
	if (!takes_value(o) && value)
		return opt_wrong_use("option \"--%s\" takes no value", o->name);
	if (value)
		value++;
	else if (takes_value(o) && *i + 1 >= argc)
		return opt_wrong_use(
		    "option \"--%s\" needs %s", o->name, o->arg);
	else if (takes_value(o))
		value = argv[++*i];
	if (!set_value(o, value, &error))
		return opt_wrong_use(
		    "option \"--%s\": %s", o->name, error.message);
	return 0;
}

static int
one_short(const struct opt_program *p, int argc, char **argv, int *i)
{
	bson_error_t error;

	for (char *c = argv[*i] + 1; *c; c++) {
		const struct opt *o = find(p, NULL, 0, *c);
		char *value = NULL;

		if (!o)
			return opt_wrong_use("unknown option \"-%c\"", *c);
		if (takes_value(o)) {
			if (!c[1] && *i + 1 >= argc)
				return opt_wrong_use(
				    "option \"-%c\" needs %s", *c, o->arg);
			value = c[1] ? c + 1 : argv[++*i];
		}
		if (!set_value(o, value, &error))
			return opt_wrong_use(
			    "option \"-%c\": %s", o->key, error.message);
		if (value)
			break;
	}
	return 0;
}

enum opt_outcome
opt_parse(const struct opt_program *p, int argc, char **argv,
    int *first_operand, int *status)
{
	int i, operands;

	msg_init(p->tool);
	*status = 0;
	for (i = 1; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		if (strcmp(argv[i], "--") == 0) {
			i++;
			break;
		}
		*status = argv[i][1] == '-' ? one_long(p, argc, argv, &i)
					    : one_short(p, argc, argv, &i);
		if (*status)
			return OPT_DONE;
	}
	if (want_help) {
		print_help(p);
		return finish_print(status);
	}
	if (want_version) {
		printf("%s %s\n", p->tool, MM_VERSION);
		return finish_print(status);
	}
	if (quiet)
		msg_set_level(MSG_WARNING);
	else if (verbose)
		msg_set_level(MSG_VERBOSE);
	msg_set_json(log_format && strcmp(log_format, "json") == 0);
	operands = argc - i;
	if (operands < p->min_operands)
		*status = opt_wrong_use(
		    "an operand is missing: %s %s", p->tool, p->synopsis);
	else if (p->max_operands >= 0 && operands > p->max_operands)
		*status = opt_wrong_use(
		    "unexpected operand \"%s\"", argv[i + p->max_operands]);
	*first_operand = i;
	return *status ? OPT_DONE : OPT_RUN;
}

void
opt_list_release(struct opt_list *list)
{
	bson_free(list->item);
	*list = (struct opt_list){NULL, 0};
}
