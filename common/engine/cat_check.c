/* Lists and checks: one stream after the other, one segment after the other. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/msg.h"
#include "engine/cat_tally.h"
#include "stream/manifest.h"

static void
add_line(const char *path, const char *no_end, const struct cat_opts *o,
    struct cat_tally *t, struct buf *out)
{
	cat_printf(out, "%s: ", path);
	cat_tally_line(t, no_end, out);
	buf_add_byte(out, '\n');
	if (o->collections)
		cat_tally_collections(t, out);
}

/* A line for each stream of a file. */
static bool
list_file(const char *path, bool partial, const struct cat_opts *o,
    bson_error_t *error)
{
	struct cat_source *s = cat_source_open(path, error);
	struct cat_tally *t = cat_tally_new();
	struct buf out = BUF_INIT;
	struct stream_item item;
	enum stream_got got = STREAM_ERROR;
	bool ok = s != NULL, inside = false;

	while (ok && (got = cat_source_next(s, &item, error)) == STREAM_GOT) {
		ok = cat_tally_add(t, cat_source_kind(s), &item, false, error);
		inside = item.type != RECORD_END;
		if (!ok || inside)
			continue;
		add_line(path, "", o, t, &out);
		ok = cat_write(o, &out, error);
	}
	if (ok && got == STREAM_STOPPED)
		ok = cat_stopped(error);
	ok = ok && got != STREAM_ERROR;
	if (inside) {
		add_line(path, partial ? "open" : "cut", o, t, &out);
		if (!cat_write(o, &out, ok || partial ? error : NULL))
			ok = false;
		else if (partial && error_status(error) == MM_EXIT_STREAM)
			ok = true;
	}
	buf_release(&out);
	cat_tally_free(t);
	cat_source_close(s);
	return ok;
}

bool
cat_ls(const char *path, const struct cat_opts *o, bson_error_t *error)
{
	struct segment_info *list;
	size_t n;
	bool ok = true;

	if (!cat_is_dir(path))
		return list_file(path, false, o, error);
	if (!segment_list(path, &list, &n, error))
		return false;
	for (size_t i = 0; ok && i < n; i++) {
		char *file = bson_strdup_printf("%s/%s", path, list[i].file);

		ok = list_file(file, list[i].partial, o, error);
		/* Closed since: it was listed as what it was then. */
		if (!ok && list[i].partial && error->code == ENOENT)
			ok = true;
		bson_free(file);
	}
	segment_list_free(list, n);
	return ok;
}

/* Everything from the first to the last item, a directory as one log. */
static bool
verify_content(const char *path, bson_error_t *error)
{
	struct cat_source *s = cat_source_open(path, error);
	struct cat_tally *t = cat_tally_new();
	struct stream_item item;
	enum stream_got got = STREAM_ERROR;
	bool ok = s != NULL;

	while (ok && (got = cat_source_next(s, &item, error)) == STREAM_GOT) {
		ok = cat_tally_add(t, cat_source_kind(s), &item, true, error);
		if (!ok)
			error_prefix(error, "%s: record %llu", path,
			    (unsigned long long)item.number);
	}
	if (ok && got == STREAM_STOPPED)
		ok = cat_stopped(error);
	ok = ok && got != STREAM_ERROR;
	cat_tally_free(t);
	cat_source_close(s);
	return ok;
}

static bool
verify_hash(const char *dir, const struct segment_info *info,
    const struct manifest_line *line, bson_error_t *error)
{
	char *path = bson_strdup_printf("%s/%s", dir, info->file);
	char text[SHA256_TEXT];
	uint64_t bytes;
	bool ok = true;

	if (!line)
		msg_warn(
		    "\"%s\" is not in the manifest (mm-cat rebuild)", path);
	else if (!manifest_sha256(path, text, &bytes, error))
		ok = false;
	else if (bytes != line->bytes || strcmp(text, line->sha256) != 0)
		ok = error_set(error, MM_EXIT_STREAM, 0,
		    "%s: its size or SHA-256 is not that of the manifest",
		    path);
	bson_free(path);
	return ok;
}

/* A gap between two segments shows by itself; the newest ones do not. */
static bool
verify_newest(const char *dir, const struct manifest_line *lines,
    size_t n_lines, struct optime newest, bson_error_t *error)
{
	for (size_t i = 0; i < n_lines; i++)
		if (optime_cmp(lines[i].last, newest) > 0)
			return error_set(error, MM_EXIT_POSITION, 0,
			    "directory \"%s\": \"%s\" of the manifest is "
			    "missing",
			    dir, lines[i].file);
	return true;
}

static bool
verify_manifest(const char *dir, bson_error_t *error)
{
	struct optime newest = OPTIME_NULL;
	struct manifest_line *lines = NULL;
	struct segment_info *list = NULL;
	size_t n = 0, n_lines = 0;
	bool ok;

	/* The manifest first: what is closed meanwhile may have no line yet,
	 * but no line may be without its segment. */
	ok = manifest_read(dir, &lines, &n_lines, error) &&
	    segment_list(dir, &list, &n, error);
	for (size_t i = 0; ok && i < n; i++) {
		if (list[i].partial)
			continue;
		newest = list[i].last;
		ok = verify_hash(dir, &list[i],
		    manifest_find(lines, n_lines, list[i].file), error);
	}
	ok = ok && verify_newest(dir, lines, n_lines, newest, error);
	segment_list_free(list, n);
	bson_free(lines);
	return ok;
}

bool
cat_verify(const char *path, const struct cat_opts *o, bson_error_t *error)
{
	struct buf out = BUF_INIT;
	bool ok;

	if (cat_is_dir(path) && !verify_manifest(path, error))
		return false;
	if (!verify_content(path, error))
		return false;
	cat_printf(&out, "%s: ok\n", path);
	ok = cat_write(o, &out, error);
	buf_release(&out);
	return ok;
}
