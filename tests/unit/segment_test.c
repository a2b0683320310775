/* Segment directories: rotation, chain, recovery after kill -9, following. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/msg.h"
#include "base/sig.h"
#include "stream/manifest.h"
#include "stream/segment.h"
#include "tap.h"

static char *
new_dir(void)
{
	char path[] = "/tmp/mm-segment-XXXXXX";

	if (!mkdtemp(path))
		abort();
	return bson_strdup(path);
}

static void
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

static int
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

static struct optime
at(uint32_t n)
{
	return (struct optime){1700000000 + n / 10, n % 10 + 1, 7};
}

static bson_t *
head_of(const char *set, const char *include)
{
	return BCON_NEW("source", "{", "set", set, "}", "filters", "{",
	    "include", "[", include, "]", "}");
}

/* Entry number n; group > 1: the i-th of a transaction at the same time. */
static void
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

static bool
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
static bool
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

static struct segment_dir *
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
static bool
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

static int32_t
field(const bson_t *doc, const char *name)
{
	bson_iter_t it;

	return bson_iter_init_find(&it, doc, name) ? bson_iter_int32(&it) : -1;
}

/* What an applier does: skip whole groups it has seen, drop half a group when
 * a stream begins. */
static void
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

static enum stream_got
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

static volatile sig_atomic_t fatal;

/* Writes for ever until killed. */
static void
writer(const char *dir, uint32_t seed)
{
	struct optime last;
	bson_error_t error;
	struct segment_dir *d = open_dir(dir, &last, &error);
	uint32_t n;

	if (!d) {
		fprintf(stderr, "# writer: %s\n", error.message);
		_exit(1);
	}
	if (optime_is_null(last))
		last = at(0);
	n = (last.secs - 1700000000) * 10 + last.inc - 1;
	srandom(seed);
	if (!segment_start(d, at(n), at(n), at(n), &error))
		_exit(2);
	for (n++;; n++) {
		if (!put_group(d, n, &error) ||
		    (n % 17 == 0 &&
			!put_mark(segment_stream(d), at(n), &error)) ||
		    (random() % 3 == 0 &&
			!segment_progress(d, at(n), at(n), false, &error)))
			_exit(3);
	}
}

struct follower {
	const char *dir;
	struct reading r;
	enum stream_got got;
	bson_error_t error;
};

static void *
follow(void *arg)
{
	struct follower *f = arg;
	struct segment_in *in =
	    segment_in_new(f->dir, OPTIME_NULL, true, &f->error);
	struct stream_item item;

	while ((f->got = segment_next(in, &item, &f->error)) == STREAM_GOT)
		take_item(&f->r, &item);
	segment_in_free(in);
	return NULL;
}

/* Kill -9 at random moments, again and again, under a follower. */
static void
survives_kills(int rounds)
{
	struct follower f = {.dir = new_dir(), .r = {.next = 1}};
	struct reading r = {.next = 1};
	struct optime last;
	bson_error_t error = {0};
	struct segment_dir *d;
	pthread_t thread;
	int clean = 0;
	uint32_t n;

	pthread_create(&thread, NULL, follow, &f);
	srandom((unsigned)getpid());
	tap_note("seed %d", getpid());
	for (int i = 0; i < rounds; i++) {
		pid_t pid = fork();
		int status = 0;

		if (pid == 0)
			writer(f.dir, (uint32_t)random());
		usleep((useconds_t)(random() % 60000));
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		clean += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	}
	OK(clean == rounds, "each writer lived until it was killed");
	d = open_dir(f.dir, &last, &error);
	OK(d != NULL, "recovered: %s", error.message);
	OK(count_files(f.dir, ".partial") <= 1 &&
		count_files(f.dir, ".rewrite") == 0,
	    "no rests");
	segment_dir_free(d);
	OK(read_all(f.dir, OPTIME_NULL, &r, &error) == STREAM_EOF && !r.bad &&
		r.i == 0,
	    "whole groups in order, up to %u: %s", r.next - 1, error.message);
	n = (last.secs - 1700000000) * 10 + last.inc - 1;
	OK(r.next - 1 == n, "the position is the last group: %u", n);
	for (int i = 0; i < 500 && f.r.next < r.next; i++)
		usleep(10000);
	sig_stop();
	pthread_join(thread, NULL);
	OK(f.got == STREAM_STOPPED && !f.r.bad && f.r.next == r.next,
	    "the follower saw all of it: %u of %u: %s", f.r.next - 1,
	    r.next - 1, f.error.message);
	OK(r.next > 100, "and that was something");
	remove_dir((char *)f.dir);
}

int
main(void)
{
	msg_init("segment_test");
	msg_set_level(MSG_WARNING);
	sig_init();
	rotates();
	refuses();
	survives_kills(25);
	return tap_done();
}
