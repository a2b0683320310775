#include "stream/in.h"

#include <inttypes.h>
#include <string.h>

struct stream_in *
stream_in_new(int fd, const char *name, bool stoppable)
{
	struct stream_in *s = bson_malloc0(sizeof *s);

	s->name = name;
	s->stoppable = stoppable;
	s->z = zio_reader_new(fd, name);
	s->check = check_new();
	pthread_mutex_init(&s->reading, NULL);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->turned, NULL);
	pthread_cond_init(&s->freed, NULL);
	return s;
}

void
stream_in_free(struct stream_in *s)
{
	if (!s)
		return;
	zio_reader_free(s->z);
	check_free(s->check);
	buf_release(&s->item);
	pthread_mutex_destroy(&s->reading);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->turned);
	pthread_cond_destroy(&s->freed);
	bson_free(s);
}

struct zio_reader *
stream_in_zio(struct stream_in *s)
{
	return s->z;
}

enum stream_kind
stream_in_kind(const struct stream_in *s)
{
	return check_kind(s->check);
}

bool
stream_in_where(const struct stream_in *s, bson_error_t *error)
{
	return error_prefix(error, "%s: record %" PRIu64 " at byte %" PRIu64,
	    s->name, s->number, s->offset);
}

/* Reads on until the item has `want` bytes. */
static enum stream_got
fill(struct stream_in *s, size_t want, bson_error_t *error)
{
	buf_reserve(&s->item, want > s->item.len ? want - s->item.len : 0);
	while (s->item.len < want) {
		ssize_t n = zio_read(s->z, s->item.data + s->item.len,
		    want - s->item.len, s->stoppable, error);

		if (n == -2)
			return STREAM_STOPPED;
		if (n < 0)
			return STREAM_ERROR;
		if (n == 0 && s->item.len == 0)
			return STREAM_EOF;
		if (n == 0) {
			error_set(error, MM_EXIT_STREAM, 0,
			    "%s: cut short: the input ends inside the record "
			    "at byte %" PRIu64,
			    s->name, s->item_at);
			return STREAM_ERROR;
		}
		s->item.len += (size_t)n;
	}
	return STREAM_GOT;
}

enum stream_got
in_read_item(struct stream_in *s, bson_error_t *error)
{
	struct stream_item item;
	enum stream_got got;
	uint32_t len;

	if (s->given) {
		buf_clear(&s->item);
		s->given = false;
	}
	if (s->item.len == 0) {
		zio_reader_border(s->z);
		s->item_at = zio_reader_offset(s->z);
	}
	got = fill(s, 4, error);
	if (got != STREAM_GOT)
		return got;
	if (!item_doc_len(s->item.data, &len, error))
		goto damaged;
	got = fill(s, len, error);
	if (got != STREAM_GOT)
		return got;
	if (!item_parse(s->item.data, len, &item, error))
		goto damaged;
	return fill(s, len + item.block.len, error);
damaged:
	error_prefix(error, "%s: at byte %" PRIu64 "%s", s->name, s->item_at,
	    s->item_at == 0 ? ": this is no stream of mm-stream(5)" : "");
	return STREAM_ERROR;
}

static bool
take_item(struct stream_in *s, struct stream_item *item, bson_error_t *error)
{
	uint32_t len;

	s->offset = s->item_at;
	s->number = check_number(s->check);
	if (!item_doc_len(s->item.data, &len, error) ||
	    !item_parse(s->item.data, len, item, error))
		return false;
	item->offset = s->offset;
	item->block.docs = s->item.data + len;
	if (item->type == RECORD_BLOCK && !item_check_data(item, error))
		return false;
	return check_item(s->check, item, error);
}

static enum stream_got
fail(struct stream_in *s, bson_error_t *error)
{
	s->failed = true;
	if (error)
		s->error = *error;
	return STREAM_ERROR;
}

enum stream_got
stream_next(struct stream_in *s, struct stream_item *item, bson_error_t *error)
{
	bson_error_t none;

	if (!error)
		error = &none;
	if (s->failed) {
		*error = s->error;
		return STREAM_ERROR;
	}
	do {
		enum stream_got got = in_read_item(s, error);

		if (got == STREAM_EOF)
			return check_end(s->check, s->name, error)
			    ? STREAM_EOF
			    : fail(s, error);
		if (got == STREAM_ERROR)
			return fail(s, error);
		if (got != STREAM_GOT)
			return got;
		s->given = true;
		if (!take_item(s, item, error)) {
			stream_in_where(s, error);
			return fail(s, error);
		}
	} while (item->type == RECORD_OTHER);
	return STREAM_GOT;
}
