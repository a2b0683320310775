/* Archives of mongodump: written, read back, cut at every border, and damaged
 * in ways that only a length or a sum tells. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/doc.h"
#include "io/fdio.h"
#include "stream/archive.h"
#include "stream/dump_coll.h"
#include "tap.h"

static bson_error_t error;

static int
memory(const void *data, size_t len)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	if (fd < 0 || (len && !fdio_write_all(fd, "memory", data, len, NULL)))
		abort();
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static void
take_file(int fd, struct buf *out)
{
	off_t len = lseek(fd, 0, SEEK_END);

	buf_clear(out);
	buf_reserve(out, (size_t)len + 1);
	lseek(fd, 0, SEEK_SET);
	if (len &&
	    fdio_read_full(fd, "memory", out->data, (size_t)len, false, NULL) !=
		FDIO_ALL)
		abort();
	out->len = (size_t)len;
	close(fd);
}

/* ------------------------------------------------------------ a snapshot */

static void
put_json(struct stream_out *s, const char *json)
{
	bson_t *doc = tap_json5(json);

	if (!stream_put(s, doc, &error))
		abort();
	bson_destroy(doc);
}

/* Two collections in turns, an empty one and a view. */
static void
snapshot(struct buf *out, const char *reason)
{
	int fd = memory(NULL, 0);
	struct stream_out_opts o = {.fd = fd, .name = "memory"};
	bson_t *head = tap_json5("{'source': {'set': 'x', 'version': '4.4.1'},"
				 " 'filters': {}, 'readConcern': 'majority'}");
	struct stream_out *s =
	    stream_out_new(&o, STREAM_SNAPSHOT, head, &error);
	struct dump_coll a = {.out = s, .block = {.c = 0}},
			 b = {.out = s, .block = {.c = 1}},
			 none = {.out = s, .block = {.c = 2}};

	put_json(s,
	    "{'$mm': 'coll', 'c': 0, 'db': 'd', 'coll': 'a', 'uuid': "
	    "{'$binary':"
	    " {'base64': 'AAECAwQFBgcICQoLDA0ODw==', 'subType': '04'}}, 'type':"
	    " 'collection', 'options': {'validator': {'x': {'$type': 'int'}}},"
	    " 'indexes': [{'v': 2, 'key': {'_id': 1}, 'name': '_id_'}, {'v': 2,"
	    "  'key': {'n': -1.5}, 'name': 'n'}]}");
	put_json(s,
	    "{'$mm': 'coll', 'c': 1, 'db': 'd', 'coll': 'b.c', 'type':"
	    " 'collection', 'options': {'capped': true, 'size':"
	    " {'$numberLong': '4294967296'}}, 'indexes': []}");
	put_json(s,
	    "{'$mm': 'coll', 'c': 2, 'db': 'd', 'coll': 'none', 'type':"
	    " 'collection', 'options': {}, 'indexes': []}");
	put_json(s,
	    "{'$mm': 'coll', 'c': 3, 'db': 'd', 'coll': 'v', 'type': 'view',"
	    " 'options': {'viewOn': 'a', 'pipeline': []}}");
	for (int i = 0; i < 6; i++) {
		bson_t *doc = BCON_NEW("_id", BCON_INT32(i));
		struct dump_coll *to = i % 3 ? &a : &b;

		if (!dump_coll_put(to, bson_get_data(doc), doc->len, &error) ||
		    !dump_coll_flush(to, &error))
			abort();
		bson_destroy(doc);
	}
	if (!dump_coll_end(&a, &error) || !dump_coll_end(&b, &error) ||
	    !dump_coll_end(&none, &error) ||
	    !stream_put_end(s, reason, NULL, &error))
		abort();
	dump_coll_release(&a);
	dump_coll_release(&b);
	dump_coll_release(&none);
	stream_out_free(s);
	bson_destroy(head);
	take_file(fd, out);
}

static bool
to_archive(const struct buf *stream, struct buf *out)
{
	int in = memory(stream->data, stream->len), fd = memory(NULL, 0);
	bool ok = archive_from_stream(in, "stream", 4, fd, "memory", &error);

	close(in);
	take_file(fd, out);
	return ok;
}

static bool
all(const void *arg, const char *ns)
{
	return !arg || strcmp(ns, arg) == 0;
}

static bool
to_stream(const void *data, size_t len, const char *only, struct buf *out)
{
	int in = memory(data, len), fd = memory(NULL, 0);
	bson_t *head = tap_json5("{'source': {}, 'filters': {}}");
	struct dump_stream to = {.fd = fd,
	    .name = "memory",
	    .head = head,
	    .to = OPTIME_NULL,
	    .select = all,
	    .arg = only};
	struct dump_log log;
	bool ok = archive_to_stream(in, "archive", &to, &log, &error);

	close(in);
	bson_destroy(head);
	take_file(fd, out);
	return ok;
}

/* What a stream says, a line a coll or cend record; caller frees. */
static char *
told(const struct buf *stream)
{
	int fd = memory(stream->data, stream->len);
	struct stream_in *in = stream_in_new(fd, "stream", false);
	struct buf text = BUF_INIT;
	struct stream_item item;
	enum stream_got got;

	while ((got = stream_next(in, &item, &error)) == STREAM_GOT) {
		bson_t seen = BSON_INITIALIZER;
		char *json;

		bson_copy_to_excluding_noinit(
		    &item.control, &seen, "x", "id", "created", NULL);
		json = bson_as_canonical_extended_json(&seen, NULL);
		if (item.type == RECORD_COLL || item.type == RECORD_CEND)
			buf_add_format(&text, "%s\n", json);
		bson_free(json);
		bson_destroy(&seen);
	}
	buf_add_text(&text, got == STREAM_EOF ? "whole\n" : "cut\n");
	stream_in_free(in);
	close(fd);
	return buf_take_text(&text);
}

/* ----------------------------------------------------------------- tests */

static void
round_trip(const struct buf *stream, const struct buf *archive)
{
	struct buf back = BUF_INIT, again = BUF_INIT;
	char *want = told(stream), *got;

	OK(archive->len > 4 &&
		memcmp(archive->data, "\x6d\xe2\x99\x81", 4) == 0,
	    "the magic");
	OK(to_stream(archive->data, archive->len, NULL, &back), "read back: %s",
	    error.message);
	got = told(&back);
	OK(strstr(got, "whole\n") && strcmp(got, want) == 0,
	    "names, options, indexes, uuid, documents and sums are the same");
	if (strcmp(got, want) != 0)
		tap_note("%s----\n%s", got, want);
	bson_free(got);
	OK(to_archive(&back, &again) && again.len > 4, "and once more");
	OK(to_stream(archive->data, archive->len, "d.b.c", &back),
	    "one collection of them: %s", error.message);
	got = told(&back);
	OK(strstr(got, "b.c") && !strstr(got, "none") && strstr(got, "whole"),
	    "no other comes");
	bson_free(got);
	bson_free(want);
	buf_release(&back);
	buf_release(&again);
}

static uint32_t
length_at(const struct buf *b, size_t at)
{
	uint32_t len;

	memcpy(&len, b->data + at, sizeof len);
	return BSON_UINT32_FROM_LE(len);
}

/* At every border of a document or terminator, and one byte before and behind
 * it. */
static void
cuts(const struct buf *archive)
{
	struct buf back = BUF_INIT;
	size_t at = 4, tried = 0, wrong = 0;

	while (at < archive->len) {
		uint32_t len = length_at(archive, at);

		at += len == UINT32_MAX ? 4 : len;
		for (size_t n = at - 1; n <= at + 1; n++) {
			char *got;

			if (n >= archive->len)
				continue;
			tried++;
			if (to_stream(archive->data, n, NULL, &back) ||
			    error_status(&error) != MM_EXIT_STREAM)
				wrong++;
			got = told(&back);
			wrong += strstr(got, "whole") != NULL;
			bson_free(got);
		}
	}
	OK(tried > 60 && wrong == 0, "cut at %zu places: %zu taken for whole",
	    tried, wrong);
	OK(!to_stream(archive->data, 0, NULL, &back) &&
		error_status(&error) == MM_EXIT_STREAM,
	    "nothing at all: %s", error.message);
	buf_release(&back);
}

/* From the first cend record on. */
static const char *
sums(const char *text)
{
	const char *at = strstr(text, "\"cend\"");

	return at ? at : "";
}

/* A bit at either end of each byte. */
static void
damage(const struct buf *archive)
{
	struct buf bad = BUF_INIT, back = BUF_INIT, good = BUF_INIT;
	size_t wrong = 0, same = 0;
	char *want, *got;

	to_stream(archive->data, archive->len, NULL, &good);
	want = told(&good);
	for (size_t at = 0; at < archive->len; at++)
		for (int bit = 0; bit < 8; bit += 7) {
			buf_clear(&bad);
			buf_add(&bad, archive->data, archive->len);
			bad.data[at] ^= (uint8_t)(1 << bit);
			if (!to_stream(bad.data, bad.len, NULL, &back))
				continue;
			got = told(&back);
			/* In names and metadata, which have no sum: another
			 * text, never other documents. */
			if (strcmp(sums(got), sums(want)) == 0)
				same++;
			else {
				wrong++;
				tap_note("byte %zu", at);
			}
			bson_free(got);
		}
	OK(wrong == 0, "flipped bits: %zu harmless, none gives other documents",
	    same);
	bson_free(want);
	buf_release(&bad);
	buf_release(&back);
	buf_release(&good);
}

static void
refused(const char *what, const void *data, size_t len, enum mm_exit status)
{
	struct buf back = BUF_INIT;

	OK(!to_stream(data, len, NULL, &back) && error_status(&error) == status,
	    "%s: %s", what, error.message);
	buf_release(&back);
}

static void
hostile(void)
{
	static const uint8_t huge[] = {0x6d, 0xe2, 0x99, 0x81, 0xff, 0xff, 0xff,
	    0x7f, 0, 0},
			     small[] = {0x6d, 0xe2, 0x99, 0x81, 4, 0, 0, 0},
			     minus[] = {0x6d, 0xe2, 0x99, 0x81, 0xfe, 0xff,
				 0xff, 0xff, 0},
			     gzip[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0};

	refused("a length of 2 GiB", huge, sizeof huge, MM_EXIT_STREAM);
	refused("a length of 4", small, sizeof small, MM_EXIT_STREAM);
	refused("a length below 0", minus, sizeof minus, MM_EXIT_STREAM);
	refused("gzip", gzip, sizeof gzip, MM_EXIT_STREAM);
	OK(strstr(error.message, "gzip -dc") != NULL, "says how to read it");
}

static void
meta(const char *json, const char *type, bool good, enum mm_exit status,
    const char *want)
{
	bson_t record = BSON_INITIALIZER;
	char *text = bson_strdup(json), *got;
	bool view, ok;

	for (char *p = text; *p; p++)
		if (*p == '\'')
			*p = '"';
	ok = dump_coll_read(0, "d", "c", text, type, &record, &view, &error);
	got = bson_as_canonical_extended_json(&record, NULL);
	OK(ok == good && (ok || error_status(&error) == status) &&
		(!want || strstr(got, want)),
	    "metadata %s: %s", json, ok ? "" : error.message);
	bson_free(got);
	bson_free(text);
	bson_destroy(&record);
}

int
main(void)
{
	struct buf stream = BUF_INIT, archive = BUF_INIT, back = BUF_INIT;

	OK(archive_crc(0, "123456789", 9) == UINT64_C(0x995DC9BBDF1939FA) &&
		archive_crc(archive_crc(0, "1234567890", 10), "12345", 5) ==
		    archive_crc(0, "123456789012345", 15),
	    "the CRC of xz, in one piece or several");
	snapshot(&stream, "complete");
	OK(to_archive(&stream, &archive), "written: %s", error.message);
	round_trip(&stream, &archive);
	cuts(&archive);
	damage(&archive);
	hostile();
	snapshot(&stream, "signal");
	OK(!to_archive(&stream, &back) &&
		error_status(&error) == MM_EXIT_STOPPED &&
		!to_stream(back.data, back.len, NULL, &archive) &&
		error_status(&error) == MM_EXIT_STREAM,
	    "a snapshot that was stopped makes no whole archive");
	meta("{'options': {'validator': {'a': {'$regex': 'x', '$options': "
	     "'i'}}}}",
	    "", true, 0, "\"$regex\" : \"x\", \"$options\" : \"i\"");
	meta("{'options': {'validator': {'a': {'$regex': 'x', '$nin': ['x']},"
	     " 'n': {'$numberDouble': 'NaN'}}}}",
	    "", true, 0, "\"$nin\"");
	meta("{'options': {'validator': {'a': {'$type': ['int', 'long']}}}}",
	    "", true, 0, "\"$type\" : [ \"int\", \"long\" ]");
	meta("{'options': {'timeseries': {'timeField': 't'}}}", "", false,
	    MM_EXIT_REFUSED, NULL);
	meta("{}", "timeseries", false, MM_EXIT_REFUSED, NULL);
	meta("{'options': {'viewOn': 'x', 'pipeline': []}}", NULL, true, 0,
	    "\"view\"");
	meta("", "", true, 0, "\"collection\"");
	meta("{'options':", "", false, MM_EXIT_STREAM, NULL);
	buf_release(&stream);
	buf_release(&archive);
	buf_release(&back);
	return tap_done();
}
