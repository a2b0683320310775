/* Addresses go to the programs in their environment, never as arguments. Which
 * of them died is known to us alone, as they are our children; that another
 * mm-switch keeps them, by its lock. */
#include "engine/switch_back.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/msg.h"
#include "base/sig.h"
#include "io/worker.h"

enum {
	PAUSE_MS = 1000,
	PAUSE_MAX_MS = 60000,
	LONG_RUN_MS = 60000,
	LOST_AFTER = 3,
	END_MS = 20000
};

/* One of the two. */
struct program {
	const char *name;
	char **argv;
	size_t n;
	char *log;
	enum side side; /* where it is connected to */
	struct worker worker;
	int64_t started, next, pause; /* ms */
	int last, failures;           /* how it ended, and how often alike */
};

struct back {
	struct back_opts o;
	char *dir, *lock_path;
	int lock; /* -1: not ours */
	bool elsewhere;
	struct program tail, apply;
};

/* -------------------------------------------------------------- arguments */

static void
arg(struct program *p, const char *text)
{
	p->argv = bson_realloc(p->argv, (p->n + 2) * sizeof *p->argv);
	p->argv[p->n++] = bson_strdup(text);
	p->argv[p->n] = NULL;
}

static void
arg2(struct program *p, const char *option, const char *value)
{
	arg(p, option);
	arg(p, value);
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
	p->pause = PAUSE_MS;
	p->log = back_path(b, log);
	arg(p, path);
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

/* ---------------------------------------------------------------- running */

static bool
make_dir(const char *path, bson_error_t *error)
{
	return mkdir(path, 0700) == 0 || errno == EEXIST ||
	    error_errno(error, MM_EXIT_IO, "could not make \"%s\"", path);
}

/* The segments, too: the applier waits for them there. */
static bool
make_dirs(struct back *b, bson_error_t *error)
{
	char *above = bson_strdup_printf("%s/back", b->o.dir),
	     *log = back_path(b, "log");
	bool ok = make_dir(above, error) && make_dir(b->dir, error) &&
	    make_dir(log, error);

	bson_free(above);
	bson_free(log);
	return ok;
}

/* Ours, or somebody else's. */
static bool
take_lock(struct back *b, bson_error_t *error)
{
	int fd;

	if (b->lock >= 0)
		return true;
	fd = open(b->lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_errno(
		    error, MM_EXIT_IO, "could not open \"%s\"", b->lock_path);
	b->elsewhere = flock(fd, LOCK_EX | LOCK_NB) != 0;
	if (b->elsewhere)
		close(fd);
	else
		b->lock = fd;
	return true;
}

static bool
start(struct back *b, struct program *p, bson_error_t *error)
{
	bool source = p->side == SIDE_SOURCE;
	char *uri = bson_strdup_printf("%s=%s",
	    source ? "MM_TARGET_URI" : "MM_SOURCE_URI", b->o.uri[p->side]);
	char *env[] = {
	    uri, (char *)(source ? "MM_SOURCE_URI=" : "MM_TARGET_URI="), NULL};
	bool ok = worker_start(&p->worker, p->argv, env, p->log, error);

	server_uri_forget(&uri);
	p->started = clock_ms();
	return ok;
}

static bool
keep(struct back *b, struct program *p, bson_error_t *error)
{
	int64_t now = clock_ms();
	bool ran = p->worker.pid > 0;
	int status;

	if (worker_runs(&p->worker, &status))
		return true;
	if (ran) {
		if (now - p->started >= LONG_RUN_MS) {
			p->pause = PAUSE_MS;
			p->failures = 0;
		}
		p->failures = status == p->last ? p->failures + 1 : 1;
		p->last = status;
		msg_warn("%s of the way back has ended with %d, and is started "
			 "again in %d s (%s)",
		    p->name, status, (int)(p->pause / 1000), p->log);
		p->next = now + p->pause;
		p->pause = BSON_MIN(2 * p->pause, PAUSE_MAX_MS);
	}
	return now < p->next || start(b, p, error);
}

bool
back_keep(struct back *b, bson_error_t *error)
{
	if (!take_lock(b, error))
		return false;
	return b->elsewhere ||
	    (make_dirs(b, error) && keep(b, &b->tail, error) &&
		keep(b, &b->apply, error));
}

bool
back_runs(const struct back *b)
{
	return b->tail.worker.pid > 0 && b->apply.worker.pid > 0;
}

bool
back_elsewhere(const struct back *b)
{
	return b->elsewhere;
}

static bool
is_lost(const struct program *p, bson_error_t *error)
{
	switch (p->last) {
	case MM_EXIT_STREAM:
	case MM_EXIT_POSITION:
	case MM_EXIT_IO:
	case MM_EXIT_REFUSED:
		return p->failures >= LOST_AFTER &&
		    !error_set(error, (enum mm_exit)p->last, 0,
			"%s ends with %d again and again (%s)", p->name,
			p->last, p->log);
	default:
		return false;
	}
}

bool
back_lost(const struct back *b, bson_error_t *error)
{
	return is_lost(&b->tail, error) || is_lost(&b->apply, error);
}

void
back_end(struct back *b)
{
	/* Both at once; the applier need not wait for the tail. */
	worker_ask(&b->tail.worker);
	worker_end(&b->apply.worker, END_MS);
	worker_end(&b->tail.worker, END_MS);
	if (b->lock >= 0)
		close(b->lock);
	b->lock = -1;
}

/* ----------------------------------------------------------------- ledger */

/* A file is made with the first thing that is put in. */
bool
back_ledger_empty(const struct back *b, bson_error_t *error)
{
	char *path = back_path(b, "ledger");
	DIR *dir = opendir(path);
	bool ok = true;
	struct dirent *e;

	if (!dir && errno != ENOENT)
		ok = error_errno(
		    error, MM_EXIT_IO, "could not read \"%s\"", path);
	while (ok && dir && (e = readdir(dir)))
		if (e->d_name[0] != '.')
			ok = error_set(error, MM_EXIT_NO, 0,
			    "the way back has met what should not be: "
			    "mm-cat json %s/%s",
			    path, e->d_name);
	if (dir)
		closedir(dir);
	bson_free(path);
	return ok;
}
