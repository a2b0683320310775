#include "tap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int count, failed;

bool
tap_ok(bool passed, const char *file, int line, const char *format, ...)
{
	va_list ap;

	printf("%s %d - ", passed ? "ok" : "not ok", ++count);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
	if (!passed) {
		failed++;
		printf("# at %s:%d\n", file, line);
	}
	fflush(stdout);
	return passed;
}

void
tap_skip(const char *reason, const char *format, ...)
{
	va_list ap;

	printf("ok %d - ", ++count);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf(" # skip %s\n", reason);
}

void
tap_note(const char *format, ...)
{
	va_list ap;

	fputs("# ", stdout);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
}

int
tap_done(void)
{
	printf("1..%d\n", count);
	return fflush(stdout) != 0 || failed > 0 || count == 0;
}

const char *
tap_tests_dir(void)
{
	const char *dir = getenv("MM_TESTS");

	return dir ? dir : "tests";
}

char *
tap_read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *data;
	long size;

	if (!f || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0) {
		printf("Bail out! could not read %s\n", path);
		exit(1);
	}
	rewind(f);
	data = bson_malloc((size_t)size + 1);
	*len = fread(data, 1, (size_t)size, f);
	data[*len] = '\0';
	fclose(f);
	return data;
}

/* {"$hex": "..."} becomes binary; everything else is copied. */
static void
copy_value(bson_t *out, const char *key, bson_iter_t *it)
{
	bson_iter_t sub;
	bson_t child;

	if (BSON_ITER_HOLDS_DOCUMENT(it) && bson_iter_recurse(it, &sub) &&
	    bson_iter_next(&sub) && strcmp(bson_iter_key(&sub), "$hex") == 0) {
		const char *hex = bson_iter_utf8(&sub, NULL);
		uint8_t bytes[256];
		unsigned n = 0, byte;

		for (; sscanf(hex, "%2x", &byte) == 1; hex += 2)
			bytes[n++] = (uint8_t)byte;
		bson_append_binary(out, key, -1, BSON_SUBTYPE_BINARY, bytes, n);
		return;
	}
	if (!BSON_ITER_HOLDS_DOCUMENT(it) && !BSON_ITER_HOLDS_ARRAY(it)) {
		bson_append_iter(out, key, -1, it);
		return;
	}
	if (BSON_ITER_HOLDS_ARRAY(it))
		bson_append_array_begin(out, key, -1, &child);
	else
		bson_append_document_begin(out, key, -1, &child);
	bson_iter_recurse(it, &sub);
	while (bson_iter_next(&sub))
		copy_value(&child, bson_iter_key(&sub), &sub);
	if (BSON_ITER_HOLDS_ARRAY(it))
		bson_append_array_end(out, &child);
	else
		bson_append_document_end(out, &child);
}

bson_t *
tap_json(const char *json)
{
	bson_error_t error;
	bson_t *raw = bson_new_from_json(
	    (const uint8_t *)json, (ssize_t)strlen(json), &error);
	bson_t *out = bson_new();
	bson_iter_t it;

	if (!raw || !bson_iter_init(&it, raw)) {
		printf("Bail out! bad JSON: %s\n", json);
		exit(1);
	}
	while (bson_iter_next(&it))
		copy_value(out, bson_iter_key(&it), &it);
	bson_destroy(raw);
	return out;
}

bson_t *
tap_json5(const char *json)
{
	char *text = bson_strdup(json);
	bson_t *doc;

	for (char *c = text; *c; c++)
		if (*c == '\'')
			*c = '"';
	doc = tap_json(text);
	bson_free(text);
	return doc;
}

bool
tap_same_doc(const bson_t *got, const bson_t *want)
{
	char *a, *b;

	if (!got && !want)
		return true;
	if (got && want && got->len == want->len &&
	    memcmp(bson_get_data(got), bson_get_data(want), got->len) == 0)
		return true;
	a = got ? bson_as_canonical_extended_json(got, NULL) : NULL;
	b = want ? bson_as_canonical_extended_json(want, NULL) : NULL;
	tap_note("got  %s", a ? a : "nothing");
	tap_note("want %s", b ? b : "nothing");
	bson_free(a);
	bson_free(b);
	return false;
}

int
tap_vectors(const char *name, void (*each)(const char *line))
{
	char *path = bson_strdup_printf("%s/vectors/%s", tap_tests_dir(), name);
	char *save = NULL, *text;
	size_t len;
	int n = 0;

	text = tap_read_file(path, &len);
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save), n++)
		each(line);
	bson_free(text);
	bson_free(path);
	return n;
}
