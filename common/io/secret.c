#include "io/secret.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/fdio.h"
#include "io/file.h"

/* One byte more than max, to find out that it is too long. -1: error. */
static ssize_t
read_all(const char *path, char *text, size_t max, bson_error_t *error)
{
	int fd = file_open_read(path, error);
	ssize_t n = 0, got;
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    (st.st_mode & 077) != 0) {
		close(fd);
		error_set(error, MM_EXIT_USAGE, 0,
		    "\"%s\" may be read by others: chmod 600", path);
		return -1;
	}
	while ((got = fdio_read_some(
		    fd, path, text + n, max + 1 - (size_t)n, false, error)) > 0)
		n += got;
	close(fd);
	return got < 0 ? -1 : n;
}

char *
secret_read(const char *path, size_t max, bson_error_t *error)
{
	char *text = bson_malloc0(max + 2);
	ssize_t n = read_all(path, text, max, error);
	const char *wrong = NULL;

	if (n < 0) {
		bson_free(text);
		return NULL;
	}
	while (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	if (n == 0)
		wrong = "empty";
	else if ((size_t)n > max)
		wrong = "too long";
	else if (strlen(text) != (size_t)n)
		wrong = "no text";
	if (!wrong)
		return text;
	error_set(error, MM_EXIT_USAGE, 0, "\"%s\" is %s", path, wrong);
	explicit_bzero(text, max + 1);
	bson_free(text);
	return NULL;
}

void
secret_free(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	bson_free(text);
}
