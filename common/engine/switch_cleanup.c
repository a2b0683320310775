/* What the programs have noted of a move is taken away. The journal, the list
 * of the old data and what was red stay: they say what happened. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/msg.h"
#include "engine/switch_after_work.h"
#include "engine/switch_left.h"
#include "mongo/job.h"
#include "mongo/job_left.h"

enum { DEPTH = 5 }; /* of directories in DIR/back */

/* ------------------------------------------------------------------ guards */

static bool
not_held(struct conn *c, const char *job, bson_error_t *error)
{
	bool held = false;
	bson_t doc;
	int got = job_peek(c, job, &doc, error);
	bool ok = got == 0 || (got > 0 && job_held(c, &doc, &held, error));

	if (ok && held)
		ok = error_set(error, MM_EXIT_REFUSED, 0,
		    "%s writes for job \"%s\"", job_doc_writer(&doc), job);
	bson_destroy(&doc);
	return ok;
}

static void
count_withheld(void *arg, const char *coll, int64_t n)
{
	if (strcmp(coll, "withheld") == 0)
		*(int64_t *)arg = n;
}

/* Somebody is still to get his rights. */
static bool
none_withheld(struct switcher *s, bson_error_t *error)
{
	int64_t n = 0;

	return job_each_left(s->tgt, s->job, count_withheld, &n, error) &&
	    (n == 0 ||
		error_set(error, MM_EXIT_REFUSED, 0,
		    "rights are withheld on the target still "
		    "(mm_control.withheld)"));
}

static bool
abandoned(const struct switcher *s, bson_error_t *error)
{
	char *want = bson_strdup_printf("abandon %s", s->job);
	bool ok = after.confirm && strcmp(after.confirm, want) == 0;

	if (!ok)
		error_set(error, MM_EXIT_REFUSED, 0,
		    "the migration is not given up without --confirm \"%s\"",
		    want);
	bson_free(want);
	return ok;
}

/* ------------------------------------------------------------------- files */

static bool remove_dir(
    int at, const char *name, const char *path, int depth, bson_error_t *error);

static bool
remove_entry(
    int dir, const char *name, const char *path, int depth, bson_error_t *error)
{
	char *full = bson_strdup_printf("%s/%s", path, name);
	bool ok = unlinkat(dir, name, 0) == 0 || errno == ENOENT;

	if (!ok && errno == EISDIR)
		ok = remove_dir(dir, name, full, depth + 1, error);
	else if (!ok)
		error_errno(error, MM_EXIT_IO, "could not remove \"%s\"", full);
	bson_free(full);
	return ok;
}

static bool
remove_entries(int dir, const char *path, int depth, bson_error_t *error)
{
	DIR *d = fdopendir(dir);
	struct dirent *e;
	bool ok = true;

	if (!d) {
		close(dir);
		return error_errno(error, MM_EXIT_IO, "\"%s\"", path);
	}
	while (ok && (e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			ok = remove_entry(dir, e->d_name, path, depth, error);
	closedir(d);
	return ok;
}

/* Links are removed, never followed. */
static bool
remove_dir(
    int at, const char *name, const char *path, int depth, bson_error_t *error)
{
	int dir =
	    openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (dir < 0 && errno == ENOENT)
		return true;
	if (dir < 0 || depth > DEPTH) {
		error_errno(error, MM_EXIT_IO, "\"%s\"", path);
		if (dir >= 0)
			close(dir);
		return false;
	}
	return remove_entries(dir, path, depth, error) &&
	    (unlinkat(at, name, AT_REMOVEDIR) == 0 ||
		error_errno(
		    error, MM_EXIT_IO, "could not remove \"%s\"", path));
}

static bool
remove_segments(const struct switcher *s, bson_error_t *error)
{
	char *path = bson_strdup_printf("%s/back", s->o->dir);
	bool ok = remove_dir(AT_FDCWD, path, path, 0, error);

	bson_free(path);
	return ok;
}

/* --------------------------------------------------------------------- all */

static bool
forget(struct switcher *s, bson_error_t *error)
{
	return not_held(s->tgt, s->job, error) &&
	    not_held(s->src, s->back_job, error) && remove_segments(s, error) &&
	    job_left_remove(s->src, s->back_job, error) &&
	    job_left_remove(s->src, s->job, error) &&
	    job_left_remove(s->tgt, s->back_job, error) &&
	    job_left_remove(s->tgt, s->job, error);
}

bool
cleanup_all(struct switcher *s, bson_error_t *error)
{
	bool ok = switch_log_state(s->log) <= SWITCH_SYNCING
	    ? abandoned(s, error)
	    : none_withheld(s, error);

	ok = ok && forget(s, error);
	if (ok)
		msg_info("what the programs had noted is gone");
	return ok && left_list(s, error);
}
