/* The manifest is a cache for people and for checks: it can be made anew from
 * the segments, so a line that is torn or missing is never an error by
 * itself. */
#include "stream/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "io/fdio.h"
#include "io/file.h"
#include "stream/segment_files.h"

#define READ_BYTES (256u << 10)

bool
manifest_sha256(
    const char *path, char *text, uint64_t *bytes, bson_error_t *error)
{
	uint8_t *data = bson_malloc(READ_BYTES);
	struct sha256 *h = sha256_new();
	int fd = file_open_read(path, error);
	ssize_t n = -1;

	*bytes = 0;
	if (fd >= 0) {
		while ((n = fdio_read_some(
			    fd, path, data, READ_BYTES, false, error)) > 0) {
			sha256_add(h, data, (size_t)n);
			*bytes += (uint64_t)n;
		}
		close(fd);
	}
	sha256_finish(h, text);
	bson_free(data);
	return n == 0;
}

/* What the content of a segment says: positions with terms, documents. */
static bool
read_content(const char *path, struct manifest_line *line, bson_error_t *error)
{
	struct stream_item item;
	struct stream_in *in;
	enum stream_got got;
	int fd = file_open_read(path, error);

	if (fd < 0)
		return false;
	in = stream_in_new(fd, path, false);
	while ((got = stream_next(in, &item, error)) == STREAM_GOT) {
		if (item.type == RECORD_STREAM)
			optime_read(&item.control, "after", &line->after);
		else if (item.type == RECORD_END)
			optime_read(&item.control, "to", &line->last);
		else if (item.type == RECORD_BLOCK)
			line->docs += item.block.n;
	}
	stream_in_free(in);
	close(fd);
	return got == STREAM_EOF;
}

static char *
line_text(const struct manifest_line *l)
{
	char after[OPTIME_TEXT], last[OPTIME_TEXT], closed[CLOCK_TEXT];

	return bson_strdup_printf("{\"file\":\"%s\",\"after\":\"%s\","
				  "\"last\":\"%s\",\"docs\":%" PRId64
				  ",\"bytes\":%" PRIu64
				  ",\"sha256\":\"%s\",\"closed\":\"%s\"}\n",
	    l->file, optime_text(l->after, after), optime_text(l->last, last),
	    l->docs, l->bytes, l->sha256,
	    clock_text(clock_wall_ms() / 1000, closed));
}

static bool
make_line(const char *dir, const char *file, char **text, bson_error_t *error)
{
	struct manifest_line line = {.after = OPTIME_NULL, .last = OPTIME_NULL};
	char *path = segment_path(dir, file);
	bool ok;

	bson_strncpy(line.file, file, sizeof line.file);
	ok = read_content(path, &line, error) &&
	    manifest_sha256(path, line.sha256, &line.bytes, error);
	if (ok)
		*text = line_text(&line);
	bson_free(path);
	return ok;
}

bool
manifest_add(const char *dir, const char *file, bson_error_t *error)
{
	char *path = segment_path(dir, MANIFEST_FILE), *text = NULL, end = 0;
	struct stat st;
	bool ok = false;
	int fd;

	if (!make_line(dir, file, &text, error)) {
		bson_free(path);
		return false;
	}
	fd = open(
	    path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		error_errno(
		    error, MM_EXIT_IO, "could not open file \"%s\"", path);
		goto cleanup;
	}
	/* A torn last line stays a line of its own. */
	ok = true;
	if (fstat(fd, &st) == 0 && st.st_size > 0 &&
	    pread(fd, &end, 1, st.st_size - 1) == 1 && end != '\n')
		ok = fdio_write_all(fd, path, "\n", 1, error);
	ok = ok && fdio_write_all(fd, path, text, strlen(text), error) &&
	    file_sync(fd, path, error);
	ok = fdio_close(fd, path, ok ? error : NULL) && ok;
cleanup:
	bson_free(text);
	bson_free(path);
	return ok;
}

static bool
text_field(const bson_t *doc, const char *key, char *out, size_t size)
{
	bson_iter_t it;

	if (!bson_iter_init_find(&it, doc, key) || !BSON_ITER_HOLDS_UTF8(&it))
		return false;
	bson_strncpy(out, bson_iter_utf8(&it, NULL), size);
	return true;
}

static bool
parse_line(const char *text, size_t len, struct manifest_line *line)
{
	char after[OPTIME_TEXT], last[OPTIME_TEXT];
	bson_t *doc;
	bson_iter_t it;
	bool ok;

	memset(line, 0, sizeof *line);
	if (len == 0 || len > 4096)
		return false;
	doc = bson_new_from_json((const uint8_t *)text, (ssize_t)len, NULL);
	if (!doc)
		return false;
	ok = text_field(doc, "file", line->file, sizeof line->file) &&
	    text_field(doc, "after", after, sizeof after) &&
	    text_field(doc, "last", last, sizeof last) &&
	    text_field(doc, "sha256", line->sha256, sizeof line->sha256) &&
	    optime_parse(after, &line->after, NULL) &&
	    optime_parse(last, &line->last, NULL);
	if (bson_iter_init_find(&it, doc, "docs"))
		line->docs = bson_iter_as_int64(&it);
	if (bson_iter_init_find(&it, doc, "bytes"))
		line->bytes = (uint64_t)bson_iter_as_int64(&it);
	bson_destroy(doc);
	return ok;
}

bool
manifest_read(const char *dir, struct manifest_line **lines, size_t *n,
    bson_error_t *error)
{
	char *path = segment_path(dir, MANIFEST_FILE);
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t room = 0;
	ssize_t len;

	*lines = NULL;
	*n = 0;
	if (!f && errno != ENOENT)
		error_errno(
		    error, MM_EXIT_IO, "could not open file \"%s\"", path);
	bson_free(path);
	if (!f)
		return errno == ENOENT;
	while ((len = getline(&text, &room, f)) > 0) {
		struct manifest_line line;

		if (!parse_line(text, (size_t)len, &line))
			continue;
		*lines = bson_realloc(*lines, (*n + 1) * sizeof **lines);
		(*lines)[(*n)++] = line;
	}
	free(text);
	fclose(f);
	return true;
}

const struct manifest_line *
manifest_find(const struct manifest_line *lines, size_t n, const char *file)
{
	/* A later line corrects an earlier one. */
	while (n-- > 0)
		if (strcmp(lines[n].file, file) == 0)
			return &lines[n];
	return NULL;
}

bool
manifest_complete(const char *dir, const struct segment_info *list, size_t n,
    bson_error_t *error)
{
	struct manifest_line *lines;
	size_t n_lines;
	bool ok;

	ok = manifest_read(dir, &lines, &n_lines, error);
	for (size_t i = 0; ok && i < n; i++)
		if (!list[i].partial &&
		    !manifest_find(lines, n_lines, list[i].file))
			ok = manifest_add(dir, list[i].file, error);
	bson_free(lines);
	return ok;
}

bool
segment_rebuild(const char *dir, bson_error_t *error)
{
	char *path = segment_path(dir, MANIFEST_FILE), *text;
	struct segment_info *list = NULL;
	struct buf all = BUF_INIT;
	size_t n = 0;
	bool ok;

	ok = segment_list(dir, &list, &n, error);
	for (size_t i = 0; ok && i < n; i++) {
		if (list[i].partial)
			continue;
		ok = make_line(dir, list[i].file, &text, error);
		if (ok) {
			buf_add(&all, text, strlen(text));
			bson_free(text);
		}
	}
	ok = ok && file_replace(path, all.data, all.len, error);
	buf_release(&all);
	segment_list_free(list, n);
	bson_free(path);
	return ok;
}
