#include "engine/tail_start.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "engine/position.h"
#include "io/fdio.h"
#include "stream/stream.h"

static void
take_header(struct stream_in *in, const bson_t *head, struct tail_start *start)
{
	if (stream_in_kind(in) == STREAM_SNAPSHOT)
		optime_read(head, "from", &start->after);
	else
		optime_read(head, "after", &start->after);
	start->read_from = start->after;
	optime_read(head, "readFrom", &start->read_from);
}

static bool
read_file(struct stream_in *in, struct tail_start *start, bson_error_t *error)
{
	struct stream_item item;
	enum stream_got got;

	while ((got = stream_next(in, &item, error)) == STREAM_GOT) {
		if (item.type == RECORD_STREAM) {
			take_header(in, &item.control, start);
			if (stream_in_kind(in) == STREAM_SNAPSHOT)
				return true;
			if (stream_in_kind(in) != STREAM_OPLOG)
				return error_set(error, MM_EXIT_REFUSED, 0,
				    "a stream of kind %s holds no position to "
				    "go on from",
				    stream_kind_text(stream_in_kind(in)));
		} else if (item.type == RECORD_END) {
			optime_read(&item.control, "to", &start->after);
			start->read_from = start->after;
			optime_read(
			    &item.control, "readFrom", &start->read_from);
		}
	}
	return got == STREAM_EOF;
}

static bool
from_file(
    const char *path, int fd, struct tail_start *start, bson_error_t *error)
{
	struct stream_in *in = stream_in_new(fd, path, false);
	bool ok = read_file(in, start, error);

	if (ok && optime_is_null(start->after))
		ok = error_set(
		    error, MM_EXIT_STREAM, 0, "%s: no position in it", path);
	stream_in_free(in);
	return fdio_close(fd, path, ok ? error : NULL) && ok;
}

static bool
from_text(struct conn *c, const char *from, struct tail_start *start,
    bson_error_t *error)
{
	bson_error_t bad;
	int fd;

	if (strcmp(from, "now") == 0)
		return position_now(c, &start->read_from, &start->after, error);
	if (optime_parse(from, &start->after, &bad)) {
		start->read_from = start->after;
		return true;
	}
	fd = open(from, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return error_set(error, MM_EXIT_USAGE, 0,
		    "--from \"%s\" is neither now, nor a position, nor a file",
		    from);
	if (fd < 0)
		return error_errno(
		    error, MM_EXIT_IO, "could not open \"%s\"", from);
	return from_file(from, fd, start, error);
}

/* The directory goes on at its end; what was asked for must be in it. */
static bool
covered(struct conn *c, const char *from, const struct tail_dir *dir,
    bson_error_t *error)
{
	struct tail_start asked = {.after = OPTIME_NULL};
	char text[OPTIME_TEXT], first[OPTIME_TEXT];

	if (!from || strcmp(from, "now") == 0)
		return true;
	if (!from_text(c, from, &asked, error))
		return false;
	if (optime_cmp(asked.after, dir->first) >= 0)
		return true;
	return error_set(error, MM_EXIT_POSITION, 0,
	    "the segments begin after %s: there is a gap to %s",
	    optime_text(dir->first, first), optime_text(asked.after, text));
}

bool
tail_start_find(struct conn *c, const char *from, const struct tail_dir *dir,
    struct tail_start *start, bson_error_t *error)
{
	*start = (struct tail_start){OPTIME_NULL, OPTIME_NULL, OPTIME_NULL};
	if (!conn_positions(c, &start->seen, NULL, error))
		return false;
	if (!optime_is_null(dir->last)) {
		if (!covered(c, from, dir, error))
			return false;
		start->after = dir->last;
		start->read_from = dir->read_from;
	} else if (!from_text(c, from, start, error)) {
		return false;
	}
	if (!position_prove(c, &start->after, error))
		return false;
	if (optime_is_null(start->read_from) ||
	    optime_cmp(start->read_from, start->after) >= 0)
		start->read_from = start->after;
	return optime_same(start->read_from, start->after) ||
	    position_prove(c, &start->read_from, error);
}
