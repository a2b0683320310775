/* Kills the program around the n-th fsync of a file whose name ends in
 * $KILL_FILE: $KILL_AT is "N lost" (what was written since the last one is
 * gone), "N torn" (half of it is), or "N kept" (all of it is on the disk). With
 * $KILL_PARENT its parent goes first.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int seen;
static off_t safe = -1;

static int
is_the_file(int fd)
{
	const char *name = getenv("KILL_FILE");
	char link[64], path[4096];
	size_t len, n;
	ssize_t got;

	if (!name)
		return 0;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	got = readlink(link, path, sizeof path - 1);
	if (got < 0)
		return 0;
	path[got] = '\0';
	len = strlen(name);
	n = (size_t)got;
	return n >= len && strcmp(path + n - len, name) == 0;
}

/* Where the file ended when it was opened: a chain of documents, of which the
 * last is what is being synced. */
static off_t
before_last(int fd, off_t size)
{
	unsigned char head[4];
	off_t at = 0, next;

	for (;;) {
		if (pread(fd, head, 4, at) != 4)
			return at;
		next = at + (off_t)(head[0] | head[1] << 8 | head[2] << 16);
		if (next >= size)
			return at;
		at = next;
	}
}

static int
sync_or_die(int fd, const char *name)
{
	int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
	const char *at = getenv("KILL_AT");
	struct stat st;
	int result;

	if (!at || !is_the_file(fd) || ++seen != atoi(at))
		return real(fd);
	if (fstat(fd, &st) == 0)
		safe = before_last(fd, st.st_size);
	if (strstr(at, "lost") && ftruncate(fd, safe) != 0)
		return -1;
	if (strstr(at, "torn") &&
	    ftruncate(fd, safe + (st.st_size - safe) / 2) != 0)
		return -1;
	result = real(fd);
	if (getenv("KILL_PARENT"))
		kill(getppid(), SIGKILL);
	kill(getpid(), SIGKILL);
	return result;
}

int
fsync(int fd)
{
	return sync_or_die(fd, "fsync");
}

int
fdatasync(int fd)
{
	return sync_or_die(fd, "fdatasync");
}
