/* Descriptors, files, zstd frames. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/sig.h"
#include "io/fdio.h"
#include "io/file.h"
#include "io/zio.h"
#include "tap.h"

#define BIG (3u << 20)

static uint8_t big[BIG], back[BIG + 1];

struct pipe_end {
	int fd;
	size_t piece; /* bytes at a time */
	int pause_us; /* before each piece */
	size_t moved;
};

static void *
drain(void *arg)
{
	struct pipe_end *p = arg;
	ssize_t n;

	while (usleep((useconds_t)p->pause_us),
	    (n = read(p->fd, back + p->moved, p->piece)) > 0)
		p->moved += (size_t)n;
	return NULL;
}

static void *
feed(void *arg)
{
	struct pipe_end *p = arg;

	while (p->moved < BIG) {
		size_t n =
		    BIG - p->moved < p->piece ? BIG - p->moved : p->piece;

		if (p->pause_us)
			usleep((useconds_t)p->pause_us);
		if (write(p->fd, big + p->moved, n) != (ssize_t)n)
			abort();
		p->moved += n;
	}
	close(p->fd);
	return NULL;
}

/* A descriptor that another program set O_NONBLOCK. */
static void
nonblocking(void)
{
	struct pipe_end end = {.piece = 50000, .pause_us = 100};
	bson_error_t error;
	pthread_t thread;
	int fd[2];

	BSON_ASSERT(pipe2(fd, O_NONBLOCK) == 0);
	fcntl(fd[0], F_SETFL, 0);
	end.fd = fd[0];
	pthread_create(&thread, NULL, drain, &end);
	OK(fdio_write_all(fd[1], "pipe", big, BIG, &error),
	    "written into a full O_NONBLOCK pipe");
	close(fd[1]);
	pthread_join(thread, NULL);
	OK(end.moved == BIG && memcmp(big, back, BIG) == 0, "all of it came");
	close(fd[0]);

	BSON_ASSERT(pipe2(fd, O_NONBLOCK) == 0);
	fcntl(fd[1], F_SETFL, 0);
	end = (struct pipe_end){.fd = fd[1], .piece = 30000, .pause_us = 100};
	memset(back, 0, BIG);
	pthread_create(&thread, NULL, feed, &end);
	OK(fdio_read_full(fd[0], "pipe", back, BIG, false, &error) == FDIO_ALL,
	    "read from an empty O_NONBLOCK pipe");
	OK(memcmp(big, back, BIG) == 0, "the same bytes");
	OK(fdio_read_full(fd[0], "pipe", back, 1, false, &error) == FDIO_END,
	    "then the end");
	pthread_join(thread, NULL);
	close(fd[0]);
}

static void
ends(void)
{
	bson_error_t error;
	char two[2];
	int fd[2];

	BSON_ASSERT(pipe(fd) == 0);
	BSON_ASSERT(write(fd[1], "a", 1) == 1);
	close(fd[1]);
	OK(fdio_read_full(fd[0], "pipe", two, 2, false, &error) == FDIO_ERROR &&
		error_status(&error) == MM_EXIT_STREAM,
	    "one byte of two: %s", error.message);
	close(fd[0]);
	BSON_ASSERT(pipe(fd) == 0);
	close(fd[0]);
	OK(!fdio_write_all(fd[1], "pipe", "a", 1, &error) &&
		error.code == EPIPE && error_status(&error) == MM_EXIT_IO,
	    "nobody reads: %s", error.message);
	close(fd[1]);
	OK(!fdio_close(fd[1], "pipe", &error) &&
		error_status(&error) == MM_EXIT_IO,
	    "close counts: %s", error.message);
	fd[0] = open("/dev/full", O_WRONLY);
	OK(!fdio_write_all(fd[0], "full", "a", 1, &error) &&
		error.code == ENOSPC && error_status(&error) == MM_EXIT_IO,
	    "disk full: %s", error.message);
	close(fd[0]);
	fd[0] = posix_openpt(O_RDWR | O_NOCTTY);
	OK(fd[0] >= 0 && !fdio_refuse_terminal(fd[0], "it", &error) &&
		error_status(&error) == MM_EXIT_USAGE,
	    "a terminal: %s", error.message);
	close(fd[0]);
}

static bool
holds(const char *path, const char *want)
{
	size_t len;
	char *got = tap_read_file(path, &len);
	bool same = len == strlen(want) && memcmp(got, want, len) == 0;

	bson_free(got);
	return same;
}

static void
files(void)
{
	char dir[] = "/tmp/mm-io-XXXXXX", a[100], b[100], partial[120];
	bson_error_t error = {0};
	struct stat st;
	int fd;

	BSON_ASSERT(mkdtemp(dir));
	snprintf(a, sizeof a, "%s/a", dir);
	snprintf(b, sizeof b, "%s/b", dir);
	snprintf(partial, sizeof partial, "%s.partial", b);
	OK(file_open_read(a, &error) < 0 && error.code == ENOENT &&
		error_status(&error) == MM_EXIT_IO,
	    "not there: %s", error.message);
	OK(file_open_read(dir, &error) < 0 && error.code == EISDIR,
	    "a directory: %s", error.message);
	fd = file_create(a, &error);
	OK(fd >= 0 && fdio_write_all(fd, a, "one", 3, &error) &&
		file_sync(fd, a, &error) && fdio_close(fd, a, &error),
	    "created");
	OK(stat(a, &st) == 0 && (st.st_mode & 0777) == 0600,
	    "readable by its owner only");
	OK(file_create(a, &error) < 0 && error.code == EEXIST, "not twice: %s",
	    error.message);
	OK(file_replace(b, "two", 3, &error) && holds(b, "two"), "replaced");
	OK(file_replace(b, "three", 5, &error) && holds(b, "three"), "again");
	OK(access(partial, F_OK) != 0, "no rest");
	OK(!file_publish(a, b, &error) && error.code == EEXIST &&
		holds(b, "three"),
	    "publishing never replaces: %s", error.message);
	unlink(b);
	OK(file_publish(a, b, &error) && holds(b, "one"), "published");
	unlink(b);
	rmdir(dir);
}

static void
levels(void)
{
	static const char *const bad[] = {
	    "", "gzip", "zstd:", "zstd:0", "zstd:13", "zstd:+1", "zstd:1x"};
	bson_error_t error;
	int level = -1;

	OK(zio_parse_level("none", &level, &error) && level == 0, "none");
	OK(zio_parse_level("zstd", &level, &error) && level == 1, "zstd");
	OK(zio_parse_level("zstd:12", &level, &error) && level == 12, "12");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		OK(!zio_parse_level(bad[i], &level, &error) &&
			error_status(&error) == MM_EXIT_USAGE,
		    "\"%s\": %s", bad[i], error.message);
}

/* A frame made with other parameters than ours. */
static size_t
foreign_frame(uint8_t *out, size_t room, size_t len, int window, bool size)
{
	ZSTD_CCtx *c = ZSTD_createCCtx();
	ZSTD_inBuffer in = {big, len, 0};
	ZSTD_outBuffer o = {out, room, 0};

	ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, window);
	ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, size);
	if (size)
		ZSTD_CCtx_setPledgedSrcSize(c, len);
	while (in.pos < in.size)
		ZSTD_compressStream2(c, &o, &in, ZSTD_e_continue);
	while (ZSTD_compressStream2(c, &o, &in, ZSTD_e_end) != 0)
		;
	ZSTD_freeCCtx(c);
	return o.pos;
}

/* 1 GiB of zeros in a frame that says so or not. */
static size_t
zeros_frame(uint8_t *out, size_t room, bool announce)
{
	uint8_t *zeros = bson_malloc0(1u << 20);
	ZSTD_CCtx *c = ZSTD_createCCtx();
	ZSTD_outBuffer o = {out, room, 0};

	if (announce)
		ZSTD_CCtx_setPledgedSrcSize(c, 1u << 30);
	for (int i = 0; i < 1024; i++) {
		ZSTD_inBuffer in = {zeros, 1u << 20, 0};

		while (in.pos < in.size)
			ZSTD_compressStream2(c, &o, &in, ZSTD_e_continue);
	}
	while (ZSTD_compressStream2(
		   c, &o, &(ZSTD_inBuffer){NULL, 0, 0}, ZSTD_e_end) != 0)
		;
	ZSTD_freeCCtx(c);
	bson_free(zeros);
	return o.pos;
}

static void
frames(void)
{
	struct zio_packer *p = zio_packer_new(1);
	struct buf packed = BUF_INIT, out = BUF_INIT;
	bson_error_t error = {0};
	uint8_t *frame = bson_malloc(BIG);
	size_t n, caught = 0, same = 0;

	OK(zio_pack(p, big, BIG, &packed, &error), "packed");
	OK(zio_unpack(p, packed.data + 12, packed.len - 12, &out, &error) &&
		out.len == BIG && memcmp(out.data, big, BIG) == 0,
	    "unpacked: %s", error.message);
	for (size_t i = 0; i < 300; i++) {
		size_t at = 12 + (i * 7919) % (packed.len - 12);

		packed.data[at] ^= (uint8_t)(1u << (i % 8));
		buf_clear(&out);
		if (!zio_unpack(
			p, packed.data + 12, packed.len - 12, &out, &error))
			caught += error_status(&error) == MM_EXIT_STREAM;
		else
			same +=
			    out.len == BIG && memcmp(out.data, big, BIG) == 0;
		packed.data[at] ^= (uint8_t)(1u << (i % 8));
	}
	OK(caught + same == 300 && caught > 250,
	    "300 flipped bits: %zu found, %zu without effect", caught, same);
	buf_clear(&out);
	OK(!zio_unpack(p, packed.data + 12, packed.len - 13, &out, &error),
	    "cut: %s", error.message);
	n = foreign_frame(frame, BIG, 1000000, 20, false);
	OK(zio_unpack(p, frame, n, &out, &error) && out.len == 1000000 &&
		memcmp(out.data, big, out.len) == 0,
	    "a frame that does not tell its size");
	OK(!zio_unpack(p, frame, n - 1, &out, &error), "cut: %s",
	    error.message);

	/* Bombs: 1 GiB of zeros, announced and not announced. */
	n = zeros_frame(frame, BIG, true);
	buf_release(&out);
	OK(!zio_unpack(p, frame, n, &out, &error) && out.cap == 0,
	    "no memory for 1 GiB: %s", error.message);
	n = zeros_frame(frame, BIG, false);
	OK(!zio_unpack(p, frame, n, &out, &error) &&
		out.cap <= 2 * ZIO_FRAME_MAX + (1u << 20),
	    "nor where it is not announced: %s", error.message);
	buf_release(&out);
	buf_release(&packed);
	zio_packer_free(p);
	bson_free(frame);
}

static struct zio_reader *
reader_of(const void *data, size_t len, int *fd)
{
	FILE *f = tmpfile();

	*fd = dup(fileno(f));
	fclose(f);
	BSON_ASSERT(write(*fd, data, len) == (ssize_t)len);
	lseek(*fd, 0, SEEK_SET);
	return zio_reader_new(*fd, "scratch");
}

static void
reads(void)
{
	struct zio_packer *p = zio_packer_new(1);
	struct zio_live *live = zio_live_new(1);
	struct buf all = BUF_INIT, frame = BUF_INIT;
	bson_error_t error = {0};
	struct zio_reader *z;
	uint8_t *long_window = bson_malloc(2 * BIG);
	size_t n;
	int fd;

	BSON_ASSERT(zio_pack(p, big, 1000, &all, &error));
	buf_add(&all, "\x5f\x2a\x4d\x18\x03\0\0\0abc", 11);
	BSON_ASSERT(zio_live_put(live, big, 500, false, &all, &error));
	BSON_ASSERT(zio_live_put(live, big, 500, true, &all, &error));
	buf_add(&all, "bare", 4);
	z = reader_of(all.data, all.len, &fd);
	OK(zio_read_frame(z, &frame, false, &error) == 1, "one whole frame");
	OK(zio_read_frame(z, &frame, false, &error) == 2, "then no header");
	OK(zio_read_full(z, back, 1000, false, &error) == FDIO_ALL &&
		memcmp(back, big, 500) == 0 &&
		memcmp(back + 500, big, 500) == 0,
	    "over a skippable frame into a live one");
	OK(zio_read_full(z, back, 4, false, &error) == FDIO_ALL &&
		memcmp(back, "bare", 4) == 0,
	    "and bare bytes behind it");
	OK(zio_read_full(z, back, 1, false, &error) == FDIO_END, "the end");
	OK(zio_reader_offset(z) == all.len, "offset");
	zio_reader_free(z);
	close(fd);

	n = foreign_frame(long_window, 2 * BIG, BIG, 24, false);
	z = reader_of(long_window, n, &fd);
	OK(zio_read_full(z, back, 1, false, &error) == FDIO_ERROR &&
		error_status(&error) == MM_EXIT_STREAM,
	    "a window of 16 MiB: %s", error.message);
	zio_reader_free(z);
	close(fd);
	z = reader_of("\x50\x2a\x4d\x18\x04\0\0\0\xff\xff\xff\xff", 12, &fd);
	buf_release(&frame);
	OK(zio_read_frame(z, &frame, false, &error) == -1 && frame.cap == 0 &&
		error_status(&error) == MM_EXIT_STREAM,
	    "a frame of 4 GiB: %s", error.message);
	zio_reader_free(z);
	close(fd);
	bson_free(long_window);
	buf_release(&all);
	buf_release(&frame);
	zio_live_free(live);
	zio_packer_free(p);
}

static void
stops(void)
{
	bson_error_t error;
	char c;
	int fd[2];

	BSON_ASSERT(pipe(fd) == 0);
	sig_stop();
	OK(fdio_read_full(fd[0], "pipe", &c, 1, true, &error) == FDIO_STOPPED,
	    "a stop signal ends a read that waits");
	OK(write(fd[1], "a", 1) == 1 &&
		fdio_read_full(fd[0], "pipe", &c, 1, false, &error) == FDIO_ALL,
	    "but not one that must not stop");
	close(fd[0]);
	close(fd[1]);
}

int
main(void)
{
	sig_init();
	srandom(1);
	for (size_t i = 0; i < BIG; i++)
		big[i] = (uint8_t)(random() % 40 + i / 4096);
	nonblocking();
	ends();
	files();
	levels();
	frames();
	reads();
	stops(); /* last: it is for good */
	return tap_done();
}
