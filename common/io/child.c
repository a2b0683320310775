#include "io/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/spawn.h"

enum { PIECE = 4096, GRACE_MS = 1000 };

static void
keep_complaint(struct child_result *r, const struct buf *err)
{
	const char *text = (const char *)err->data;
	size_t end = err->len, from, len;

	if (end == 0) {
		r->complaint[0] = '\0';
		return;
	}
	while (end > 0 && text[end - 1] == '\n')
		end--;
	for (from = end; from > 0 && text[from - 1] != '\n'; from--)
		;
	len = end - from;
	if (len >= sizeof r->complaint)
		len = sizeof r->complaint - 1;
	memcpy(r->complaint, text + from, len);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)r->complaint[i] < ' ')
			r->complaint[i] = ' ';
	r->complaint[len] = '\0';
}

/* False: closed. What is above the limit is not kept. */
static bool
take(int fd, struct buf *b, size_t max, bool *too_much)
{
	uint8_t piece[PIECE];
	ssize_t n = read(fd, piece, sizeof piece);

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	if (n == 0)
		return false;
	if ((size_t)n > max - b->len) {
		*too_much = true;
		n = (ssize_t)(max - b->len);
	}
	buf_add(b, piece, (size_t)n);
	return true;
}

/* Until both ends are closed, the deadline, or too much. */
static void
gather(int out, int err, int64_t deadline, size_t max, struct child_result *r,
    struct buf *errors)
{
	struct pollfd p[2] = {{out, POLLIN, 0}, {err, POLLIN, 0}};
	bool too_much = false, ignored = false;

	while (p[0].fd >= 0 || p[1].fd >= 0) {
		int64_t left = deadline - clock_ms();

		if (left <= 0 || too_much) {
			r->late = true;
			return;
		}
		if (poll(p, 2, (int)left) < 0)
			continue;
		if (p[0].revents && !take(out, &r->out, max, &too_much))
			p[0].fd = -1;
		if (p[1].revents && !take(err, errors, PIECE, &ignored))
			p[1].fd = -1;
	}
}

/* It may have closed its output and still run. */
static void
await(pid_t pid, int64_t deadline, struct child_result *r)
{
	int status = 0;

	while (!r->late && waitpid(pid, &status, WNOHANG) == 0) {
		if (clock_ms() >= deadline)
			r->late = true;
		else
			nanosleep(&(struct timespec){0, 1000000}, NULL);
	}
	if (r->late) {
		kill(-pid, SIGTERM);
		deadline = clock_ms() + GRACE_MS;
		while (waitpid(pid, &status, WNOHANG) == 0 &&
		    clock_ms() < deadline)
			nanosleep(&(struct timespec){0, 5000000}, NULL);
		kill(-pid, SIGKILL);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	r->status =
	    WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool
child_run(char *const *argv, int seconds, size_t max_out,
    struct child_result *result, bson_error_t *error)
{
	struct buf errors = BUF_INIT;
	int64_t deadline = clock_ms() + (int64_t)seconds * 1000;
	int out[2], err[2];
	pid_t pid;

	*result = (struct child_result){0};
	if (access(argv[0], X_OK) != 0)
		return error_errno(
		    error, MM_EXIT_IO, "could not run \"%s\"", argv[0]);
	if (pipe2(out, O_CLOEXEC) != 0)
		return error_errno(error, MM_EXIT_IO, "could not make a pipe");
	if (pipe2(err, O_CLOEXEC) != 0) {
		close(out[0]);
		close(out[1]);
		return error_errno(error, MM_EXIT_IO, "could not make a pipe");
	}
	pid = fork();
	if (pid == 0)
		spawn_become(argv, environ, out[1], err[1]);
	close(out[1]);
	close(err[1]);
	if (pid > 0) {
		setpgid(pid, pid);
		gather(out[0], err[0], deadline, max_out, result, &errors);
		await(pid, deadline, result);
		keep_complaint(result, &errors);
	}
	close(out[0]);
	close(err[0]);
	buf_release(&errors);
	buf_add_byte(&result->out, 0);
	result->out.len--;
	return pid > 0 ||
	    error_errno(error, MM_EXIT_IO, "could not start \"%s\"", argv[0]);
}

void
child_release(struct child_result *result)
{
	buf_release(&result->out);
}
