/* base: signals.
 *
 * The first SIGINT or SIGTERM asks for a drain: sig_stopping() turns true and
 * the wake descriptor becomes readable. The second one is re-raised at once
 * with its default action. SIGPIPE is ignored, so that a closed pipe is an
 * EPIPE error; sig_reraise(SIGPIPE) ends the program as the shell expects,
 * after server state was released. Signals that were ignored at start stay
 * ignored.
 */
#ifndef MM_BASE_SIG_H
#define MM_BASE_SIG_H

#include <stdbool.h>

void sig_init(void);
/* The number of the signal that asked for a drain, or 0. */
int sig_stopping(void);
/* Ask for a drain from within (as if SIGTERM had come), without a signal. */
void sig_stop(void);
/* Readable from the moment of the first stop signal; for poll(2). Never read
 * from it. */
int sig_wake_fd(void);
/* True once after each SIGUSR1 (report) or SIGUSR2 (rotate). */
bool sig_take_report(void);
bool sig_take_rotate(void);
/* Sleep up to ms milliseconds, or until a stop signal. False: stopping. */
bool sig_sleep(int ms);
/* Default action, raise: does not return. */
_Noreturn void sig_reraise(int sig);

#endif
