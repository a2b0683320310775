#include "engine/plain_doc.h"

#include "stream/item.h"

void
plain_doc_init(struct plain_doc *d, int fd, const char *name)
{
	*d = (struct plain_doc){.name = name, .used = true};
	d->z = zio_reader_new(fd, name);
}

void
plain_doc_release(struct plain_doc *d)
{
	zio_reader_free(d->z);
	buf_release(&d->doc);
}

/* Until doc has `want` bytes. */
static enum stream_got
fill(struct plain_doc *d, size_t want, bool *cut, bson_error_t *error)
{
	ssize_t n;

	buf_reserve(&d->doc, want > d->doc.len ? want - d->doc.len : 0);
	while (d->doc.len < want) {
		n = zio_read(d->z, d->doc.data + d->doc.len, want - d->doc.len,
		    true, error);
		if (n == -2)
			return STREAM_STOPPED;
		if (n == 0 && d->doc.len == 0)
			return STREAM_EOF;
		*cut = n == 0;
		if (n <= 0)
			return STREAM_ERROR;
		d->doc.len += (size_t)n;
	}
	return STREAM_GOT;
}

enum stream_got
plain_doc_next(struct plain_doc *d, bool *cut, bson_error_t *error)
{
	enum stream_got got;
	uint32_t len;

	*cut = false;
	if (d->used) {
		zio_reader_border(d->z);
		buf_clear(&d->doc);
		d->offset = zio_reader_offset(d->z);
		d->number++;
		d->used = false;
	}
	got = fill(d, 4, cut, error);
	if (got != STREAM_GOT)
		return got;
	return item_doc_len(d->doc.data, &len, error) ? fill(d, len, cut, error)
						      : STREAM_ERROR;
}
