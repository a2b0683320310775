#include "mongo/holder.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Start of a process in clock ticks since the boot; -1: no such process, 0: it
 * is dead, and its parent has not asked for its status yet. */
static int64_t
start_ticks(int64_t pid)
{
	char file[64], text[1024], *at;
	int64_t ticks = -1;
	FILE *f;
	size_t n;

	snprintf(file, sizeof file, "/proc/%lld/stat", (long long)pid);
	f = fopen(file, "re");
	if (!f)
		return -1;
	n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[n] = '\0';
	/* The name, in brackets, may hold anything; field 22 is the 20th
	 * after it. */
	at = strrchr(text, ')');
	if (at && (at[2] == 'Z' || at[2] == 'X'))
		return 0;
	for (int field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (at)
		ticks = strtoll(at, NULL, 10);
	return ticks;
}

void
holder_self(struct holder *s)
{
	char boot[64] = "", space[40] = "";
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
	ssize_t n;

	memset(s, 0, sizeof *s);
	gethostname(s->host, sizeof s->host - 1);
	if (f) {
		if (!fgets(boot, sizeof boot, f))
			boot[0] = '\0';
		fclose(f);
	}
	boot[strcspn(boot, "\n")] = '\0';
	n = readlink("/proc/self/ns/pid", space, sizeof space - 1);
	space[n > 0 ? n : 0] = '\0';
	if (boot[0])
		snprintf(s->boot, sizeof s->boot, "%s %s", boot, space);
	s->pid = getpid();
	s->ticks = start_ticks(s->pid);
}

bool
holder_is_dead(int64_t pid, int64_t ticks)
{
	int64_t now;

	if (pid <= 0)
		return false;
	if (kill((pid_t)pid, 0) != 0 && errno == ESRCH)
		return true;
	now = start_ticks(pid);
	return now >= 0 && now != ticks;
}
