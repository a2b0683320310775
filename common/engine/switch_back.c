/* Addresses go to the programs in their environment, never as arguments. Which
 * of them died is known to us alone, as they are our children; that another
 * mm-switch keeps them, by its lock. */
#include "engine/switch_back_work.h"

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

enum {
	PAUSE_MAX_MS = 60000,
	LONG_RUN_MS = 60000,
	LOST_AFTER = 3,
	END_MS = 20000
};

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

bool
back_take(struct back *b, bson_error_t *error)
{
	return take_lock(b, error) && make_dirs(b, error);
}

bool
program_start(struct back *b, struct program *p, char *const *argv,
    const char *log, bson_error_t *error)
{
	bool source = p->side == SIDE_SOURCE;
	char *uri = bson_strdup_printf("%s=%s",
	    source ? "MM_TARGET_URI" : "MM_SOURCE_URI", b->o.uri[p->side]);
	char *env[] = {
	    uri, (char *)(source ? "MM_SOURCE_URI=" : "MM_TARGET_URI="), NULL};
	bool ok = worker_start(&p->worker, argv, env, log, error);

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
			p->pause = BACK_PAUSE_MS;
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
	return now < p->next || program_start(b, p, p->argv, p->log, error);
}

bool
back_keep(struct back *b, bson_error_t *error)
{
	return back_take(b, error) &&
	    (b->elsewhere ||
		(keep(b, &b->tail, error) && keep(b, &b->apply, error)));
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
