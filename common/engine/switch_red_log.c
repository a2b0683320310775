/* DIR/red: what was seen, in the order of time. An observation that was not
 * made is no silence: from one line to the next there may be half a minute. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "engine/switch_red_work.h"
#include "io/fdio.h"

enum { RED_MS = 5000, OK_MS = 10000, GAP_MS = 30000, LINE = 1024 };

static bool
due(struct red *r, const char *what, int64_t every)
{
	int64_t now = clock_ms();

	for (size_t i = 0; i < RED_LINES; i++) {
		if (r->noted[i].what && strcmp(r->noted[i].what, what) != 0)
			continue;
		if (r->noted[i].what && now - r->noted[i].ms < every)
			return false;
		r->noted[i].what = what;
		r->noted[i].ms = now;
		return true;
	}
	return true;
}

static bool
put(int fd, const char *path, const char *what, const char *detail,
    bson_error_t *error)
{
	bson_t doc = BSON_INITIALIZER;
	char *json, *line;
	bool ok;

	BSON_APPEND_INT64(&doc, "at", clock_wall_ms());
	BSON_APPEND_UTF8(&doc, "what", what);
	if (bson_utf8_validate(detail, strlen(detail), false))
		BSON_APPEND_UTF8(&doc, "detail", detail);
	json = bson_as_relaxed_extended_json(&doc, NULL);
	line = bson_strdup_printf("%s\n", json);
	ok = fdio_write_all(fd, path, line, strlen(line), error);
	bson_free(line);
	bson_free(json);
	bson_destroy(&doc);
	return ok;
}

bool
red_note(struct red *r, const char *dir, const struct red_lines *seen,
    bson_error_t *error)
{
	char *path = bson_strdup_printf("%s/red", dir);
	int fd = open(
	    path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool ok = fd >= 0 ||
	    error_errno(error, MM_EXIT_IO, "could not open \"%s\"", path);

	for (size_t i = 0; ok && i < seen->n; i++)
		if (due(r, seen->item[i].what, RED_MS))
			ok = put(fd, path, seen->item[i].what,
			    seen->item[i].detail, error);
	if (ok && seen->n == 0 && due(r, "ok", OK_MS))
		ok = put(fd, path, "ok", "", error);
	if (fd >= 0)
		close(fd);
	bson_free(path);
	return ok;
}

struct quiet {
	int64_t looked; /* until then somebody has looked all the time */
	int64_t gap_ms; /* the longest time when nobody has */
	int64_t since, red_at;
	char what[64], detail[RED_TEXT];
};

static void
looked_until(struct quiet *q, int64_t at)
{
	if (at - q->looked > q->gap_ms)
		q->gap_ms = at - q->looked;
	if (at > q->looked)
		q->looked = at;
}

static void
take_line(struct quiet *q, const char *line, size_t len)
{
	bson_t *doc =
	    bson_new_from_json((const uint8_t *)line, (ssize_t)len, NULL);
	bson_iter_t it;
	int64_t at;
	const char *what;

	if (!doc)
		return;
	at = bson_iter_init_find(&it, doc, "at") ? bson_iter_as_int64(&it) : 0;
	what =
	    bson_iter_init_find(&it, doc, "what") && BSON_ITER_HOLDS_UTF8(&it)
	    ? bson_iter_utf8(&it, NULL)
	    : "";
	looked_until(q, at);
	if (at >= q->since && strcmp(what, "ok") != 0) {
		q->red_at = at;
		bson_strncpy(q->what, what, sizeof q->what);
		*q->detail = '\0';
		if (bson_iter_init_find(&it, doc, "detail") &&
		    BSON_ITER_HOLDS_UTF8(&it))
			bson_strncpy(q->detail, bson_iter_utf8(&it, NULL),
			    sizeof q->detail);
	}
	bson_destroy(doc);
}

static void
read_lines(struct quiet *q, FILE *f)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t got;

	while ((got = getline(&line, &room, f)) > 0)
		if (got < LINE)
			take_line(q, line, (size_t)got);
	free(line);
}

bool
red_quiet(const char *dir, int64_t ms, bson_error_t *error)
{
	int64_t now = clock_wall_ms();
	struct quiet q = {.since = now - ms, .looked = now - ms};
	char *path = bson_strdup_printf("%s/red", dir);
	FILE *f;

	if (ms == 0) {
		bson_free(path);
		return true;
	}
	f = fopen(path, "re");
	bson_free(path);
	if (f) {
		read_lines(&q, f);
		fclose(f);
	}
	looked_until(&q, now);
	if (q.red_at > 0)
		return error_set(error, MM_EXIT_NO, 0,
		    "red %" PRId64 " s ago: %s: %s", (now - q.red_at) / 1000,
		    q.what, q.detail);
	return q.gap_ms <= GAP_MS ||
	    error_set(error, MM_EXIT_NO, 0,
		"for %" PRId64 " s nobody has looked for red lines: mm-switch "
		"observe (or --quiet-for 0)",
		q.gap_ms / 1000);
}
