/* mongosim: arrays taken apart for $push, $pull and their kin. */
#ifndef MM_SIM_MOD_LIST_H
#define MM_SIM_MOD_LIST_H

#include "mods.h"

/* Borrowed values; release with list_release. */
struct list {
	struct value *v;
	size_t count;
};

void list_add(struct list *l, const struct value *v);
void list_read(struct list *l, const struct value *array);
void list_cut(struct list *l, size_t from, size_t n);
bool list_has(const struct list *l, const struct value *v);
void list_release(struct list *l);
/* The list becomes the new value. */
void list_write(struct mod_at *at, const struct list *l);

#endif
