/* The two programs and their arguments. */
#include <string.h>

#include "engine/switch_back_work.h"

void
program_arg(struct program *p, const char *text)
{
	p->argv = bson_realloc(p->argv, (p->n + 2) * sizeof *p->argv);
	p->argv[p->n++] = bson_strdup(text);
	p->argv[p->n] = NULL;
}

static void
arg2(struct program *p, const char *option, const char *value)
{
	program_arg(p, option);
	program_arg(p, value);
}

static void
arg_path(
    struct back *b, struct program *p, const char *option, const char *name)
{
	char *path = back_path(b, name);

	arg2(p, option, path);
	bson_free(path);
}

/* {field: [text, ...]} as repeated options; for pairs {from, to}. */
static void
arg_patterns(struct program *p, const bson_t *rules, const char *field,
    const char *option)
{
	bson_iter_t it, sub, pair;

	if (!bson_iter_init_find(&it, rules, field) ||
	    !bson_iter_recurse(&it, &sub))
		return;
	while (bson_iter_next(&sub)) {
		if (option) {
			arg2(p, option, bson_iter_utf8(&sub, NULL));
			continue;
		}
		if (bson_iter_recurse(&sub, &pair) &&
		    bson_iter_find(&pair, "from"))
			arg2(p, "--nsFrom", bson_iter_utf8(&pair, NULL));
		if (bson_iter_recurse(&sub, &pair) &&
		    bson_iter_find(&pair, "to"))
			arg2(p, "--nsTo", bson_iter_utf8(&pair, NULL));
	}
}

static void
arg_server(struct program *p, const struct server_flags *flags)
{
	if (flags->member)
		arg2(p, "--server", flags->member);
	if (flags->password_file)
		arg2(p, "--password-file", flags->password_file);
}

/* The tail selects; the applier is told what it may write, which must be
 * something. */
static void
arg_rules(struct program *p, const struct ns_rules *rules, bool writes)
{
	bson_t doc = BSON_INITIALIZER;

	ns_rules_append(rules, &doc);
	if (writes && ns_rules_all(rules))
		arg2(p, "--nsInclude", "*");
	arg_patterns(p, &doc, "include", "--nsInclude");
	arg_patterns(p, &doc, "exclude", "--nsExclude");
	if (writes)
		arg_patterns(p, &doc, "rename", NULL);
	bson_destroy(&doc);
}

static bool
find_program(struct back *b, struct program *p, const char *name,
    const char *log, enum side side, bson_error_t *error)
{
	char *path = worker_find(name, error);

	if (!path)
		return false;
	p->name = name;
	p->side = side;
	p->pause = BACK_PAUSE_MS;
	p->log = back_path(b, log);
	program_arg(p, path);
	bson_free(path);
	return true;
}

static bool
make_programs(struct back *b, bson_error_t *error)
{
	const struct back_opts *o = &b->o;
	char r0[OPTIME_TEXT];

	optime_text(o->r0, r0);
	if (!find_program(
		b, &b->tail, "mm-oplog-tail", "tail.log", SIDE_TARGET, error) ||
	    !find_program(b, &b->apply, "mm-oplog-apply", "apply.log",
		SIDE_SOURCE, error))
		return false;
	arg2(&b->tail, "--from", r0);
	arg_path(b, &b->tail, "--directory", "log");
	arg_path(b, &b->tail, "--status-file", "tail.status");
	arg_server(&b->tail, o->flags[SIDE_TARGET]);
	arg_rules(&b->tail, o->turned, false);

	arg2(&b->apply, "--job", o->job);
	arg2(&b->apply, "--from", r0);
	arg2(&b->apply, "--fuzzy-until", r0);
	arg_path(b, &b->apply, "--directory", "log");
	arg_path(b, &b->apply, "--ledger", "ledger");
	arg_path(b, &b->apply, "--status-file", "apply.status");
	arg_server(&b->apply, o->flags[SIDE_SOURCE]);
	arg_rules(&b->apply, o->turned, true);
	return true;
}

struct back *
back_new(const struct back_opts *o, bson_error_t *error)
{
	struct back *b = bson_malloc0(sizeof *b);
	char r0[OPTIME_TEXT];

	b->o = *o;
	b->lock = -1;
	optime_text(o->r0, r0);
	for (char *c = r0; *c; c++)
		if (*c == ':')
			*c = '-';
	b->dir = bson_strdup_printf("%s/back/%s", o->dir, r0);
	b->lock_path = bson_strdup_printf("%s/back.lock", o->dir);
	if (make_programs(b, error))
		return b;
	back_free(b);
	return NULL;
}

static void
release(struct program *p)
{
	for (size_t i = 0; i < p->n; i++)
		bson_free(p->argv[i]);
	bson_free(p->argv);
	bson_free(p->log);
}

void
back_free(struct back *b)
{
	if (!b)
		return;
	back_end(b);
	release(&b->tail);
	release(&b->apply);
	bson_free(b->dir);
	bson_free(b->lock_path);
	bson_free(b);
}

char *
back_path(const struct back *b, const char *name)
{
	return bson_strdup_printf("%s/%s", b->dir, name);
}
