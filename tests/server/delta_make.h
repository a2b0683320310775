/* mongosim: $v:2 deltas. */
#ifndef MM_SIM_DELTA_MAKE_H
#define MM_SIM_DELTA_MAKE_H

#include "doc.h"

/* The sections of one object's delta, while they are collected. */
struct sections {
	struct buf d, u, i, s;
};

void sections_release(struct sections *sec);
/* Appends {d, u, i, s...} to out, empty sections left out. */
void sections_write(const struct sections *sec, struct buf *out);
/* The name of a sub-delta or array element: letter + name. */
void put_prefixed(struct buf *out, char letter, const char *name, uint8_t type);

/* The difference of two objects as the server computes it for pipelines.
 * False: it would not be smaller than `new` when `padding` bytes are added. */
bool delta_compute(const struct value *old, const struct value *new_value,
    size_t padding, struct buf *out);

#endif
