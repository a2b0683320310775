#include "io/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/spawn.h"

enum { POLL_MS = 10 };

/* ------------------------------------------------------------------- where */

static char *
beside_us(const char *name)
{
	char self[PATH_MAX], *slash, *path;
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	if (n < 0)
		return NULL;
	self[n] = '\0';
	slash = strrchr(self, '/');
	path = bson_strdup_printf("%.*s/%s", (int)(slash - self), self, name);
	if (access(path, X_OK) == 0)
		return path;
	bson_free(path);
	return NULL;
}

static char *
on_path(const char *name)
{
	const char *dir = getenv("PATH");

	while (dir && *dir) {
		int n = (int)strcspn(dir, ":");
		char *path = bson_strdup_printf("%.*s/%s", n, dir, name);

		if (n > 0 && access(path, X_OK) == 0)
			return path;
		bson_free(path);
		dir += n + (dir[n] == ':');
	}
	return NULL;
}

char *
worker_find(const char *name, bson_error_t *error)
{
	char *path = beside_us(name);

	if (!path)
		path = on_path(name);
	if (!path)
		error_set(error, MM_EXIT_IO, 0,
		    "\"%s\" is neither beside this program nor on PATH", name);
	return path;
}

/* ------------------------------------------------------------------- start */

static size_t
count(char *const *list)
{
	size_t n = 0;

	while (list[n])
		n++;
	return n;
}

static bool
named_in(const char *variable, char *const *env)
{
	for (; *env; env++) {
		size_t n = strcspn(*env, "=");

		if (strncmp(variable, *env, n) == 0 && variable[n] == '=')
			return true;
	}
	return false;
}

/* Views of ours and of theirs. */
static char **
environment(char *const *env)
{
	char **all =
		 bson_malloc((count(environ) + count(env) + 1) * sizeof *all),
	     **out = all;

	for (char **e = environ; *e; e++)
		if (!named_in(*e, env))
			*out++ = *e;
	for (; *env; env++)
		*out++ = *env;
	*out = NULL;
	return all;
}

/* In the child, between fork and exec: nothing that takes a lock. */
static _Noreturn void
become(char *const *argv, char *const *env, int log, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(SPAWN_FAILED);
	spawn_become(argv, env, log, log);
}

bool
worker_start(struct worker *w, char *const *argv, char *const *env,
    const char *log, bson_error_t *error)
{
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	pid_t parent = getpid();
	char **all;

	w->pid = 0;
	if (fd < 0)
		return error_errno(
		    error, MM_EXIT_IO, "could not open \"%s\"", log);
	all = environment(env);
	w->pid = fork();
	if (w->pid == 0)
		become(argv, all, fd, parent);
	close(fd);
	bson_free(all);
	if (w->pid > 0)
		return true;
	w->pid = 0;
	return error_errno(
	    error, MM_EXIT_IO, "could not start \"%s\"", argv[0]);
}

/* --------------------------------------------------------------------- end */

bool
worker_runs(struct worker *w, int *status)
{
	int how = 0;
	pid_t got;

	*status = 0;
	if (w->pid == 0)
		return false;
	do
		got = waitpid(w->pid, &how, WNOHANG);
	while (got < 0 && errno == EINTR);
	if (got == 0)
		return true;
	w->pid = 0;
	*status = WIFSIGNALED(how) ? 128 + WTERMSIG(how) : WEXITSTATUS(how);
	return false;
}

void
worker_ask(const struct worker *w)
{
	if (w->pid > 0)
		kill(w->pid, SIGTERM);
}

void
worker_end(struct worker *w, int ms)
{
	int64_t until = clock_ms() + ms;
	int status;

	worker_ask(w);
	while (worker_runs(w, &status)) {
		if (clock_ms() >= until)
			kill(w->pid, SIGKILL);
		poll(NULL, 0, POLL_MS);
	}
}
