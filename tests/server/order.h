/* mongosim: an ordered set of items, the form of every index and of the
 * natural order.
 *
 * Sorted blocks of slots below one sorted array of blocks: 16 bytes a slot,
 * scans run through memory in order, and appending (the usual case) touches
 * the last block alone. Each slot carries the first 8 bytes of its key in an
 * order-preserving form, so that most comparisons do not touch the item.
 */
#ifndef SIM_ORDER_H
#define SIM_ORDER_H

#include "model/value.h"

struct collator; /* collate.h */

/* A key: prefix, then the value (where the order has values), then rid. */
struct key {
	uint64_t prefix;
	struct value v;
	int64_t rid;
};

#define RID_MIN INT64_MIN
#define RID_MAX INT64_MAX

/* The value and record id of an item; NULL: the prefix is the whole key. */
typedef void key_of_fn(const void *item, struct key *key);

struct order {
	struct order_row *row;
	size_t n_rows, cap_rows;
	size_t count;
	key_of_fn *key_of;
	/* Items are kept by the keys of their values under it (collate.h);
	 * the keys that are given are such. NULL: by the values. */
	const struct collator *collator;
};

/* A place in an order; valid until the order changes. */
struct order_at {
	size_t row, i;
};

void order_init(struct order *o, key_of_fn *key_of);
/* The items are the caller's. */
void order_release(struct order *o);

/* Prefix of a value in the server's order (see value_cmp). */
uint64_t key_prefix(const struct value *v);

/* The first item at or after the key; false: there is none (at = end). */
bool order_seek(
    const struct order *o, const struct key *key, struct order_at *at);
bool order_first(const struct order *o, struct order_at *at);
bool order_last(const struct order *o, struct order_at *at);
void order_end(const struct order *o, struct order_at *at);
/* From a place to the next or the one before; false: there is none. From the
 * end, order_prev gives the last item. */
bool order_next(const struct order *o, struct order_at *at);
bool order_prev(const struct order *o, struct order_at *at);
void *order_item(const struct order *o, const struct order_at *at);

/* Keys must be unique (the record id makes them so). */
void order_insert(struct order *o, const struct key *key, void *item);
/* Put another item with an equal key in the same place. */
void order_replace(struct order *o, const struct order_at *at,
    const struct key *key, void *item);
void order_remove(struct order *o, const struct order_at *at);

#endif
