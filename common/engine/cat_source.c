#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/cat_tally.h"
#include "io/fdio.h"
#include "io/file.h"

struct cat_source {
	int fd;
	struct stream_in *file;
	struct segment_in *dir;
};

bool
cat_is_dir(const char *path)
{
	struct stat st;

	return strcmp(path, "-") != 0 && stat(path, &st) == 0 &&
	    S_ISDIR(st.st_mode);
}

struct cat_source *
cat_source_open(const char *path, bson_error_t *error)
{
	struct cat_source *s = bson_malloc0(sizeof *s);

	s->fd = -1;
	if (cat_is_dir(path)) {
		s->dir = segment_in_new(path, OPTIME_NULL, false, error);
		if (s->dir)
			return s;
	} else {
		s->fd = file_open_read(path, error);
		if (s->fd >= 0) {
			s->file = stream_in_new(s->fd,
			    s->fd == STDIN_FILENO ? "standard input" : path,
			    true);
			return s;
		}
	}
	cat_source_close(s);
	return NULL;
}

void
cat_source_close(struct cat_source *s)
{
	if (!s)
		return;
	stream_in_free(s->file);
	segment_in_free(s->dir);
	if (s->fd > STDIN_FILENO)
		close(s->fd);
	bson_free(s);
}

enum stream_got
cat_source_next(
    struct cat_source *s, struct stream_item *item, bson_error_t *error)
{
	return s->dir ? segment_next(s->dir, item, error)
		      : stream_next(s->file, item, error);
}

enum stream_kind
cat_source_kind(const struct cat_source *s)
{
	return s->dir ? STREAM_OPLOG : stream_in_kind(s->file);
}

bool
cat_stopped(bson_error_t *error)
{
	return error_set(error, MM_EXIT_STOPPED, 0, "stopped by a signal");
}

void
cat_printf(struct buf *out, const char *format, ...)
{
	va_list ap;
	char *text;

	va_start(ap, format);
	text = bson_strdupv_printf(format, ap);
	va_end(ap);
	buf_add(out, text, strlen(text));
	bson_free(text);
}

bool
cat_write(const struct cat_opts *o, struct buf *out, bson_error_t *error)
{
	bool ok = fdio_write_all(o->fd, o->name, out->data, out->len, error);

	buf_clear(out);
	return ok;
}
