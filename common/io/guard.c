#include "io/guard.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sig.h"

enum { POLL_MS = 50 };

enum guard
guard_fork(int *status, bson_error_t *error)
{
	pid_t parent = getpid(), pid = fork();
	bool told = false;
	int how;

	if (pid < 0) {
		error_errno(error, MM_EXIT_IO, "could not start a process");
		return GUARD_FAILED;
	}
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			sig_stop();
		return GUARD_CHILD;
	}
	/* No wait without end: a signal may come just before it. */
	while (waitpid(pid, &how, WNOHANG) != pid) {
		if (sig_stopping() && !told) {
			kill(pid, sig_stopping());
			told = true;
		}
		poll(NULL, 0, POLL_MS);
	}
	*status = WIFSIGNALED(how) ? 128 + WTERMSIG(how) : WEXITSTATUS(how);
	return GUARD_PARENT;
}
