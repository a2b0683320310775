#include "base/sig.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

static volatile sig_atomic_t stop_signal;
static atomic_bool want_report, want_rotate;
static int wake[2] = {-1, -1};

static void
on_stop(int sig)
{
	int saved = errno;

	if (stop_signal) {
		signal(sig, SIG_DFL);
		raise(sig);
	} else {
		stop_signal = sig;
		/* Full or not, one byte is enough to wake everybody. */
		if (write(wake[1], "s", 1) < 0)
			errno = saved;
	}
	errno = saved;
}

static void
on_user(int sig)
{
	if (sig == SIGUSR1)
		atomic_store(&want_report, true);
	else
		atomic_store(&want_rotate, true);
}

static void
install(int sig, void (*handler)(int))
{
	struct sigaction act = {.sa_handler = handler}, old;

	/* No SA_RESTART: a blocked read returns and its loop looks. SA_NODEFER
	 * lets the second signal's raise() act inside the handler. */
	act.sa_flags = SA_NODEFER;
	sigemptyset(&act.sa_mask);
	if (sigaction(sig, NULL, &old) == 0 && old.sa_handler == SIG_IGN)
		return;
	sigaction(sig, &act, NULL);
}

void
sig_init(void)
{
	if (wake[0] >= 0)
		return;
	if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) != 0)
		wake[0] = wake[1] = -1;
	install(SIGINT, on_stop);
	install(SIGTERM, on_stop);
	install(SIGUSR1, on_user);
	install(SIGUSR2, on_user);
	signal(SIGPIPE, SIG_IGN);
}

int
sig_stopping(void)
{
	return stop_signal;
}

void
sig_stop(void)
{
	if (!stop_signal)
		on_stop(SIGTERM);
}

int
sig_wake_fd(void)
{
	return wake[0];
}

bool
sig_take_report(void)
{
	return atomic_exchange(&want_report, false);
}

bool
sig_take_rotate(void)
{
	return atomic_exchange(&want_rotate, false);
}

bool
sig_sleep(int ms)
{
	struct pollfd p = {.fd = wake[0], .events = POLLIN};

	if (!stop_signal)
		poll(&p, 1, ms);
	return !stop_signal;
}

void
sig_reraise(int sig)
{
	sigset_t set;

	signal(sig, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(sig);
	_exit(128 + sig);
}
