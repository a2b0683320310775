#include "engine/lock_note.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"
#include "mongo/holder.h"

char *
lock_note_path(const char *member)
{
	const char *dir = getenv("TMPDIR");
	char *path = bson_strdup_printf("%s/mm-dump.lock.%ld.%s",
	    dir && *dir ? dir : "/var/tmp", (long)getuid(), member);

	for (char *at = path + strlen(path) - strlen(member); *at; at++)
		if (*at == '/')
			*at = '_';
	return path;
}

enum lock_note
lock_note_read(const char *path, int64_t *pid, bson_error_t *error)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char text[700] = "", host[256] = "", boot[128] = "";
	struct holder self;
	struct stat st;
	int64_t ticks = 0;
	ssize_t n;

	if (fd < 0 && errno == ENOENT)
		return LOCK_NOTE_NONE;
	if (fd < 0 || fstat(fd, &st) != 0 || st.st_uid != getuid()) {
		if (fd >= 0) {
			close(fd);
			errno = EPERM;
		}
		error_errno(error, MM_EXIT_IO, "could not read \"%s\"", path);
		return LOCK_NOTE_ERROR;
	}
	n = read(fd, text, sizeof text - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	*pid = 0;
	if (sscanf(text, "%255[^\t]\t%127[^\t]\t%" SCNd64 "\t%" SCNd64, host,
		boot, pid, &ticks) != 4)
		return LOCK_NOTE_DEAD;
	holder_self(&self);
	/* Another boot of this host, or a process that is gone. */
	if (strcmp(boot, self.boot[0] ? self.boot : "-") != 0 ||
	    holder_is_dead(*pid, ticks))
		return LOCK_NOTE_DEAD;
	return LOCK_NOTE_ALIVE;
}

bool
lock_note_write(const char *path, bson_error_t *error)
{
	struct holder self;
	char *text;
	bool ok;

	holder_self(&self);
	text = bson_strdup_printf("%s\t%s\t%" PRId64 "\t%" PRId64 "\n",
	    self.host[0] ? self.host : "-", self.boot[0] ? self.boot : "-",
	    self.pid, self.ticks);
	ok = file_replace(path, text, strlen(text), error);
	bson_free(text);
	return ok;
}

bool
lock_note_remove(const char *path, bson_error_t *error)
{
	return unlink(path) == 0 || errno == ENOENT ||
	    error_errno(error, MM_EXIT_IO, "could not remove \"%s\"", path);
}
