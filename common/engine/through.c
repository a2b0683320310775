#include "engine/through.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "base/thread.h"

struct through {
	pthread_t thread;
	through_fn *fn;
	void *arg;
	bool writes, ok;
	int ours, theirs;
	bson_error_t error;
};

static void *
run(void *arg)
{
	struct through *t = arg;

	t->ok = t->fn(t->arg, t->theirs, &t->error);
	close(t->theirs);
	return NULL;
}

struct through *
through_begin(
    bool writes, through_fn *fn, void *arg, int *ours, bson_error_t *error)
{
	struct through *t = bson_malloc0(sizeof *t);
	int fd[2];

	if (pipe2(fd, O_CLOEXEC) != 0) {
		bson_free(t);
		error_errno(error, MM_EXIT_IO, "could not make a pipe");
		return NULL;
	}
	t->fn = fn;
	t->arg = arg;
	t->writes = writes;
	t->ours = fd[!writes];
	t->theirs = fd[writes];
	if (!thread_start(&t->thread, run, t, error)) {
		close(fd[0]);
		close(fd[1]);
		bson_free(t);
		return NULL;
	}
	*ours = t->ours;
	return t;
}

static bool
broken_pipe(const bson_error_t *error)
{
	return error_status(error) == MM_EXIT_IO && error->code == EPIPE;
}

/* Who stops reading makes the other write into a closed pipe; who stops writing
 * makes a cut stream, and who is stopped makes either. */
static bool
theirs_counts(const struct through *t, const bson_error_t *ours)
{
	if (broken_pipe(ours))
		return true;
	if (broken_pipe(&t->error) || !t->writes)
		return false;
	return error_status(ours) == MM_EXIT_STREAM ||
	    error_status(&t->error) != MM_EXIT_STOPPED;
}

bool
through_end(struct through *t, bool ok, bson_error_t *error)
{
	close(t->ours);
	pthread_join(t->thread, NULL);
	if (!t->ok && (ok || theirs_counts(t, error)) && error)
		*error = t->error;
	ok = ok && t->ok;
	bson_free(t);
	return ok;
}
