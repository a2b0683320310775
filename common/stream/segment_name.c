#include "stream/segment_files.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/doc.h"
#include "base/sig.h"

#define LIST_TRIES 5
#define LIST_WAIT_MS 20

const char *
segment_stamp(struct optime o, char *text)
{
	time_t secs = o.secs;
	struct tm tm;
	char day[17];

	gmtime_r(&secs, &tm);
	strftime(day, sizeof day, "%Y%m%dT%H%M%SZ", &tm);
	snprintf(text, SEGMENT_STAMP, "%s-%010" PRIu32, day, o.inc);
	return text;
}

const char *
segment_name(struct optime after, struct optime last, char *text)
{
	char a[SEGMENT_STAMP], b[SEGMENT_STAMP];

	snprintf(text, SEGMENT_NAME, "%s_%s" SEGMENT_SUFFIX,
	    segment_stamp(after, a), segment_stamp(last, b));
	return text;
}

const char *
segment_partial_name(struct optime after, char *text)
{
	char a[SEGMENT_STAMP];

	snprintf(
	    text, SEGMENT_NAME, "%s" PARTIAL_SUFFIX, segment_stamp(after, a));
	return text;
}

char *
segment_path(const char *dir, const char *file)
{
	return bson_strdup_printf("%s/%s", dir, file);
}

static bool
parse_stamp(const char *text, struct optime *o)
{
	char again[SEGMENT_STAMP];
	struct tm tm = {0};
	time_t secs;
	int used = 0;

	*o = OPTIME_NULL;
	if (sscanf(text, "%4d%2d%2dT%2d%2d%2dZ-%10" SCNu32 "%n", &tm.tm_year,
		&tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec,
		&o->inc, &used) != 7 ||
	    used != SEGMENT_STAMP - 1)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	secs = timegm(&tm);
	if (secs < 0 || secs > (time_t)UINT32_MAX)
		return false;
	o->secs = (uint32_t)secs;
	/* Only the one spelling that we write. */
	return strncmp(segment_stamp(*o, again), text, SEGMENT_STAMP - 1) == 0;
}

bool
segment_name_parse(const char *file, struct segment_info *info)
{
	const char *rest = file + SEGMENT_STAMP - 1;

	memset(info, 0, sizeof *info);
	info->last = OPTIME_NULL;
	if (strlen(file) < SEGMENT_STAMP || !parse_stamp(file, &info->after))
		return false;
	info->partial = strcmp(rest, PARTIAL_SUFFIX) == 0;
	if (info->partial)
		return true;
	return *rest == '_' && strlen(rest) > SEGMENT_STAMP &&
	    parse_stamp(rest + 1, &info->last) &&
	    strcmp(rest + SEGMENT_STAMP, SEGMENT_SUFFIX) == 0;
}

static int
by_name(const void *a, const void *b)
{
	const struct segment_info *x = a, *y = b;

	if (x->partial != y->partial)
		return x->partial ? 1 : -1;
	return strcmp(x->file, y->file);
}

static bool
read_names(
    const char *dir, struct segment_info **list, size_t *n, bson_error_t *error)
{
	DIR *d = opendir(dir);
	struct segment_info info;
	struct dirent *e;
	size_t cap = 0;

	*list = NULL;
	*n = 0;
	if (!d)
		return error_errno(
		    error, MM_EXIT_IO, "could not open directory \"%s\"", dir);
	for (errno = 0; (e = readdir(d)) != NULL; errno = 0) {
		if (!segment_name_parse(e->d_name, &info))
			continue;
		if (*n == cap) {
			cap = cap ? 2 * cap : 16;
			*list = bson_realloc(*list, cap * sizeof **list);
		}
		info.file = bson_strdup(e->d_name);
		(*list)[(*n)++] = info;
	}
	if (errno != 0) {
		error_errno(
		    error, MM_EXIT_IO, "could not read directory \"%s\"", dir);
		closedir(d);
		segment_list_free(*list, *n);
		return false;
	}
	closedir(d);
	if (*n > 0)
		qsort(*list, *n, sizeof **list, by_name);
	return true;
}

/* A .partial that starts before the end of the newest segment was published
 * or recovered by a writer that died before it dropped the name. */
static void
drop_stale(struct segment_info *list, size_t *n)
{
	size_t closed = 0, kept;

	while (closed < *n && !list[closed].partial)
		closed++;
	for (size_t i = kept = closed; i < *n; i++) {
		if (closed > 0 &&
		    optime_cmp(list[i].after, list[closed - 1].last) < 0)
			bson_free(list[i].file);
		else
			list[kept++] = list[i];
	}
	*n = kept;
}

void
segment_drop_leftovers(const char *dir, struct optime newest)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d)) != NULL) {
		struct segment_info info;
		size_t len = strlen(e->d_name), end = strlen(REWRITE_SUFFIX);
		bool drop;

		drop = len > end &&
		    strcmp(e->d_name + len - end, REWRITE_SUFFIX) == 0;
		if (segment_name_parse(e->d_name, &info) && info.partial &&
		    optime_cmp(info.after, newest) < 0)
			drop = true;
		if (drop)
			(void)unlinkat(dirfd(d), e->d_name, 0);
	}
	if (d)
		closedir(d);
}

static bool
check_joins(const char *dir, const struct segment_info *list, size_t n,
    bson_error_t *error)
{
	for (size_t i = 1; i < n; i++)
		if (optime_cmp(list[i - 1].last, list[i].after) != 0)
			return error_set(error, MM_EXIT_POSITION, 0,
			    "directory \"%s\": \"%s\" does not join \"%s\": "
			    "a segment is missing or too many",
			    dir, list[i].file, list[i - 1].file);
	return true;
}

bool
segment_list(
    const char *dir, struct segment_info **list, size_t *n, bson_error_t *error)
{
	/* A name that is changed while the directory is read may be seen
	 * twice or not at all: look again before calling it a gap. */
	for (int try = 1;; try++) {
		if (!read_names(dir, list, n, error))
			return false;
		drop_stale(*list, n);
		if (check_joins(dir, *list, *n, error))
			return true;
		segment_list_free(*list, *n);
		*list = NULL;
		*n = 0;
		if (try == LIST_TRIES || !sig_sleep(LIST_WAIT_MS))
			return false;
	}
}

void
segment_list_free(struct segment_info *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bson_free(list[i].file);
	bson_free(list);
}

static bool
same_filters(const bson_t *a, const bson_t *b)
{
	bson_t x, y;
	bool has = record_doc(a, "filters", &x, NULL);

	if (has != record_doc(b, "filters", &y, NULL))
		return false;
	return !has || bson_equal(&x, &y);
}

bool
segment_same_origin(const bson_t *a, const bson_t *b, bson_error_t *error)
{
	const char *fields[] = {"source.set", "source.replicaSetId"};

	for (int i = 0; i < 2; i++) {
		const char *x = doc_text(a, fields[i]);
		const char *y = doc_text(b, fields[i]);

		/* An id that one side does not state proves nothing. */
		if (i == 1 && (!x || !y))
			continue;
		if (!x || !y ? x != y : strcmp(x, y) != 0)
			return error_set(error, MM_EXIT_REFUSED, 0,
			    "%s is \"%s\" here and \"%s\" there", fields[i],
			    x ? x : "", y ? y : "");
	}
	if (!same_filters(a, b))
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "the selections (filters) differ: one directory holds "
		    "one selection");
	return true;
}
