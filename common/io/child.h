/* io: another program, run to its end or to a deadline. */
#ifndef MM_IO_CHILD_H
#define MM_IO_CHILD_H

#include "base/buf.h"
#include "base/error.h"

struct child_result {
	int status;     /* of its exit; 128 + N: killed by signal N */
	bool late;      /* the deadline came; it and its group were killed */
	struct buf out; /* what it printed, up to the limit, and a NUL */
	char complaint[300]; /* the last line of its standard error */
};

/* argv[0] is a path; no shell. The program gets an empty standard input, our
 * environment, no descriptor but 0, 1 and 2, and a process group of its own,
 * so that a terminal's signals do not reach it. Signals to us do not end the
 * wait. Printing more than max_out bytes is as being late. False, status 7: it
 * could not be started. *result is the caller's in every case. */
bool child_run(char *const *argv, int seconds, size_t max_out,
    struct child_result *result, bson_error_t *error);
void child_release(struct child_result *result);

#endif
