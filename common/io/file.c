#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/fdio.h"

#define READ_BYTES 65536

int
file_open_read(const char *path, bson_error_t *error)
{
	struct stat st;
	int fd;

	if (strcmp(path, "-") == 0)
		return fdio_refuse_terminal(
			   STDIN_FILENO, "standard input", error)
		    ? STDIN_FILENO
		    : -1;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		close(fd);
		fd = -1;
		errno = EISDIR;
	}
	if (fd < 0)
		error_errno(
		    error, MM_EXIT_IO, "could not open file \"%s\"", path);
	return fd;
}

bool
file_read(const char *path, size_t max, struct buf *b, bson_error_t *error)
{
	int fd = file_open_read(path, error);
	size_t end = b->len + max;
	ssize_t n = 1;

	while (fd >= 0 && n > 0 && b->len <= end) {
		buf_reserve(b, READ_BYTES);
		n = fdio_read_some(
		    fd, path, b->data + b->len, READ_BYTES, false, error);
		b->len += n > 0 ? (size_t)n : 0;
	}
	if (fd > 0)
		close(fd);
	if (fd < 0 || n < 0)
		return false;
	return b->len <= end ||
	    error_set(error, MM_EXIT_USAGE, 0,
		"file \"%s\" has more than %zu bytes", path, max);
}

int
file_create(const char *path, bson_error_t *error)
{
	/* 0600: a stream holds other people's data. */
	int fd = open(
	    path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		error_errno(
		    error, MM_EXIT_IO, "could not create file \"%s\"", path);
	return fd;
}

bool
file_sync(int fd, const char *path, bson_error_t *error)
{
	int r;

	while ((r = fdatasync(fd)) != 0 && errno == EINTR)
		;
	if (r != 0)
		return error_errno(error, MM_EXIT_IO,
		    "could not force file \"%s\" to disk", path);
	return true;
}

bool
file_sync_dir(const char *dir, bson_error_t *error)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok;

	/* EINVAL: a file system that has nothing to force. */
	ok = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL);
	if (!ok)
		error_errno(error, MM_EXIT_IO,
		    "could not force directory \"%s\" to disk", dir);
	if (fd >= 0)
		close(fd);
	return ok;
}

static bool
sync_parent(const char *path, bson_error_t *error)
{
	const char *slash = strrchr(path, '/');
	char *dir;
	bool ok;

	if (!slash)
		return file_sync_dir(".", error);
	dir = bson_strndup(path, slash == path ? 1 : (size_t)(slash - path));
	ok = file_sync_dir(dir, error);
	bson_free(dir);
	return ok;
}

/* Rename that fails with EEXIST; file systems without RENAME_NOREPLACE get it
 * by a second link, which never replaces. */
static int
rename_new(const char *from, const char *to)
{
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (link(from, to) != 0)
		return -1;
	return unlink(from);
}

bool
file_publish(const char *from, const char *to, bson_error_t *error)
{
	if (rename_new(from, to) != 0)
		return error_errno(error, MM_EXIT_IO,
		    "could not rename file \"%s\" to \"%s\"", from, to);
	return sync_parent(to, error);
}

bool
file_replace(
    const char *path, const void *data, size_t len, bson_error_t *error)
{
	char *partial = bson_strdup_printf("%s.partial", path);
	bool ok = false;
	int fd;

	/* A rest of an earlier try is ours to drop. */
	(void)unlink(partial);
	fd = file_create(partial, error);
	if (fd < 0)
		goto cleanup;
	ok = fdio_write_all(fd, partial, data, len, error) &&
	    file_sync(fd, partial, error);
	ok = fdio_close(fd, partial, ok ? error : NULL) && ok;
	if (ok && rename(partial, path) != 0)
		ok = error_errno(error, MM_EXIT_IO,
		    "could not rename file \"%s\" to \"%s\"", partial, path);
	ok = ok && sync_parent(path, error);
	if (!ok)
		(void)unlink(partial);
cleanup:
	bson_free(partial);
	return ok;
}
