/* model: what the forms of updates share: one application under way, and
 * writing BSON by copying pieces. For delta*.c only. */
#ifndef MM_MODEL_DELTA_WORK_H
#define MM_MODEL_DELTA_WORK_H

#include "model/delta.h"
#include "model/put.h"

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
