#include "io/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

_Noreturn void
spawn_become(char *const *argv, char *const *env, int out, int err)
{
	int null = open("/dev/null", O_RDONLY);
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	setpgid(0, 0);
	if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 ||
	    dup2(err, 2) < 0 || close_range(3, ~0U, 0) != 0)
		_exit(SPAWN_FAILED);
	execve(argv[0], argv, env);
	_exit(SPAWN_FAILED);
}
