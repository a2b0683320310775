/* A program that goes on until it is told to end. */
#include "io/worker.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "tap.h"

static char dir[] = "/tmp/worker_test.XXXXXX", logfile[100];

static bool
start(struct worker *w, const char *script)
{
	char *argv[] = {"/bin/sh", "-c", (char *)script, NULL};
	char *env[] = {"WORKER_TEST=new", NULL};
	bson_error_t error;
	bool ok = worker_start(w, argv, env, logfile, &error);

	if (!ok)
		tap_note("%s", error.message);
	return ok;
}

/* Its status, however long it takes. */
static int
await(struct worker *w)
{
	int status;

	while (worker_runs(w, &status))
		poll(NULL, 0, 5);
	return status;
}

/* The log holds this, soon. */
static bool
says(const char *text)
{
	int64_t until = clock_ms() + 30000;

	for (; clock_ms() < until; poll(NULL, 0, 5)) {
		size_t len;
		char *data = tap_read_file(logfile, &len);
		bool found = strstr(data, text) != NULL;

		bson_free(data);
		if (found)
			return true;
	}
	return false;
}

int
main(void)
{
	struct worker w;
	struct stat st;
	bson_error_t error;
	int status;
	char *path;

	if (!mkdtemp(dir))
		return 1;
	snprintf(logfile, sizeof logfile, "%s/log", dir);
	setenv("WORKER_TEST", "old", 1);
	OK(start(&w, "echo said $WORKER_TEST; cat; exit 3") && await(&w) == 3,
	    "its status");
	OK(says("said new\n"), "its environment, and no input");
	OK(stat(logfile, &st) == 0 && (st.st_mode & 0777) == 0600,
	    "its log is not for others");
	OK(!worker_runs(&w, &status) && status == 0, "it has ended once");

	OK(start(&w, "echo up1; kill -9 $$") && await(&w) == 128 + SIGKILL,
	    "killed");
	OK(start(&w,
	       "trap 'exit 7' TERM; echo up2; while :; do sleep 0.02; "
	       "done") &&
		says("up2") && worker_runs(&w, &status),
	    "it runs");
	worker_ask(&w);
	OK(await(&w) == 7, "and ends when it is asked");
	OK(start(&w, "trap '' TERM; echo up3; while :; do sleep 0.02; done") &&
		says("up3"),
	    "one that does not listen");
	worker_end(&w, 50);
	OK(w.pid == 0, "is killed");

	path = worker_find("sh", &error);
	OK(path && access(path, X_OK) == 0, "found on PATH");
	bson_free(path);
	path = worker_find("no such program", &error);
	OK(!path && error_status(&error) == MM_EXIT_IO, "not found");
	bson_free(path);
	unlink(logfile);
	rmdir(dir);
	return tap_done();
}
