#include "io/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/fdio.h"

struct spill {
	int fd;
};

static const char *
folder(void)
{
	const char *dir = getenv("TMPDIR");

	return dir && *dir ? dir : "/tmp";
}

struct spill *
spill_open(bson_error_t *error)
{
	char *path = bson_strdup_printf("%s/mm-spill.XXXXXX", folder());
	struct spill *s = NULL;
	int fd = mkostemp(path, O_CLOEXEC);

	if (fd >= 0 && unlink(path) == 0) {
		s = bson_malloc0(sizeof *s);
		s->fd = fd;
	} else {
		error_errno(error, MM_EXIT_IO,
		    "could not make a temporary file in \"%s\"", folder());
		if (fd >= 0)
			close(fd);
	}
	bson_free(path);
	return s;
}

bool
spill_append(struct spill *s, const void *data, size_t len, bson_error_t *error)
{
	return fdio_write_all(s->fd, "temporary file", data, len, error);
}

bool
spill_read(
    struct spill *s, uint64_t at, void *data, size_t len, bson_error_t *error)
{
	uint8_t *p = data;
	ssize_t n;

	while (len > 0) {
		n = pread(s->fd, p, len, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(error, MM_EXIT_IO,
			    "could not read the temporary file");
		if (n == 0)
			return error_set(error, MM_EXIT_IO, 0,
			    "the temporary file is shorter than it was");
		p += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return true;
}

/* Not every file system can; then the place is used until the end. */
void
spill_forget(struct spill *s, uint64_t at, size_t len)
{
	(void)!fallocate(s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
	    (off_t)at, (off_t)len);
}

void
spill_close(struct spill *s)
{
	if (!s)
		return;
	close(s->fd); /* it is gone with this */
	bson_free(s);
}
