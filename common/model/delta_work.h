/* model: what the forms of updates share: one application under way, and
 * writing BSON by copying pieces. For delta*.c only. */
#ifndef MM_MODEL_DELTA_WORK_H
#define MM_MODEL_DELTA_WORK_H

#include <string.h>

#include "model/delta.h"
#include "model/value.h"

#define DELTA_DEPTH_MAX 200
#define DELTA_NULLS_MAX 1500000
/* A bound on memory, far above any document: hostile input could otherwise
 * make a small update write one value a million times. */
#define DELTA_RESULT_MAX (256u << 20)

struct delta_work {
	struct buf *out;
	size_t base; /* out->len at the start */
	struct delta_note note;
	uint32_t nulls; /* filled in so far */
	bson_error_t *error;
};

/* delta_v1.c and delta_diff.c; o must be sound. */
bool delta_modify(struct delta_work *w, const bson_t *pre,
    const struct value *set, const struct value *unset);
bool delta_diff(
    struct delta_work *w, const bson_t *pre, const struct value *diff);

/* ------------------------------------------------- writing a document */

static inline size_t
put_begin(struct buf *out)
{
	size_t at = out->len;

	buf_add(out, "\0\0\0", 4);
	return at;
}

/* Closing NUL and the length of the document that began at `at`. */
static inline void
put_end(struct buf *out, size_t at)
{
	uint32_t len;

	buf_add_byte(out, 0);
	len = BSON_UINT32_TO_LE((uint32_t)(out->len - at));
	memcpy(out->data + at, &len, 4);
}

static inline void
put_name(struct buf *out, uint8_t type, const char *name, uint32_t len)
{
	buf_reserve(out, len + 2);
	out->data[out->len++] = type;
	if (len)
		memcpy(out->data + out->len, name, len);
	out->len += len;
	out->data[out->len++] = 0;
}

static inline void
put_value(
    struct buf *out, const char *name, uint32_t len, const struct value *v)
{
	put_name(out, v->type, name, len);
	buf_add(out, v->data, v->len);
}

#define INDEX_TEXT 12

/* Decimal digits of i into text; their number. */
uint32_t delta_index_text(uint32_t i, char *text);

/* Nulls for the array places first..last-1. False: too many. */
bool delta_pad(struct delta_work *w, uint32_t first, uint32_t last);

/* False, with the error set, when the result has grown beyond all bounds. */
static inline bool
delta_fits(struct delta_work *w)
{
	return w->out->len - w->base <= DELTA_RESULT_MAX ||
	    error_set(w->error, MM_EXIT_REFUSED, 0,
		"the result is larger than %u MiB", DELTA_RESULT_MAX >> 20);
}

#endif
