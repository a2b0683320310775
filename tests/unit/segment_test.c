/* Segment directories: rotation, chain, what is refused. */
#include "base/msg.h"
#include "segments.h"
#include "stream/manifest.h"
#include "stream/segment_files.h"

static void
rotates(void)
{
	char *dir = new_dir(), text[OPTIME_TEXT];
	struct reading r = {.next = 1};
	struct segment_info *list;
	struct segment_dir *d, *second;
	struct optime last;
	bson_error_t error = {0};
	size_t n;

	d = open_dir(dir, &last, &error);
	OK(d && optime_is_null(last), "an empty directory: %s", error.message);
	OK(segment_start(d, at(0), at(3), at(0), &error) &&
		write_groups(d, 1, 900, &error),
	    "groups are written: %s", error.message);
	second = open_dir(dir, &last, &error);
	OK(!second && error_status(&error) == MM_EXIT_REFUSED,
	    "a second writer: %s", error.message);
	OK(read_all(dir, OPTIME_NULL, &r, &error) == STREAM_EOF && !r.bad &&
		r.next == 900,
	    "all read while the writer is there: %s", error.message);
	OK(segment_dir_close(d, "signal", at(899), at(899), &error), "closed");
	segment_dir_free(d);
	OK(segment_list(dir, &list, &n, &error) && n >= 3 &&
		!list[n - 1].partial,
	    "%zu segments", n);
	segment_list_free(list, n);

	r = (struct reading){.next = 1};
	OK(read_all(dir, OPTIME_NULL, &r, &error) == STREAM_EOF && !r.bad &&
		r.next == 900 && r.streams == (int)n && r.ends == (int)n,
	    "all read: %s", error.message);
	r = (struct reading){.next = 800};
	OK(read_all(dir, at(799), &r, &error) == STREAM_EOF && !r.bad &&
		r.next == 900 && r.streams < (int)n,
	    "read from a position on: %s", error.message);
	OK(read_all(dir, (struct optime){5, 1, 7}, &r, &error) ==
		    STREAM_ERROR &&
		error_status(&error) == MM_EXIT_POSITION,
	    "from before the first: %s", error.message);

	d = open_dir(dir, &last, &error);
	OK(d && optime_same(last, at(899)), "opened again at %s",
	    optime_text(last, text));
	OK(!segment_start(d, at(910), at(3), at(910), &error) &&
		error_status(&error) == MM_EXIT_POSITION,
	    "not from a later position: %s", error.message);
	OK(segment_start(d, at(899), at(3), at(899), &error) &&
		segment_dir_close(d, "signal", at(899), at(899), &error),
	    "no progress");
	OK(count_files(dir, ".partial") == 0, "leaves no file");
	segment_dir_free(d);
	remove_dir(dir);
}

static void
refuses(void)
{
	char *dir = new_dir(), path[300];
	struct segment_opts opts = {
	    .dir = dir, .level = 1, .max_bytes = 1, .max_ms = 1000000};
	bson_t *heads[] = {head_of("rs1", "shop.*"), head_of("rs0", "crm.*")};
	struct optime last, from;
	struct segment_info *list;
	struct segment_dir *d;
	bson_error_t error = {0};
	struct reading r = {.next = 1};
	size_t n;

	d = open_dir(dir, &last, &error);
	OK(segment_start(d, at(0), at(0), at(0), &error) &&
		write_groups(d, 1, 900, &error) &&
		segment_dir_close(d, "signal", at(899), at(899), &error),
	    "written: %s", error.message);
	segment_dir_free(d);
	for (int i = 0; i < 2; i++) {
		OK(!segment_dir_open(&opts, heads[i], &last, &from, &error) &&
			error_status(&error) == MM_EXIT_REFUSED,
		    "another origin: %s", error.message);
		bson_destroy(heads[i]);
	}
	BSON_ASSERT(segment_list(dir, &list, &n, &error));
	snprintf(path, sizeof path, "%s/%s", dir, list[1].file);
	OK(truncate(path, 5000) == 0, "cut");
	OK(read_all(dir, OPTIME_NULL, &r, &error) == STREAM_ERROR &&
		error_status(&error) == MM_EXIT_STREAM && !r.bad,
	    "a torn segment: %s", error.message);
	unlink(path);
	OK(read_all(dir, OPTIME_NULL, &r, &error) == STREAM_ERROR &&
		error_status(&error) == MM_EXIT_POSITION,
	    "a gap: %s", error.message);
	segment_list_free(list, n);
	remove_dir(dir);
}

static void
manifest(void)
{
	char *dir = new_dir(), *path, text[SHA256_TEXT];
	struct manifest_line *lines;
	struct segment_info *list;
	struct segment_dir *d;
	struct optime last;
	bson_error_t error = {0};
	const struct manifest_line *line;
	uint64_t bytes;
	size_t n, n_lines;
	FILE *f;

	d = open_dir(dir, &last, &error);
	BSON_ASSERT(segment_start(d, at(0), at(0), at(0), &error) &&
	    write_groups(d, 1, 900, &error) &&
	    segment_dir_close(d, "signal", at(899), at(899), &error));
	segment_dir_free(d);
	BSON_ASSERT(segment_list(dir, &list, &n, &error));
	OK(manifest_read(dir, &lines, &n_lines, &error) && n_lines == n,
	    "a line for each of %zu segments", n);
	line = manifest_find(lines, n_lines, list[n - 1].file);
	path = bson_strdup_printf("%s/%s", dir, list[n - 1].file);
	OK(line && optime_same(line->last, at(899)) && line->docs > 0 &&
		manifest_sha256(path, text, &bytes, &error) &&
		strcmp(text, line->sha256) == 0 && bytes == line->bytes,
	    "position, count, size and SHA-256");
	bson_free(lines);
	bson_free(path);

	/* Torn in its last line, which a new writer mends. */
	path = bson_strdup_printf("%s/%s", dir, MANIFEST_FILE);
	f = fopen(path, "re+");
	BSON_ASSERT(f && fseek(f, -20, SEEK_END) == 0 &&
	    ftruncate(fileno(f), ftell(f)) == 0);
	fclose(f);
	OK(manifest_read(dir, &lines, &n_lines, &error) && n_lines == n - 1,
	    "a torn line is none");
	bson_free(lines);
	d = open_dir(dir, &last, &error);
	segment_dir_free(d);
	OK(manifest_read(dir, &lines, &n_lines, &error) && n_lines == n &&
		manifest_find(lines, n_lines, list[n - 1].file),
	    "and made again: %zu", n_lines);
	bson_free(lines);
	unlink(path);
	OK(segment_rebuild(dir, &error) &&
		manifest_read(dir, &lines, &n_lines, &error) && n_lines == n,
	    "rebuilt: %s", error.message);
	bson_free(lines);
	segment_list_free(list, n);
	bson_free(path);
	remove_dir(dir);
}

static void
names(void)
{
	static const char *const bad[] = {"LOCK", "MANIFEST.jsonl",
	    "20231114T221320Z-0000000001", "20231114T221320Z-000000001.partial",
	    "20231314T221320Z-0000000001.partial",
	    "20231114T221320Z-9999999999.partial",
	    " 0231114T221320Z-0000000001.partial",
	    "20231114T221320Z-0000000001_20231114T221320Z-0000000002.bson",
	    "20231114T221320Z-0000000001.partial.rewrite"};
	struct optime far = {UINT32_MAX, UINT32_MAX, 3};
	struct segment_info info;
	char text[SEGMENT_NAME];

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		OK(!segment_name_parse(bad[i], &info), "no name: %s", bad[i]);
	OK(segment_name_parse(segment_name(at(3), far, text), &info) &&
		!info.partial && optime_cmp(info.after, at(3)) == 0 &&
		optime_cmp(info.last, far) == 0,
	    "a name: %s", text);
	OK(segment_name_parse(segment_partial_name(at(3), text), &info) &&
		info.partial && optime_cmp(info.after, at(3)) == 0,
	    "a name: %s", text);
}

int
main(void)
{
	msg_init("segment_test");
	msg_set_level(MSG_WARNING);
	rotates();
	refuses();
	manifest();
	names();
	return tap_done();
}
