#include "io/gunzip.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* By its name; or as mongodump --gzip leaves oplog.bson: gzip's magic, method
 * and flags, then a time of 0, which as a document would be one of 557 KB whose
 * first field has no type. */
static bool
compressed(const char *path, int file)
{
	size_t len = strlen(path);
	uint8_t head[5];

	if (len > 3 && strcmp(path + len - 3, ".gz") == 0)
		return true;
	return pread(file, head, sizeof head, 0) == sizeof head &&
	    memcmp(head, "\x1f\x8b\x08", 3) == 0 && head[4] == 0;
}

/* gzip reads the file as its standard input, so that no name is an option of
 * it, and dies of a closed pipe as usual. */
static bool
start(struct gunzip *g, int file, bson_error_t *error)
{
	char *const argv[] = {"gzip", "-dc", NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t usual;
	int pipes[2], got;

	if (pipe2(pipes, O_CLOEXEC) != 0)
		return error_errno(error, MM_EXIT_IO, "could not make a pipe");
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, file, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, pipes[1], STDOUT_FILENO);
	posix_spawnattr_init(&attr);
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);
	posix_spawnattr_setsigdefault(&attr, &usual);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	got = posix_spawnp(&g->pid, "gzip", &files, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	close(pipes[1]);
	g->fd = pipes[0];
	if (got == 0)
		return true;
	g->pid = 0;
	errno = got;
	return error_errno(error, MM_EXIT_IO, "could not run gzip");
}

bool
gunzip_open(struct gunzip *g, const char *path, bson_error_t *error)
{
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	bool ok = true;

	*g = (struct gunzip){.fd = -1};
	if (file < 0)
		return error_errno(
		    error, MM_EXIT_IO, "could not open file \"%s\"", path);
	g->path = bson_strdup(path);
	if (!compressed(path, file)) {
		g->fd = file;
		return true;
	}
	ok = start(g, file, error);
	close(file);
	if (!ok)
		gunzip_close(g, false, NULL);
	return ok;
}

bool
gunzip_close(struct gunzip *g, bool whole, bson_error_t *error)
{
	int status = 0;
	bool ok;

	if (g->fd >= 0)
		close(g->fd);
	if (g->pid > 0)
		while (waitpid(g->pid, &status, 0) < 0 && errno == EINTR)
			;
	ok = !whole || status == 0 ||
	    error_set(error, MM_EXIT_STREAM, 0,
		"%s: gzip cannot read it to its end", g->path);
	bson_free(g->path);
	*g = (struct gunzip){.fd = -1};
	return ok;
}
