/* Segment directories: kill -9 of the writer at random moments, recovery,
 * following. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/msg.h"
#include "base/sig.h"
#include "segments.h"

/* Writes for ever until killed; tells in *newest how far it is. */
static void
writer(const char *dir, uint32_t seed, _Atomic uint32_t *newest)
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
		*newest = n;
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

/* Kill -9 at random moments, again and again, under a follower, and until
 * something has been written. */
static void
survives_kills(int rounds)
{
	struct follower f = {.dir = new_dir(), .r = {.next = 1}};
	struct reading r = {.next = 1};
	struct optime last;
	bson_error_t error = {0};
	struct segment_dir *d;
	pthread_t thread;
	enum stream_got got;
	_Atomic uint32_t *newest = mmap(NULL, sizeof *newest,
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int clean = 0, i;
	uint32_t n;

	pthread_create(&thread, NULL, follow, &f);
	srandom((unsigned)getpid());
	tap_note("seed %d", getpid());
	for (i = 0; i < rounds || *newest < 40; i++) {
		pid_t pid = fork();
		int status = 0;

		if (pid == 0)
			writer(f.dir, (uint32_t)random(), newest);
		/* more and more time for a machine that is slow */
		usleep((useconds_t)(random() % (60000 + i * 2000)));
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		clean += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
	}
	OK(clean == i, "each writer lived until it was killed");
	d = open_dir(f.dir, &last, &error);
	OK(d != NULL, "recovered: %s", error.message);
	OK(count_files(f.dir, ".partial") <= 1 &&
		count_files(f.dir, ".rewrite") == 0,
	    "no rests");
	segment_dir_free(d);
	got = read_all(f.dir, OPTIME_NULL, &r, &error);
	OK(got == STREAM_EOF && !r.bad && r.i == 0,
	    "whole groups in order, up to %u: %s", r.next - 1, error.message);
	n = (last.secs - 1700000000) * 10 + last.inc - 1;
	OK(r.next - 1 == n, "the position is the last group: %u", n);
	for (i = 0; i < 6000 && f.r.next < r.next; i++)
		usleep(10000);
	sig_stop();
	pthread_join(thread, NULL);
	OK(f.got == STREAM_STOPPED && !f.r.bad && f.r.next == r.next,
	    "the follower saw all of it: %u of %u: %s", f.r.next - 1,
	    r.next - 1, f.error.message);
	OK(r.next > 20, "and that was something");
	remove_dir((char *)f.dir);
}

static char *
in_dir(const char *dir, const char *file)
{
	return bson_strdup_printf("%s/%s", dir, file);
}

static void
put_file(const char *dir, const char *file, const char *data, size_t len)
{
	char *path = in_dir(dir, file);
	FILE *f = fopen(path, "we");

	BSON_ASSERT(f && fwrite(data, 1, len, f) == len && fclose(f) == 0);
	bson_free(path);
}

static uint32_t
group_at(struct optime o)
{
	return (o.secs - 1700000000) * 10 + o.inc - 1;
}

#define START "20231114T221320Z-0000000001.partial" /* at(0) */

/* The directory is opened, gets one more group and is read: groups 1, 2 ...
 * without gap, and at least min of them. */
static bool
goes_on(const char *dir, uint32_t min, uint32_t *last_group)
{
	struct reading r = {.next = 1};
	struct optime last;
	bson_error_t error = {0};
	struct segment_dir *d = open_dir(dir, &last, &error);
	uint32_t n = d && !optime_is_null(last) ? group_at(last) : 0;
	bool ok;

	*last_group = n;
	ok = d && n >= min && segment_start(d, at(n), at(n), at(n), &error) &&
	    write_groups(d, n + 1, n + 2, &error) &&
	    segment_dir_close(d, "signal", at(n + 1), at(n + 1), &error);
	segment_dir_free(d);
	ok = ok && read_all(dir, OPTIME_NULL, &r, &error) == STREAM_EOF &&
	    !r.bad && r.i == 0 && r.next == n + 2 &&
	    count_files(dir, ".partial") == 0 &&
	    count_files(dir, ".rewrite") == 0;
	if (!ok)
		tap_note("group %u, next %u: %s", n, r.next, error.message);
	return ok;
}

/* What was flushed group by group, cut at any byte. */
static void
cut_anywhere(void)
{
	char *dir = new_dir(), *path = in_dir(dir, START), *data;
	size_t border[22] = {0}, len, cuts = 0;
	struct optime last;
	bson_error_t error;
	struct segment_dir *d = open_dir(dir, &last, &error);
	uint32_t groups, got, bad = 0;

	BSON_ASSERT(segment_start(d, at(0), at(0), at(0), &error));
	for (groups = 1; groups <= 20; groups++) {
		BSON_ASSERT(write_groups(d, groups, groups + 1, &error));
		border[groups] = stream_out_bytes(segment_stream(d));
	}
	segment_dir_free(d);
	data = tap_read_file(path, &len);
	OK(len == border[20], "a .partial of %zu bytes", len);
	for (size_t cut = 0; cut <= len; cut += cut + 13 > len ? 1 : 13) {
		char *copy = new_dir();

		put_file(copy, START, data, cut);
		for (groups = 0; groups < 20 && border[groups + 1] <= cut;)
			groups++;
		bad += !goes_on(copy, groups, &got) || got > groups + 1;
		cuts++;
		remove_dir(copy);
	}
	OK(bad == 0, "%zu cuts: whole groups, none lost", cuts);
	bson_free(data);
	bson_free(path);
	remove_dir(dir);
}

/* The writer died between two steps of closing or recovering. */
static void
between_steps(void)
{
	char *dir = new_dir(), *path = in_dir(dir, START), *data, *closed;
	struct segment_info *list;
	struct optime last;
	bson_error_t error = {0};
	struct segment_dir *d = open_dir(dir, &last, &error);
	size_t len, n;
	uint32_t got;

	BSON_ASSERT(segment_start(d, at(0), at(0), at(0), &error) &&
	    write_groups(d, 1, 10, &error));
	data = tap_read_file(path, &len);
	BSON_ASSERT(segment_dir_close(d, "signal", at(9), at(9), &error));
	segment_dir_free(d);
	put_file(dir, START, data, len);
	put_file(dir, START ".rewrite", data, len / 2);
	OK(goes_on(dir, 9, &got) && got == 9,
	    "published, but its .partial is still there");

	BSON_ASSERT(segment_list(dir, &list, &n, &error) && n == 2);
	closed = in_dir(dir, list[0].file);
	bson_free(data);
	data = in_dir(dir, list[1].file);
	BSON_ASSERT(unlink(data) == 0 && rename(closed, path) == 0);
	OK(goes_on(dir, 9, &got) && got == 9,
	    "complete, but not yet published");
	segment_list_free(list, n);

	put_file(dir, "20231114T221320Z-0000000002.partial", "garbage", 7);
	OK(goes_on(dir, 10, &got), "a stale .partial that is garbage");
	bson_free(data);
	bson_free(closed);
	bson_free(path);
	remove_dir(dir);
}

/* The disk is full in the middle of a segment (here: a limit of the file's
 * size). A child, because the limit stays. */
static void
disk_full(void)
{
	char *dir = new_dir();
	int status = -1;
	uint32_t got = 0;
	pid_t pid = fork();
	bool ok;

	if (pid == 0) {
		struct rlimit limit = {9000, 9000};
		struct optime last;
		bson_error_t error;
		struct segment_dir *d;

		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		d = open_dir(dir, &last, &error);
		if (!d || !segment_start(d, at(0), at(0), at(0), &error) ||
		    write_groups(d, 1, 100000, &error))
			_exit(70);
		_exit(error_status(&error));
	}
	waitpid(pid, &status, 0);
	OK(WIFEXITED(status) && WEXITSTATUS(status) == MM_EXIT_IO,
	    "no room: status %d", WEXITSTATUS(status));
	ok = goes_on(dir, 20, &got);
	OK(ok, "what was written is kept: %u groups", got);
	remove_dir(dir);
}

int
main(void)
{
	msg_init("recover_test");
	msg_set_level(MSG_WARNING);
	sig_init();
	cut_anywhere();
	between_steps();
	disk_full();
	survives_kills(25); /* last: it stops everything */
	return tap_done();
}
