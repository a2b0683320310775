/* base: a growable byte buffer. bson_malloc aborts when memory is out. */
#ifndef MM_BASE_BUF_H
#define MM_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

struct buf {
	uint8_t *data;
	size_t len;
	size_t cap;
};

#define BUF_INIT                                                               \
	{                                                                      \
		NULL, 0, 0                                                     \
	}

/* Room for at least `more` bytes after len; data may move. */
void buf_reserve(struct buf *b, size_t more);
void buf_add(struct buf *b, const void *data, size_t len);
void buf_add_byte(struct buf *b, uint8_t byte);
/* The characters of a text, without its NUL. */
void buf_add_text(struct buf *b, const char *text);
void buf_add_format(struct buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The bytes as a text; the caller frees it with bson_free, b is empty. */
char *buf_take_text(struct buf *b);
/* Length 0, memory kept. */
void buf_clear(struct buf *b);
/* Length 0; memory of more than `keep` bytes is given back. */
void buf_trim(struct buf *b, size_t keep);
/* Memory given back; the buffer is empty and usable. */
void buf_release(struct buf *b);

#endif
