/* Reading a directory of segments, also while it grows. The reader sits in
 * stream_next on the open file; at its end `at_end` waits for the writer: more
 * bytes, the final name, or (after the writer was killed and started again)
 * another file in its place. */
#include "stream/segment_files.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sig.h"
#include "io/file.h"
#include "stream/in.h"

/* inotify tells at once; a file system where it does not (another host
 * writes) is looked at this often. */
#define LOOK_MS 500

struct segment_in {
	char *dir;
	bool follow;
	int notify;
	struct optime from; /* where the caller wants to begin */
	struct optime at;   /* end of the last segment that was read */
	bool begun;
	bson_t *origin; /* stream record of the first segment */
	/* The open segment. */
	struct stream_in *in;
	int fd;
	char *path;
	struct segment_info info; /* file is in path */
	bool partial;             /* still being written, as far as known */
	bool replaced;            /* the file that was followed is gone */
	bool ended;               /* its end record was given */
	bool cut_known;           /* without follow: read up to the cut */
	struct segment_cut cut;
};

struct segment_in *
segment_in_new(
    const char *dir, struct optime from, bool follow, bson_error_t *error)
{
	struct segment_in *s = bson_malloc0(sizeof *s);

	s->dir = bson_strdup(dir);
	s->follow = follow;
	s->from = from;
	s->fd = s->notify = -1;
	if (!follow)
		return s;
	s->notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (s->notify < 0 ||
	    inotify_add_watch(s->notify, dir,
		IN_MODIFY | IN_CREATE | IN_DELETE | IN_MOVED_FROM |
		    IN_MOVED_TO | IN_ONLYDIR) < 0) {
		error_errno(
		    error, MM_EXIT_IO, "could not watch directory \"%s\"", dir);
		segment_in_free(s);
		return NULL;
	}
	return s;
}

static void
close_segment(struct segment_in *s)
{
	stream_in_free(s->in);
	s->in = NULL;
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	bson_free(s->path);
	s->path = NULL;
	segment_cut_release(&s->cut);
	s->cut_known = s->replaced = s->ended = false;
}

void
segment_in_free(struct segment_in *s)
{
	if (!s)
		return;
	close_segment(s);
	if (s->notify >= 0)
		close(s->notify);
	bson_destroy(s->origin);
	bson_free(s->dir);
	bson_free(s);
}

/* Until something changes in the directory. False: stop. */
static bool
wait_change(struct segment_in *s)
{
	struct pollfd p[2] = {{.fd = s->notify, .events = POLLIN},
	    {.fd = sig_wake_fd(), .events = POLLIN}};
	char events[4096];

	if (!sig_stopping())
		(void)poll(p, 2, LOOK_MS);
	while (read(s->notify, events, sizeof events) > 0)
		;
	return !sig_stopping();
}

/* At the end of the file: zio_end_fn. */
static enum zio_at_end
at_end(void *arg)
{
	struct segment_in *s = arg;
	struct stat by_name, by_fd = {0};

	if (!s->partial)
		return ZIO_END;
	if (fstat(s->fd, &by_fd) == 0 && stat(s->path, &by_name) == 0 &&
	    by_name.st_ino == by_fd.st_ino && by_name.st_dev == by_fd.st_dev)
		return wait_change(s) ? ZIO_AGAIN : ZIO_STOP;
	/* Renamed: what was written before that is still to be read. */
	s->partial = false;
	s->replaced = by_fd.st_nlink == 0;
	return s->replaced ? ZIO_END : ZIO_AGAIN;
}

/* Chooses the segment to read next. *found false: there is none yet. */
static bool
choose(struct segment_in *s, const struct segment_info *list, size_t n,
    size_t *i, bool *found, bson_error_t *error)
{
	struct optime want = s->begun ? s->at : s->from;
	char text[OPTIME_TEXT];

	*found = false;
	if (n == 0)
		return s->follow ||
		    error_set(error, MM_EXIT_STREAM, 0,
			"directory \"%s\" holds no segment", s->dir);
	if (!optime_is_null(want) && optime_cmp(list[0].after, want) > 0)
		return error_set(error, MM_EXIT_POSITION, 0,
		    "directory \"%s\" begins with \"%s\", after the position "
		    "%s",
		    s->dir, list[0].file, optime_text(want, text));
	for (*i = 0; *i < n && !*found; *i += !*found)
		*found =
		    list[*i].partial || optime_cmp(list[*i].last, want) > 0;
	if (*found && s->begun && optime_cmp(list[*i].after, s->at) != 0)
		return error_set(error, MM_EXIT_POSITION, 0,
		    "directory \"%s\": \"%s\" does not go on from %s", s->dir,
		    list[*i].file, optime_text(s->at, text));
	return true;
}

/* Without follow an open segment is read as far as recovery would take it. */
static bool
open_file(
    struct segment_in *s, const struct segment_info *info, bson_error_t *error)
{
	s->path = segment_path(s->dir, info->file);
	s->info = *info;
	s->info.file = NULL;
	s->partial = info->partial;
	s->fd = file_open_read(s->path, error);
	if (s->fd < 0)
		return false;
	if (s->partial && !s->follow) {
		if (!segment_scan(s->fd, s->path, &s->cut, error))
			return false;
		s->cut_known = true;
		if (lseek(s->fd, 0, SEEK_SET) != 0)
			return error_errno(error, MM_EXIT_IO,
			    "could not read file \"%s\"", s->path);
	}
	s->in = stream_in_new(s->fd, s->path, s->follow);
	if (s->follow)
		zio_reader_on_end(stream_in_zio(s->in), at_end, s);
	return true;
}

/* STREAM_GOT: a segment is open. */
static enum stream_got
open_next(struct segment_in *s, bson_error_t *error)
{
	struct segment_info *list;
	bson_error_t why;
	bool ok, found = false;
	size_t n, i = 0;

	do {
		ok = segment_list(s->dir, &list, &n, error);
		if (!ok)
			return sig_stopping() && s->follow ? STREAM_STOPPED
							   : STREAM_ERROR;
		ok = choose(s, list, n, &i, &found, error) &&
		    (!found || open_file(s, &list[i], &why));
		/* Renamed since it was listed: look again. */
		if (!ok && found && why.code == ENOENT) {
			close_segment(s);
			found = false;
			ok = true;
		} else if (!ok && found && error) {
			*error = why;
		}
		segment_list_free(list, n);
		if (!ok)
			return STREAM_ERROR;
		if (!found && !s->follow)
			return STREAM_EOF;
	} while (!found && wait_change(s));
	return found ? STREAM_GOT : STREAM_STOPPED;
}

/* The stream must be what the name and its neighbours say. */
static bool
check_head(struct segment_in *s, const bson_t *head, bson_error_t *error)
{
	char a[OPTIME_TEXT], b[OPTIME_TEXT];
	struct optime after;

	if (stream_in_kind(s->in) != STREAM_OPLOG)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "%s: a stream of kind \"%s\" is no segment", s->path,
		    stream_kind_text(stream_in_kind(s->in)));
	if (!record_optime(head, "after", &after, error))
		return error_prefix(error, "%s", s->path);
	if (optime_cmp(after, s->info.after) != 0)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "%s: begins after %s, its name says otherwise", s->path,
		    optime_text(after, a));
	if (s->begun && !optime_same(after, s->at))
		return error_set(error, MM_EXIT_POSITION, 0,
		    "%s: begins after %s, the segment before it ends at %s",
		    s->path, optime_text(after, a), optime_text(s->at, b));
	if (s->origin && !segment_same_origin(s->origin, head, error))
		return error_prefix(error, "%s", s->path);
	if (!s->origin)
		s->origin = bson_copy(head);
	return true;
}

static bool
check_tail(struct segment_in *s, const bson_t *end, bson_error_t *error)
{
	struct optime to;
	char a[OPTIME_TEXT];

	if (!record_optime(end, "to", &to, error))
		return error_prefix(error, "%s", s->path);
	if (!s->info.partial && optime_cmp(to, s->info.last) != 0)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "%s: ends at %s, its name says otherwise", s->path,
		    optime_text(to, a));
	s->at = to;
	s->begun = s->ended = true;
	return true;
}

/* Past the cut of an open segment: nothing more. At the cut: a part. */
static bool
within_cut(const struct segment_in *s, struct stream_item *item)
{
	if (!s->cut_known)
		return true;
	if (!s->cut.has_head || item->number > s->cut.number)
		return false;
	if (item->number == s->cut.number && item->type == RECORD_BLOCK) {
		item->block.n = s->cut.docs;
		item->block.len = s->cut.bytes;
	}
	return true;
}

enum stream_got
segment_next(
    struct segment_in *s, struct stream_item *item, bson_error_t *error)
{
	enum stream_got got;
	bool ok = true;

	for (;;) {
		if (!s->in) {
			got = open_next(s, error);
			if (got != STREAM_GOT) {
				close_segment(s);
				return got;
			}
		}
		got = stream_next(s->in, item, error);
		if (got == STREAM_STOPPED)
			return got;
		/* All of it was given, or another file took its place. */
		if ((got == STREAM_EOF || s->replaced) && s->follow) {
			close_segment(s);
			continue;
		}
		if (s->cut_known && (got != STREAM_GOT || !within_cut(s, item)))
			return STREAM_EOF;
		if (got == STREAM_EOF) {
			close_segment(s);
			continue;
		}
		if (got == STREAM_ERROR)
			return got;
		if (item->type == RECORD_STREAM)
			ok = check_head(s, &item->control, error);
		else if (item->type == RECORD_END)
			ok = check_tail(s, &item->control, error);
		return ok ? STREAM_GOT : STREAM_ERROR;
	}
}
