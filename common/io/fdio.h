/* io: exact reads and writes on descriptors.
 *
 * EINTR and short transfers are continued; EAGAIN (a descriptor that another
 * program set O_NONBLOCK) waits with poll(2). A stoppable read also ends when
 * sig_wake_fd() becomes readable.
 */
#ifndef MM_IO_FDIO_H
#define MM_IO_FDIO_H

#include "base/error.h"

enum fdio_got {
	FDIO_ERROR = -1, /* error is set, status 7 (cut short: 3) */
	FDIO_END = 0,    /* end before the first byte */
	FDIO_ALL = 1,    /* all of it */
	FDIO_STOPPED = 2 /* a stop signal came before the first byte */
};

/* Exactly len bytes. name is for messages ("standard input", a path). */
enum fdio_got fdio_read_full(int fd, const char *name, void *data, size_t len,
    bool stoppable, bson_error_t *error);
/* 1..len bytes: >0; 0 at the end; -1 error; -2 stop signal. */
ssize_t fdio_read_some(int fd, const char *name, void *data, size_t len,
    bool stoppable, bson_error_t *error);
/* All of it. A closed pipe is status 7 with code EPIPE. */
bool fdio_write_all(int fd, const char *name, const void *data, size_t len,
    bson_error_t *error);
/* close(2) whose failure counts. */
bool fdio_close(int fd, const char *name, bson_error_t *error);
/* Status 2 with a hint in the message where fd is a terminal. */
bool fdio_refuse_terminal(int fd, const char *name, bson_error_t *error);
/* A larger pipe buffer where fd is a pipe; failure is harmless. */
void fdio_widen_pipe(int fd);

#endif
