/* io: a file, or what gzip(1) makes of it: for files of others, whose names end
 * in .gz, or that are so all the same.
 */
#ifndef MM_IO_GUNZIP_H
#define MM_IO_GUNZIP_H

#include <sys/types.h>

#include "base/error.h"

struct gunzip {
	int fd;    /* to read from; -1: none */
	pid_t pid; /* of `gzip -dc`; 0: the file itself */
	char *path;
};

/* Status 7: it cannot be opened, or gzip not be run. */
bool gunzip_open(struct gunzip *g, const char *path, bson_error_t *error);
/* Status 3: gzip says that the file is damaged. `whole`: everything was read,
 * so its word counts. */
bool gunzip_close(struct gunzip *g, bool whole, bson_error_t *error);

#endif
