#include "engine/apply_input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/sig.h"
#include "io/fdio.h"
#include "io/file.h"

enum { POLL_MS = 200 };

struct apply_input {
	const char *const *files;
	size_t n, next;
	const char *dir;
	bool follow;
	struct segment_in *segments;
	struct stream_in *in;
	int fd;
	const char *name;
	bool ahead; /* item was read by apply_input_head */
	struct stream_item item;
	enum stream_kind kind;
};

struct apply_input *
apply_input_new(
    const char *const *files, size_t n, const char *dir, bool follow)
{
	static const char *const standard[] = {"-"};
	struct apply_input *in = BSON_ALIGNED_ALLOC0(struct apply_input);

	in->files = n ? files : standard;
	in->n = n ? n : 1;
	in->dir = dir;
	in->follow = follow;
	in->fd = -1;
	return in;
}

static void
close_file(struct apply_input *in)
{
	stream_in_free(in->in);
	in->in = NULL;
	if (in->fd > STDIN_FILENO)
		close(in->fd); /* only read: nothing can be lost */
	in->fd = -1;
}

void
apply_input_free(struct apply_input *in)
{
	if (!in)
		return;
	close_file(in);
	segment_in_free(in->segments);
	bson_free(in);
}

static bool
open_file(struct apply_input *in, const char *path, bson_error_t *error)
{
	in->name = strcmp(path, "-") == 0 ? "standard input" : path;
	in->fd = file_open_read(path, error);
	if (in->fd < 0)
		return false;
	if (in->fd == STDIN_FILENO)
		fdio_widen_pipe(in->fd);
	in->in = stream_in_new(in->fd, in->name, true);
	return true;
}

/* The next item of the files. */
static enum stream_got
next_of_files(struct apply_input *in, bson_error_t *error)
{
	enum stream_got got;

	for (;;) {
		if (!in->in) {
			if (in->next == in->n)
				return STREAM_EOF;
			if (!open_file(in, in->files[in->next++], error))
				return STREAM_ERROR;
		}
		got = stream_next(in->in, &in->item, error);
		if (got == STREAM_GOT)
			in->kind = stream_in_kind(in->in);
		if (got != STREAM_EOF)
			return got;
		close_file(in);
	}
}

static enum stream_got
next_of_dir(struct apply_input *in, struct optime from, bson_error_t *error)
{
	if (!in->segments)
		in->segments = segment_in_new(in->dir, from, in->follow, error);
	in->kind = STREAM_OPLOG; /* it takes no other */
	return in->segments ? segment_next(in->segments, &in->item, error)
			    : STREAM_ERROR;
}

/* ------------------------------------------------------------- the header */

/* 1: read; 0: none there (yet); -1: error. */
static int
head_of_segment(
    const char *dir, const char *file, bson_t *head, bson_error_t *error)
{
	char *path = bson_strdup_printf("%s/%s", dir, file);
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc = -1;
	struct stream_in *in;
	struct stream_item item;

	if (fd < 0 && errno == ENOENT) {
		bson_free(path);
		return 0;
	}
	if (fd < 0) {
		error_errno(error, MM_EXIT_IO, "could not open \"%s\"", path);
		bson_free(path);
		return -1;
	}
	in = stream_in_new(fd, path, false);
	if (stream_next(in, &item, error) == STREAM_GOT) {
		bson_reinit(head);
		bson_concat(head, &item.control);
		rc = 1;
	}
	stream_in_free(in);
	close(fd);
	bson_free(path);
	return rc;
}

static int
head_of_dir(const char *dir, bson_t *head, bson_error_t *error)
{
	struct segment_info *list;
	size_t n;
	int rc = 0;

	if (!segment_list(dir, &list, &n, error))
		return -1;
	if (n > 0)
		rc = head_of_segment(dir, list[0].file, head, error);
	/* A writer may just be about to write the first bytes. */
	if (rc < 0 && list[0].partial && error_status(error) == MM_EXIT_STREAM)
		rc = 0;
	segment_list_free(list, n);
	return rc;
}

enum stream_got
apply_input_head(struct apply_input *in, bson_t *head, enum stream_kind *kind,
    bson_error_t *error)
{
	enum stream_got got;
	int rc;

	bson_init(head);
	if (!in->dir) {
		got = next_of_files(in, error);
		if (got != STREAM_GOT)
			return got;
		in->ahead = true;
		*kind = in->kind;
		bson_concat(head, &in->item.control);
		return STREAM_GOT;
	}
	*kind = STREAM_OPLOG;
	while ((rc = head_of_dir(in->dir, head, error)) == 0) {
		if (!in->follow)
			return STREAM_EOF;
		if (!sig_sleep(POLL_MS))
			return STREAM_STOPPED;
	}
	return rc > 0 ? STREAM_GOT : STREAM_ERROR;
}

enum stream_got
apply_input_next(struct apply_input *in, struct optime from,
    struct stream_item *item, enum stream_kind *kind, bson_error_t *error)
{
	enum stream_got got = STREAM_GOT;

	if (in->dir)
		got = next_of_dir(in, from, error);
	else if (!in->ahead)
		got = next_of_files(in, error);
	in->ahead = false;
	*item = in->item;
	*kind = in->kind;
	return got;
}

bool
apply_input_where(const struct apply_input *in, bson_error_t *error)
{
	if (in->in)
		return stream_in_where(in->in, error);
	return false;
}
