#include "engine/status_table.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/fdio.h"
#include "io/file.h"

enum { MAX_FILE = 64 << 10, STALE_MS = 5000 };

struct entry {
	char *path;
	struct status_view view, before;
	bool known, known_before;
	char trouble[200]; /* why it could not be read, "" */
};

struct status_table {
	char **path; /* as they were given */
	size_t n_paths;
	struct entry *item; /* as they are found at each look */
	size_t n;
};

struct status_table *
status_table_new(void)
{
	return bson_malloc0(sizeof(struct status_table));
}

static void
entries_release(struct entry *item, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (item[i].known)
			status_view_release(&item[i].view);
		if (item[i].known_before)
			status_view_release(&item[i].before);
		bson_free(item[i].path);
	}
	bson_free(item);
}

void
status_table_free(struct status_table *t)
{
	entries_release(t->item, t->n);
	for (size_t i = 0; i < t->n_paths; i++)
		bson_free(t->path[i]);
	bson_free(t->path);
	bson_free(t);
}

void
status_table_add(struct status_table *t, const char *path)
{
	t->path = bson_realloc(t->path, (t->n_paths + 1) * sizeof *t->path);
	t->path[t->n_paths++] = bson_strdup(path);
}

size_t
status_table_count(const struct status_table *t)
{
	return t->n;
}

/* ----------------------------------------------------------------- listing */

static struct entry *
add_entry(struct status_table *t, char *path)
{
	t->item = bson_realloc(t->item, (t->n + 1) * sizeof *t->item);
	t->item[t->n] = (struct entry){.path = path};
	return &t->item[t->n++];
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(
	    ((const struct entry *)a)->path, ((const struct entry *)b)->path);
}

static void
list(struct status_table *t, const char *path)
{
	size_t first = t->n;
	struct dirent *d;
	struct stat st;
	DIR *dir;

	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode) ||
	    !(dir = opendir(path))) {
		add_entry(t, bson_strdup(path)); /* reading it tells */
		return;
	}
	while ((d = readdir(dir))) {
		size_t len = strlen(d->d_name);

		if (len >= 8 && strcmp(d->d_name + len - 7, ".status") == 0)
			add_entry(
			    t, bson_strdup_printf("%s/%s", path, d->d_name));
	}
	closedir(dir);
	if (t->n > first)
		qsort(t->item + first, t->n - first, sizeof *t->item, by_path);
}

/* Programs that begin later bring files with them. What is known of a file that
 * is still there stays. */
static void
list_all(struct status_table *t)
{
	struct entry *old = t->item;
	size_t n = t->n;

	t->item = NULL;
	t->n = 0;
	for (size_t i = 0; i < t->n_paths; i++)
		list(t, t->path[i]);
	for (size_t i = 0; i < t->n; i++)
		for (size_t k = 0; k < n; k++) {
			struct entry *e = &t->item[i], was = old[k];

			if (strcmp(e->path, was.path) != 0)
				continue;
			old[k] = (struct entry){.path = e->path};
			*e = was;
			break;
		}
	entries_release(old, n);
}

/* ----------------------------------------------------------------- reading */

bool
status_file_read(const char *path, struct status_view *v, bson_error_t *error)
{
	char json[MAX_FILE];
	ssize_t n = 0, got = 0;
	int fd = file_open_read(path, error);

	while (fd >= 0 && n < MAX_FILE &&
	    (got = fdio_read_some(fd, path, json + n, sizeof json - (size_t)n,
		 false, error)) > 0)
		n += got;
	if (fd >= 0)
		close(fd);
	return fd >= 0 && got >= 0 &&
	    status_view_read(v, json, (size_t)n, error);
}

static void
look_at(struct entry *e)
{
	struct status_view fresh;
	bson_error_t error = {0};

	e->trouble[0] = '\0';
	if (!status_file_read(e->path, &fresh, &error)) {
		bson_strncpy(e->trouble, error.message, sizeof e->trouble);
		return;
	}
	/* Times are of whole seconds: another state of the same second is news,
	 * but nothing to take a rate from. */
	if (e->known && fresh.updated_ms == e->view.updated_ms) {
		status_view_release(&e->view);
		e->view = fresh;
		return;
	}
	if (e->known_before)
		status_view_release(&e->before);
	e->known_before = e->known;
	e->before = e->view;
	e->view = fresh;
	e->known = true;
}

void
status_table_look(struct status_table *t)
{
	list_all(t);
	for (size_t i = 0; i < t->n; i++)
		look_at(&t->item[i]);
}

bool
status_table_whole(const struct status_table *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (*t->item[i].trouble)
			return false;
	return true;
}

bool
status_view_silent(const struct status_view *v)
{
	return !v->ended && clock_wall_ms() - v->updated_ms > STALE_MS;
}

/* "-" for what is not known. */
static void
cell(char *out, size_t size, double value, const char *unit)
{
	if (value < 0)
		snprintf(out, size, "-");
	else
		snprintf(out, size, "%.0f%s", value, unit);
}

static void
duration(char *out, size_t size, double s)
{
	if (s < 0)
		snprintf(out, size, "-");
	else if (s < 100)
		snprintf(out, size, "%.*fs", s < 10 ? 1 : 0, s);
	else if (s < 6000)
		snprintf(out, size, "%.0fm", s / 60);
	else if (s < 360000)
		snprintf(out, size, "%.0fh", s / 3600);
	else
		snprintf(out, size, "%.0fd", s / 86400);
}

static double
number_or(const struct status_view *v, const char *field)
{
	double n;

	return status_view_number(v, field, &n) ? n : -1;
}

static void
show_row(const struct entry *e)
{
	char lag[32], window[32], eta[32], rate[32], done[32];
	const struct status_view *v = &e->view;
	const char *state, *position, *slash = strrchr(e->path, '/');
	struct status_pace pace;
	double docs;

	if (!e->known) {
		printf("%-20s %s\n", slash ? slash + 1 : e->path, e->trouble);
		return;
	}
	status_pace(e->known_before ? &e->before : NULL, v, &pace);
	docs = number_or(v, "docs");
	cell(done, sizeof done, docs >= 0 ? docs : number_or(v, "entries"), "");
	cell(
	    rate, sizeof rate, docs >= 0 ? pace.documents : pace.entries, "/s");
	duration(eta, sizeof eta, pace.eta);
	duration(lag, sizeof lag, number_or(v, "lag_seconds"));
	duration(window, sizeof window, number_or(v, "oplog_window_seconds"));
	state = status_view_silent(&e->view) ? "silent"
					     : status_view_text(v, "state");
	position = status_view_text(v, "checkpoint");
	if (*position == '\0')
		position = status_view_text(v, "position");
	printf("%-16s %-11s %12s %10s %6s %6s %6s %s\n",
	    status_view_text(v, "tool"), *state ? state : "-", done, rate, eta,
	    lag, window, *position ? position : "-");
	if (*status_view_text(v, "last_error"))
		printf("  %s\n", status_view_text(v, "last_error"));
}

void
status_table_show(const struct status_table *t, bool json)
{
	if (json) {
		for (size_t i = 0; i < t->n; i++) {
			char *text = t->item[i].known
			    ? bson_as_relaxed_extended_json(
				  t->item[i].view.doc, NULL)
			    : NULL;

			printf("%s\n", text ? text : "null");
			bson_free(text);
		}
	} else {
		printf("%-16s %-11s %12s %10s %6s %6s %6s %s\n", "PROGRAM",
		    "STATE", "DONE", "RATE", "ETA", "LAG", "WINDOW",
		    "POSITION");
		for (size_t i = 0; i < t->n; i++)
			show_row(&t->item[i]);
	}
	fflush(stdout);
}

bool
status_table_holds(
    const struct status_table *t, const struct status_condition *c, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		bool met = false;

		for (size_t i = 0; i < t->n; i++) {
			const struct entry *e = &t->item[i];
			int is = e->known
			    ? status_condition_holds(&c[k], &e->view)
			    : 0;

			if (is == 0 ||
			    (is == 1 && status_view_silent(&e->view)) ||
			    *e->trouble)
				return false;
			met = met || is == 1;
		}
		if (!met)
			return false;
	}
	return true;
}
