/* io: another program that goes on until it is told to end. */
#ifndef MM_IO_WORKER_H
#define MM_IO_WORKER_H

#include <sys/types.h>

#include "base/error.h"

/* A program of ours: beside this one, else on PATH. Caller frees with
 * bson_free. NULL: there is none; status 7. */
char *worker_find(const char *name, bson_error_t *error);

struct worker {
	pid_t pid; /* 0: it does not run */
};

/* argv[0] is a path; no shell. The program gets an empty standard input, what
 * it prints is appended to the file `log` (mode 600), no other descriptor, and
 * a process group of its own, so that a terminal's signals do not reach it. It
 * is told to end (SIGTERM) when the thread that calls this is gone. env:
 * NAME=VALUE that are put in place of ours of these names. Status 7. */
bool worker_start(struct worker *w, char *const *argv, char *const *env,
    const char *log, bson_error_t *error);
/* True: it runs. False: *status as a shell sees it (128 + N: killed by signal
 * N), once; then 0. */
bool worker_runs(struct worker *w, int *status);
/* Asks it to end (SIGTERM); worker_runs tells when it has. */
void worker_ask(const struct worker *w);
/* The same, and waits; after ms it is killed. */
void worker_end(struct worker *w, int ms);

#endif
