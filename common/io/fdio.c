#include "io/fdio.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/sig.h"
#include "base/stage.h"

#define PIPE_BYTES (1 << 20)

/* Waits for `events` on fd. False: a stop signal came first. */
static bool
wait_ready(int fd, short events, bool stoppable)
{
	struct pollfd p[2] = {{.fd = fd, .events = events},
	    {.fd = stoppable ? sig_wake_fd() : -1, .events = POLLIN}};

	do {
		if (stoppable && sig_stopping())
			return false;
		/* An error of poll itself is left to the read or write. */
	} while (poll(p, 2, -1) < 0 && errno == EINTR);
	return !(stoppable && sig_stopping());
}

static ssize_t
read_some(int fd, const char *name, void *data, size_t len, bool stoppable,
    bson_error_t *error)
{
	for (;;) {
		ssize_t n;

		if (stoppable && !wait_ready(fd, POLLIN, true))
			return -2;
		n = read(fd, data, len);
		if (n >= 0)
			return n;
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			wait_ready(fd, POLLIN, false);
		else if (errno != EINTR)
			break;
	}
	error_errno(error, MM_EXIT_IO, "could not read %s", name);
	return -1;
}

ssize_t
fdio_read_some(int fd, const char *name, void *data, size_t len, bool stoppable,
    bson_error_t *error)
{
	enum stage was = stage_enter(STAGE_READ);
	ssize_t n = read_some(fd, name, data, len, stoppable, error);

	stage_enter(was);
	return n;
}

enum fdio_got
fdio_read_full(int fd, const char *name, void *data, size_t len, bool stoppable,
    bson_error_t *error)
{
	size_t got = 0;

	while (got < len) {
		ssize_t n = fdio_read_some(fd, name, (char *)data + got,
		    len - got, stoppable && got == 0, error);

		if (n == -2)
			return FDIO_STOPPED;
		if (n < 0)
			return FDIO_ERROR;
		if (n == 0 && got == 0)
			return FDIO_END;
		if (n == 0) {
			error_set(error, MM_EXIT_STREAM, 0,
			    "%s: cut short: %zu of %zu bytes", name, got, len);
			return FDIO_ERROR;
		}
		got += (size_t)n;
	}
	return FDIO_ALL;
}

static bool
write_all(
    int fd, const char *name, const void *data, size_t len, bson_error_t *error)
{
	const char *p = data;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n > 0) {
			p += n;
			len -= (size_t)n;
		} else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			wait_ready(fd, POLLOUT, false);
		} else if (n == 0 || errno != EINTR) {
			return error_errno(
			    error, MM_EXIT_IO, "could not write to %s", name);
		}
	}
	return true;
}

bool
fdio_write_all(
    int fd, const char *name, const void *data, size_t len, bson_error_t *error)
{
	enum stage was = stage_enter(STAGE_WRITE);
	bool ok = write_all(fd, name, data, len, error);

	stage_enter(was);
	return ok;
}

bool
fdio_close(int fd, const char *name, bson_error_t *error)
{
	/* EINTR: the descriptor is gone on Linux, and the data is not lost. */
	if (close(fd) != 0 && errno != EINTR)
		return error_errno(
		    error, MM_EXIT_IO, "could not close %s", name);
	return true;
}

bool
fdio_refuse_terminal(int fd, const char *name, bson_error_t *error)
{
	if (!isatty(fd))
		return true;
	return error_set(error, MM_EXIT_USAGE, 0,
	    "%s is a terminal: connect a pipe or a file for the stream", name);
}

void
fdio_widen_pipe(int fd)
{
	if (fcntl(fd, F_GETPIPE_SZ) > 0)
		(void)fcntl(fd, F_SETPIPE_SZ, PIPE_BYTES);
}
