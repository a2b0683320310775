/* mongosim: asking another member: commands over one connection. */
#ifndef SIM_CALLER_H
#define SIM_CALLER_H

#include "base/buf.h"
#include "base/error.h"

struct caller {
	int fd; /* -1: none */
	int32_t id;
	struct buf in, out;
};

/* 127.0.0.1:PORT or another HOST:PORT. */
bool caller_open(struct caller *c, const char *address, bson_error_t *error);
void caller_close(struct caller *c);
/* The reply is a view that lasts until the next call. False: the connection
 * is gone, or ok is not 1 (error->code is the server's). */
bool caller_run(struct caller *c, const bson_t *command, bson_t *reply,
    bson_error_t *error);

#endif
