#include "base/buf.h"

#include <bson/bson.h>
#include <stdarg.h>
#include <string.h>

void
buf_reserve(struct buf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 256;

	if (b->cap - b->len >= more)
		return;
	while (cap - b->len < more)
		cap *= 2;
	b->data = bson_realloc(b->data, cap);
	b->cap = cap;
}

void
buf_add(struct buf *b, const void *data, size_t len)
{
	if (len == 0)
		return;
	buf_reserve(b, len);
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

void
buf_add_byte(struct buf *b, uint8_t byte)
{
	buf_add(b, &byte, 1);
}

void
buf_add_text(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void
buf_add_format(struct buf *b, const char *format, ...)
{
	char *text;
	va_list ap;

	va_start(ap, format);
	text = bson_strdupv_printf(format, ap);
	va_end(ap);
	buf_add_text(b, text);
	bson_free(text);
}

char *
buf_take_text(struct buf *b)
{
	char *text;

	buf_add_byte(b, 0);
	text = (char *)b->data;
	*b = (struct buf)BUF_INIT;
	return text;
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
}

void
buf_trim(struct buf *b, size_t keep)
{
	if (b->cap > keep)
		buf_release(b);
	b->len = 0;
}

void
buf_release(struct buf *b)
{
	bson_free(b->data);
	*b = (struct buf)BUF_INIT;
}
