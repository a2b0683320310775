/* The programs of the way back, once and to their end. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/msg.h"
#include "base/sig.h"
#include "engine/status_table.h"
#include "engine/switch_back_work.h"
#include "io/fdio.h"
#include "io/file.h"

enum { POLL_MS = 50, FOLLOW_MS = 60000, PIECE = 16384 };

/* Its status; -1 with error set. Without the options in `but` (two words). */
static int
run(struct back *b, struct program *p, const char *more, const char *but,
    const char *log, bson_error_t *error)
{
	char **argv = bson_malloc((p->n + 2) * sizeof *argv);
	size_t n = 0;
	int status;

	for (size_t i = 0; i < p->n; i++)
		if (but && strcmp(p->argv[i], but) == 0)
			i++;
		else
			argv[n++] = p->argv[i];
	argv[n++] = (char *)more;
	argv[n] = NULL;
	if (!program_start(b, p, argv, log, error)) {
		bson_free(argv);
		return -1;
	}
	bson_free(argv);
	while (worker_runs(&p->worker, &status))
		if (!sig_sleep(POLL_MS)) {
			back_end(b);
			error_set(error, MM_EXIT_STOPPED, 0,
			    "stopped by a signal; nothing was changed");
			return -1;
		}
	return status;
}

static bool
ended_with(
    const struct program *p, int status, const char *log, bson_error_t *error)
{
	return error_set(error,
	    status > 0 && status < 10 ? (enum mm_exit)status : MM_EXIT_IO, 0,
	    "%s of the way back has ended with %d (%s)", p->name, status, log);
}

/* By its status file. */
static bool
tail_is_at(const struct back *b, struct optime now)
{
	char *path = back_path(b, "tail.status");
	struct status_view v;
	struct optime at;
	bool ok = status_file_read(path, &v, NULL);

	bson_free(path);
	if (!ok)
		return false;
	ok = optime_parse(status_view_text(&v, "position"), &at, NULL) &&
	    optime_cmp(at, now) >= 0;
	status_view_release(&v);
	return ok;
}

bool
back_fetch(struct back *b, struct optime now, bson_error_t *error)
{
	int64_t until = clock_ms() + FOLLOW_MS;
	int status;

	if (!back_take(b, error))
		return false;
	if (!b->elsewhere) {
		status = run(b, &b->tail, "--exit-when-caught-up", NULL,
		    b->tail.log, error);
		return status == 0 ||
		    (status > 0 &&
			ended_with(&b->tail, status, b->tail.log, error));
	}
	while (!tail_is_at(b, now)) {
		if (clock_ms() > until) {
			msg_warn("the log of the way back is not followed: "
				 "what is new in it is not counted");
			break;
		}
		if (!sig_sleep(POLL_MS))
			return error_set(error, MM_EXIT_STOPPED, 0,
			    "stopped by a signal; nothing was changed");
	}
	return true;
}

static bool
print_file(const char *path, bson_error_t *error)
{
	char piece[PIECE];
	int fd = file_open_read(path, error);
	ssize_t n;

	if (fd < 0)
		return false;
	while ((n = fdio_read_some(
		    fd, path, piece, sizeof piece, false, error)) > 0)
		fwrite(piece, 1, (size_t)n, stdout);
	close(fd);
	return n == 0;
}

bool
back_try(struct back *b, bool *refused, bson_error_t *error)
{
	char *log = back_path(b, "dry-run");
	int status;
	bool ok;

	unlink(log);
	status = run(b, &b->apply, "--dryRun", "--status-file", log, error);
	*refused = status == MM_EXIT_NO;
	ok = status >= 0 && print_file(log, error) &&
	    (status == 0 || *refused ||
		ended_with(&b->apply, status, log, error));
	unlink(log);
	bson_free(log);
	return ok;
}
