/* For the tests of segment directories: a log whose groups are numbered, so
 * that a reader knows what is due. */
#ifndef MM_TEST_SEGMENTS_H
#define MM_TEST_SEGMENTS_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stream/segment.h"
#include "tap.h"

static inline char *
new_dir(void)
{
	char path[] = "/tmp/mm-segment-XXXXXX";

	if (!mkdtemp(path))
		abort();
	return bson_strdup(path);
}

static inline void
remove_dir(char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
	rmdir(dir);
	bson_free(dir);
}

static inline int
count_files(const char *dir, const char *suffix)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d)) != NULL) {
		size_t len = strlen(e->d_name), end = strlen(suffix);

		n += len > end && strcmp(e->d_name + len - end, suffix) == 0;
	}
	if (d)
		closedir(d);
	return n;
}

static inline struct optime
at(uint32_t n)
{
	return (struct optime){1700000000 + n / 10, n % 10 + 1, 7};
}

static inline bson_t *
head_of(const char *set, const char *include)
{
	return BCON_NEW("source", "{", "set", set, "}", "filters", "{",
	    "include", "[", include, "]", "}");
}

/* Entry number n; group > 1: the i-th of a transaction at the same time. */
static inline void
add_entry(struct block *b, uint32_t n, int i, int group)
{
	bson_t doc = BSON_INITIALIZER, txn;
	char pad[200];

	memset(pad, 'a' + (int)n % 26, sizeof pad);
	pad[sizeof pad - 1] = 0;
	BSON_APPEND_TIMESTAMP(&doc, "ts", at(n).secs, at(n).inc);
	BSON_APPEND_INT64(&doc, "t", 7);
	BSON_APPEND_UTF8(&doc, "pad", pad);
	BSON_APPEND_INT32(&doc, "n", (int32_t)n);
	BSON_APPEND_INT32(&doc, "group", group);
	if (group > 1) {
		BSON_APPEND_DOCUMENT_BEGIN(&doc, "txn", &txn);
		BSON_APPEND_INT32(&txn, "i", i);
		if (i == group - 1)
			BSON_APPEND_BOOL(&txn, "last", true);
		bson_append_document_end(&doc, &txn);
	}
	block_add(b, bson_get_data(&doc), doc.len);
	bson_destroy(&doc);
}

static inline bool
put_mark(struct stream_out *out, struct optime o, bson_error_t *error)
{
	bson_t *mark = BCON_NEW("$mm", "mark", "ts",
	    BCON_TIMESTAMP(o.secs, o.inc), "t", BCON_INT64(o.term), "readFrom",
	    "{", "ts", BCON_TIMESTAMP(o.secs, o.inc), "t", BCON_INT64(o.term),
	    "}", "reason", "heartbeat");
	bool ok = stream_put(out, mark, error);

	bson_destroy(mark);
	return ok;
}

/* Group n in one or more blocks. Every fifth is a transaction. */
static inline bool
put_group(struct segment_dir *d, uint32_t n, bson_error_t *error)
{
	int group = n % 5 == 0 ? (int)(n % 50) + 2 : 1;
	struct block b = {0};
	bool ok = true;

	for (int i = 0; ok && i < group; i++) {
		add_entry(&b, n, i, group);
		if (b.n == 7)
			ok = stream_put_block(
			    segment_stream(d), &b, NULL, error);
	}
	ok = ok && stream_put_block(segment_stream(d), &b, NULL, error);
	block_release(&b);
	return ok;
}

static inline struct segment_dir *
open_dir(const char *dir, struct optime *last, bson_error_t *error)
{
	struct segment_opts opts = {.dir = dir,
	    .level = 1,
	    .max_bytes = 20000,
	    .max_ms = 1000000,
	    .fsync_ms = 1000000};
	bson_t *head = head_of("rs0", "shop.*");
	struct optime read_from;
	struct segment_dir *d;

	d = segment_dir_open(&opts, head, last, &read_from, error);
	bson_destroy(head);
	return d;
}

/* Groups first..end-1; a position of each is made known. */
static inline bool
write_groups(
    struct segment_dir *d, uint32_t first, uint32_t end, bson_error_t *error)
{
	for (uint32_t n = first; n < end; n++)
		if (!put_group(d, n, error) ||
		    (n % 17 == 0 &&
			!put_mark(segment_stream(d), at(n), error)) ||
		    !segment_progress(d, at(n), at(n), false, error))
			return false;
	return true;
}

struct reading {
	uint32_t next; /* group that is due */
	uint32_t first;
	int i;
	int streams, ends;
	bool bad;
};

static inline int32_t
field(const bson_t *doc, const char *name)
{
	bson_iter_t it;

	return bson_iter_init_find(&it, doc, name) ? bson_iter_int32(&it) : -1;
}

/* What an applier does: skip whole groups it has seen, drop half a group when
 * a stream begins. */
static inline void
take_item(struct reading *r, const struct stream_item *item)
{
	struct block_cursor cur;
	const uint8_t *data;
	uint32_t len;

	r->streams += item->type == RECORD_STREAM;
	r->ends += item->type == RECORD_END;
	if (item->type == RECORD_STREAM)
		r->i = 0;
	if (item->type != RECORD_BLOCK)
		return;
	block_rewind(&cur, &item->block);
	while (block_next(&cur, &data, &len)) {
		bson_t doc, txn;
		uint32_t n;
		int i = 0;

		BSON_ASSERT(bson_init_static(&doc, data, len));
		n = (uint32_t)field(&doc, "n");
		if (n < r->next)
			continue;
		if (record_doc(&doc, "txn", &txn, NULL))
			i = field(&txn, "i");
		if (n != r->next || i != r->i)
			r->bad = true;
		r->i = i + 1;
		if (r->i == field(&doc, "group")) {
			r->next++;
			r->i = 0;
		}
	}
}

static inline enum stream_got
read_all(
    const char *dir, struct optime from, struct reading *r, bson_error_t *error)
{
	struct segment_in *in = segment_in_new(dir, from, false, error);
	struct stream_item item;
	enum stream_got got;

	while ((got = segment_next(in, &item, error)) == STREAM_GOT)
		take_item(r, &item);
	segment_in_free(in);
	return got;
}

#endif
