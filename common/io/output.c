#include "io/output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "io/fdio.h"
#include "io/file.h"

struct output {
	char *path, *partial; /* NULL: standard output */
	int fd;
	bool published;
};

/* What a killed writer left is removed; the lock tells it from one at work. */
static bool
remove_left(const char *partial, bson_error_t *error)
{
	int fd = open(partial, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return errno == ENOENT ||
		    error_errno(error, MM_EXIT_IO, "could not open file \"%s\"",
			partial);
	ok = flock(fd, LOCK_EX | LOCK_NB) == 0 ||
	    error_set(error, MM_EXIT_REFUSED, errno,
		"file \"%s\" is being written by another program", partial);
	if (ok && unlink(partial) != 0 && errno != ENOENT)
		ok = error_errno(
		    error, MM_EXIT_IO, "could not remove file \"%s\"", partial);
	close(fd);
	return ok;
}

static bool
open_file(struct output *o, const char *path, bson_error_t *error)
{
	if (access(path, F_OK) == 0)
		return error_set(error, MM_EXIT_IO, EEXIST,
		    "file \"%s\" exists already", path);
	o->path = bson_strdup(path);
	o->partial = bson_strdup_printf("%s.partial", path);
	if (!remove_left(o->partial, error))
		return false;
	o->fd = file_create(o->partial, error);
	if (o->fd >= 0 && flock(o->fd, LOCK_EX | LOCK_NB) != 0)
		return error_errno(error, MM_EXIT_IO,
		    "could not lock file \"%s\"", o->partial);
	return o->fd >= 0;
}

struct output *
output_open(const char *path, bson_error_t *error)
{
	struct output *o = bson_malloc0(sizeof *o);
	bool ok;

	o->fd = -1;
	if (path && strcmp(path, "-") != 0) {
		ok = open_file(o, path, error);
	} else {
		o->fd = STDOUT_FILENO;
		ok = fdio_refuse_terminal(o->fd, "standard output", error);
		fdio_widen_pipe(o->fd);
	}
	if (ok)
		return o;
	if (o->fd < 0) { /* the .partial is not ours to remove */
		bson_free(o->partial);
		o->partial = NULL;
	}
	output_free(o);
	return NULL;
}

int
output_fd(const struct output *o)
{
	return o->fd;
}

const char *
output_name(const struct output *o)
{
	return o->partial ? o->partial : "standard output";
}

bool
output_publish(struct output *o, bson_error_t *error)
{
	int fd = o->fd;

	if (!o->path) {
		o->fd = -1;
		return fdio_close(fd, "standard output", error);
	}
	if (!file_sync(fd, o->partial, error))
		return false;
	o->published = file_publish(o->partial, o->path, error);
	o->fd = -1;
	/* Closed last: the lock holds until the file has its name. */
	return fdio_close(fd, o->path, o->published ? error : NULL) &&
	    o->published;
}

void
output_free(struct output *o)
{
	if (!o)
		return;
	if (o->partial && !o->published)
		(void)unlink(o->partial);
	if (o->partial && o->fd >= 0)
		close(o->fd);
	bson_free(o->path);
	bson_free(o->partial);
	bson_free(o);
}
