/* Several files are pumped through a pipe by a thread, so that readers need to
 * know one descriptor only. */
#include "io/input.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "base/thread.h"
#include "io/fdio.h"
#include "io/file.h"

#define PIECE (256 << 10)

struct input {
	char *const *files;
	int n;
	int fd;
	int into; /* the pipe's other end */
	pthread_t thread;
	bool pumping, failed;
	bson_error_t error;
};

/* False: end it; the reader has gone, or error is set. */
static bool
pump_file(struct input *in, const char *file, char *piece)
{
	int fd = file_open_read(file, &in->error);
	bson_error_t ignored;
	ssize_t got = 0;
	bool ok = true;

	in->failed = fd < 0;
	while (!in->failed && ok) {
		got = fdio_read_some(fd, file, piece, PIECE, false, &in->error);
		in->failed = got < 0;
		if (got <= 0)
			break;
		ok = fdio_write_all(
		    in->into, "pipe", piece, (size_t)got, &ignored);
	}
	if (fd > STDIN_FILENO)
		close(fd);
	return ok && !in->failed;
}

static void *
pump(void *arg)
{
	struct input *in = arg;
	char *piece = bson_malloc(PIECE);

	for (int i = 0; i < in->n; i++)
		if (!pump_file(in, in->files[i], piece))
			break;
	bson_free(piece);
	close(in->into);
	return NULL;
}

static bool
start_pump(struct input *in, bson_error_t *error)
{
	int ends[2], fd;

	/* A wrong name is told before anything is begun. */
	for (int i = 0; i < in->n; i++) {
		fd = file_open_read(in->files[i], error);
		if (fd < 0)
			return false;
		if (fd > STDIN_FILENO)
			close(fd);
	}
	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_errno(error, MM_EXIT_IO, "could not make a pipe");
	in->fd = ends[0];
	in->into = ends[1];
	fdio_widen_pipe(in->into);
	in->pumping = thread_start(&in->thread, pump, in, error);
	if (!in->pumping)
		close(in->into);
	return in->pumping;
}

struct input *
input_open(char *const *files, int n, bson_error_t *error)
{
	struct input *in = bson_malloc0(sizeof *in);
	bool ok;

	in->files = files;
	in->n = n;
	in->fd = -1;
	if (n > 1) {
		ok = start_pump(in, error);
	} else {
		in->fd = file_open_read(n == 0 ? "-" : files[0], error);
		ok = in->fd >= 0;
		if (ok)
			fdio_widen_pipe(in->fd);
	}
	if (ok)
		return in;
	input_close(in, NULL);
	return NULL;
}

int
input_fd(const struct input *in)
{
	return in->fd;
}

const char *
input_name(const struct input *in)
{
	return in->n == 1 ? in->files[0]
	    : in->n == 0  ? "standard input"
			  : "input";
}

bool
input_close(struct input *in, bson_error_t *error)
{
	bool ok;

	if (!in)
		return true;
	if (in->fd > STDIN_FILENO)
		close(in->fd);
	if (in->pumping)
		pthread_join(in->thread, NULL);
	ok = !in->failed;
	if (!ok && error)
		*error = in->error;
	bson_free(in);
	return ok;
}
