#include "stream/segment_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/msg.h"
#include "io/fdio.h"
#include "io/file.h"

#define LOCK_FILE "LOCK"

struct segment_dir {
	struct segment_opts o;
	char *dir;
	bson_t *head;
	int lock;
	struct optime last; /* where it ends; null: nothing yet */
	bool closed;        /* it holds a closed segment */
	/* The open segment. */
	int fd;
	char *path;
	struct stream_out *out;
	struct optime after, seen;
	int64_t opened_ms, synced_ms;
};

static bool
make_dir(const char *dir, bson_error_t *error)
{
	char *parent;
	bool ok;

	if (mkdir(dir, 0700) != 0) {
		if (errno == EEXIST)
			return true;
		return error_errno(error, MM_EXIT_IO,
		    "could not create directory \"%s\"", dir);
	}
	parent = bson_strdup_printf("%s/..", dir);
	ok = file_sync_dir(parent, error);
	bson_free(parent);
	return ok;
}

static bool
take_lock(struct segment_dir *d, bson_error_t *error)
{
	char *path = segment_path(d->dir, LOCK_FILE);
	bool ok = true;

	d->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (d->lock < 0)
		ok = error_errno(
		    error, MM_EXIT_IO, "could not open file \"%s\"", path);
	else if (flock(d->lock, LOCK_EX | LOCK_NB) != 0)
		ok = errno == EWOULDBLOCK
		    ? error_set(error, MM_EXIT_REFUSED, EWOULDBLOCK,
			  "directory \"%s\" is being written by another "
			  "process",
			  d->dir)
		    : error_errno(error, MM_EXIT_IO,
			  "could not lock file \"%s\"", path);
	bson_free(path);
	return ok;
}

/* Head and end of a closed segment; its source must be ours. */
static bool
read_newest(struct segment_dir *d, const char *file, struct optime *read_from,
    bson_error_t *error)
{
	char *path = segment_path(d->dir, file);
	struct stream_in *in = NULL;
	struct stream_item item;
	enum stream_got got;
	int fd = file_open_read(path, error);
	bool ok = fd >= 0;

	if (!ok)
		goto cleanup;
	in = stream_in_new(fd, path, false);
	while (ok && (got = stream_next(in, &item, error)) != STREAM_EOF) {
		ok = got == STREAM_GOT;
		if (ok && item.type == RECORD_STREAM) {
			ok = segment_same_origin(d->head, &item.control, error);
			if (!ok)
				error_prefix(error, "%s", path);
		} else if (ok && item.type == RECORD_END) {
			ok = record_optime(
				 &item.control, "to", &d->last, error) &&
			    record_optime(
				&item.control, "readFrom", read_from, error);
		}
	}
cleanup:
	stream_in_free(in);
	if (fd >= 0)
		close(fd);
	bson_free(path);
	return ok;
}

/* What a killed writer left. Nothing of use: *last, where it was null, still
 * becomes the position it started from. */
static bool
recover(struct segment_dir *d, const char *file, struct optime *read_from,
    bson_error_t *error)
{
	char *path = segment_path(d->dir, file);
	struct segment_cut cut = {0};
	bool ok, published = false;
	int fd;

	fd = file_open_read(path, error);
	ok = fd >= 0 && segment_scan(fd, path, &cut, error);
	if (fd >= 0)
		close(fd);
	if (ok && !cut.has_head && unlink(path) != 0)
		ok = error_errno(
		    error, MM_EXIT_IO, "could not remove file \"%s\"", path);
	if (!ok || !cut.has_head)
		goto cleanup;
	ok = segment_same_origin(d->head, &cut.head, error);
	if (!ok) {
		error_prefix(error, "%s", path);
		goto cleanup;
	}
	if (!optime_is_null(d->last) && !optime_same(d->last, cut.after)) {
		ok = error_set(error, MM_EXIT_POSITION, 0,
		    "\"%s\" does not join the newest segment", path);
		goto cleanup;
	}
	ok = segment_recover(d->dir, file, d->o.level, &cut, &published, error);
	if (ok && (published || optime_is_null(d->last))) {
		d->last = cut.last;
		*read_from = cut.read_from;
	}
	d->closed = d->closed || (ok && published);
	if (ok && published)
		msg_info("recovered \"%s\" of a writer that was killed", path);
cleanup:
	segment_cut_release(&cut);
	bson_free(path);
	return ok;
}

static bool
look_back(struct segment_dir *d, struct optime *read_from, bson_error_t *error)
{
	struct segment_info *list = NULL;
	size_t n = 0, closed = 0;
	bool ok;

	ok = segment_list(d->dir, &list, &n, error);
	while (ok && closed < n && !list[closed].partial)
		closed++;
	ok = ok && manifest_complete(d->dir, list, n, error);
	d->closed = closed > 0;
	if (ok && closed > 0)
		ok = read_newest(d, list[closed - 1].file, read_from, error);
	if (ok)
		segment_drop_leftovers(d->dir, d->last);
	if (ok && closed < n)
		ok = recover(d, list[closed].file, read_from, error);
	segment_list_free(list, n);
	return ok;
}

struct segment_dir *
segment_dir_open(const struct segment_opts *opts, const bson_t *head,
    struct optime *last, struct optime *read_from, bson_error_t *error)
{
	struct segment_dir *d = bson_malloc0(sizeof *d);

	d->o = *opts;
	d->dir = bson_strdup(opts->dir);
	d->head = bson_copy(head);
	d->fd = d->lock = -1;
	d->last = *read_from = OPTIME_NULL;
	if ((opts->level < 1 &&
		!error_set(error, MM_EXIT_USAGE, 0,
		    "segments are always compressed: -Z none is for pipes")) ||
	    !make_dir(d->dir, error) || !take_lock(d, error) ||
	    !look_back(d, read_from, error)) {
		segment_dir_free(d);
		return NULL;
	}
	*last = d->last;
	return d;
}

static bool
open_segment(
    struct segment_dir *d, struct optime read_from, bson_error_t *error)
{
	struct stream_out_opts opts = {
	    .level = d->o.level, .live = true, .table = true};
	char name[SEGMENT_NAME];
	bson_t head;
	bool ok;

	d->path = segment_path(d->dir, segment_partial_name(d->after, name));
	/* One without progress, of a killed writer: recovery left it. */
	(void)unlink(d->path);
	d->fd = file_create(d->path, error);
	if (d->fd < 0)
		return false;
	opts.fd = d->fd;
	opts.name = d->path;
	bson_copy_to(d->head, &head);
	optime_append(&head, "after", d->after);
	optime_append(&head, "seen", d->seen);
	optime_append(&head, "readFrom", read_from);
	d->out = stream_out_new(&opts, STREAM_OPLOG, &head, error);
	bson_destroy(&head);
	d->opened_ms = d->synced_ms = clock_ms();
	ok = d->out && file_sync(d->fd, d->path, error) &&
	    file_sync_dir(d->dir, error);
	return ok;
}

bool
segment_start(struct segment_dir *d, struct optime after, struct optime seen,
    struct optime read_from, bson_error_t *error)
{
	char a[OPTIME_TEXT], b[OPTIME_TEXT];

	if (!optime_is_null(d->last) && !optime_same(d->last, after))
		return error_set(error, MM_EXIT_POSITION, 0,
		    "directory \"%s\" ends at %s, cannot go on from %s", d->dir,
		    optime_text(d->last, a), optime_text(after, b));
	d->after = after;
	d->seen = seen;
	return open_segment(d, read_from, error);
}

struct stream_out *
segment_stream(struct segment_dir *d)
{
	return d->out;
}

/* End record, table, fsync, name, manifest. */
static bool
close_segment(struct segment_dir *d, const char *reason, struct optime at,
    struct optime read_from, bson_error_t *error)
{
	bson_t end = BSON_INITIALIZER;
	char name[SEGMENT_NAME], *to;
	bool ok;

	optime_append(&end, "to", at);
	optime_append(&end, "readFrom", read_from);
	ok = stream_put_end(d->out, reason, &end, error) &&
	    file_sync(d->fd, d->path, error);
	bson_destroy(&end);
	ok = fdio_close(d->fd, d->path, ok ? error : NULL) && ok;
	d->fd = -1;
	stream_out_free(d->out);
	d->out = NULL;
	if (!ok)
		return false;
	to = segment_path(d->dir, segment_name(d->after, at, name));
	ok = file_publish(d->path, to, error);
	bson_free(to);
	bson_free(d->path);
	d->path = NULL;
	if (!ok)
		return false;
	d->last = d->after = at;
	d->closed = true;
	return manifest_add(d->dir, name, error);
}

bool
segment_progress(struct segment_dir *d, struct optime at,
    struct optime read_from, bool force, bson_error_t *error)
{
	int64_t now = clock_ms();

	if (!stream_flush(d->out, error))
		return false;
	if (optime_cmp(at, d->after) > 0 &&
	    (force || now - d->opened_ms >= d->o.max_ms ||
		stream_out_bytes(d->out) >= (uint64_t)d->o.max_bytes))
		return close_segment(d, "rotated", at, read_from, error) &&
		    open_segment(d, read_from, error);
	if (d->o.synchronous || now - d->synced_ms >= d->o.fsync_ms) {
		d->synced_ms = now;
		return file_sync(d->fd, d->path, error);
	}
	return true;
}

/* Nothing in it: the directory still ends where it ended. A first segment
 * stays, because its start is all there is. */
static bool
drop_segment(struct segment_dir *d, bson_error_t *error)
{
	bool ok;

	if (!d->closed)
		ok = stream_flush(d->out, error) &&
		    file_sync(d->fd, d->path, error);
	else
		ok = unlink(d->path) == 0
		    ? file_sync_dir(d->dir, error)
		    : error_errno(error, MM_EXIT_IO,
			  "could not remove file \"%s\"", d->path);
	stream_out_free(d->out);
	d->out = NULL;
	close(d->fd);
	d->fd = -1;
	bson_free(d->path);
	d->path = NULL;
	return ok;
}

bool
segment_dir_close(struct segment_dir *d, const char *reason, struct optime at,
    struct optime read_from, bson_error_t *error)
{
	if (!d->out)
		return true;
	if (optime_cmp(at, d->after) > 0)
		return close_segment(d, reason, at, read_from, error);
	return drop_segment(d, error);
}

void
segment_dir_free(struct segment_dir *d)
{
	if (!d)
		return;
	stream_out_free(d->out);
	if (d->fd >= 0)
		close(d->fd);
	if (d->lock >= 0)
		close(d->lock);
	bson_destroy(d->head);
	bson_free(d->path);
	bson_free(d->dir);
	bson_free(d);
}
