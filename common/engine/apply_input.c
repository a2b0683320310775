#include "engine/apply_input.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/sig.h"
#include "engine/plain_log.h"
#include "io/input.h"

enum { POLL_MS = 5 };

struct apply_input {
	char *const *files;
	int n;
	const char *dir;
	bool follow;
	struct segment_in *segments;
	struct input *source;
	struct stream_in *in;
	struct plain_log_opts plain; /* rules NULL: a stream */
	struct plain_log *log;
	bool ahead; /* item was read by apply_input_head */
	struct stream_item item;
	enum stream_kind kind;
};

struct apply_input *
apply_input_new(char *const *files, int n, const char *dir, bool follow)
{
	struct apply_input *in = BSON_ALIGNED_ALLOC0(struct apply_input);

	in->files = files;
	in->n = n;
	in->dir = dir;
	in->follow = follow;
	return in;
}

void
apply_input_plain(struct apply_input *in, const struct ns_rules *rules,
    struct optime after, bool allow_truncated)
{
	in->plain = (struct plain_log_opts){
	    .rules = rules, .after = after, .allow_truncated = allow_truncated};
	in->kind = STREAM_OPLOG;
}

void
apply_input_free(struct apply_input *in)
{
	if (!in)
		return;
	stream_in_free(in->in);
	plain_log_free(in->log);
	input_close(in->source, NULL);
	segment_in_free(in->segments);
	bson_free(in);
}

/* A file that could not be read looks like the end of the stream. */
static enum stream_got
check_source(struct apply_input *in, enum stream_got got, bson_error_t *error)
{
	bson_error_t why;

	if (got == STREAM_ERROR && in->source) {
		if (!input_close(in->source, &why))
			*error = why;
		in->source = NULL;
	}
	return got;
}

static enum stream_got
next_of_plain(struct apply_input *in, struct optime from, bson_error_t *error)
{
	enum stream_got got;
	bson_t entry;

	if (!in->log) {
		in->plain.fd = input_fd(in->source);
		in->plain.name = input_name(in->source);
		in->log = plain_log_new(&in->plain, error);
		if (!in->log)
			return STREAM_ERROR;
	}
	got = plain_log_next(in->log, from, &in->item, error);
	return plain_log_entry(in->log, &entry) ? got
						: check_source(in, got, error);
}

/* The next item of the stream. */
static enum stream_got
next_of_stream(struct apply_input *in, struct optime from, bson_error_t *error)
{
	enum stream_got got;

	if (!in->source && !(in->source = input_open(in->files, in->n, error)))
		return STREAM_ERROR;
	if (in->plain.rules)
		return next_of_plain(in, from, error);
	if (!in->in)
		in->in = stream_in_new(
		    input_fd(in->source), input_name(in->source), true);
	got = stream_next(in->in, &in->item, error);
	if (got == STREAM_GOT)
		in->kind = stream_in_kind(in->in);
	return check_source(in, got, error);
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
		got = next_of_stream(in, OPTIME_NULL, error);
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
		got = next_of_stream(in, from, error);
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
	return in->log ? plain_log_where(in->log, error) : false;
}

bool
apply_input_entry(const struct apply_input *in, bson_t *entry)
{
	return in->log && plain_log_entry(in->log, entry);
}
