#include "order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collate.h"

#define SLOTS 512

struct slot {
	uint64_t prefix;
	void *item;
};

/* Slots first .. first + n are in use: removal moves the shorter side, so a
 * ring that drops its oldest item never moves a block. */
struct block {
	uint32_t first, n;
	struct slot slot[SLOTS];
};

struct order_row {
	struct slot low; /* copy of the block's first slot */
	struct block *block;
};

void
order_init(struct order *o, key_of_fn *key_of)
{
	*o = (struct order){.key_of = key_of};
}

void
order_release(struct order *o)
{
	for (size_t i = 0; i < o->n_rows; i++)
		bson_free(o->row[i].block);
	bson_free(o->row);
	*o = (struct order){.key_of = o->key_of, .collator = o->collator};
}

/* Sign and magnitude to an unsigned number of the same order. */
static uint64_t
double_bits(double d)
{
	uint64_t bits;

	if (isnan(d))
		return 0;
	if (d == 0)
		d = 0; /* -0.0 */
	memcpy(&bits, &d, 8);
	return bits >> 63 ? ~bits : bits | 1ull << 63;
}

static uint64_t
big_endian(const uint8_t *p, size_t len)
{
	uint64_t v = 0;

	for (size_t i = 0; i < 7; i++)
		v = v << 8 | (i < len ? p[i] : 0);
	return v;
}

static uint64_t
read64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return BSON_UINT64_FROM_LE(v);
}

static uint32_t
read32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return BSON_UINT32_FROM_LE(v);
}

static double
number(const struct value *v)
{
	char text[BSON_DECIMAL128_STRING];
	bson_decimal128_t dec;
	double d;

	switch (v->type) {
	case BSON_TYPE_INT32:
		return (int32_t)read32(v->data);
	case BSON_TYPE_INT64:
		return (double)(int64_t)read64(v->data);
	case BSON_TYPE_DOUBLE:
		memcpy(&d, v->data, 8);
		return d;
	default:
		dec.low = read64(v->data);
		dec.high = read64(v->data + 8);
		bson_decimal128_to_string(&dec, text);
		return strtod(text, NULL);
	}
}

uint64_t
key_prefix(const struct value *v)
{
	const uint8_t *p = v->data;

	switch (v->type) {
	case BSON_TYPE_MINKEY:
		return 0;
	case BSON_TYPE_UNDEFINED:
	case BSON_TYPE_NULL:
		return 1ull << 56;
	case BSON_TYPE_INT32:
	case BSON_TYPE_INT64:
	case BSON_TYPE_DOUBLE:
	case BSON_TYPE_DECIMAL128:
		return 2ull << 56 | double_bits(number(v)) >> 8;
	case BSON_TYPE_UTF8:
	case BSON_TYPE_SYMBOL:
		return 3ull << 56 | big_endian(p + 4, v->len - 5);
	case BSON_TYPE_DOCUMENT:
		return 4ull << 56;
	case BSON_TYPE_ARRAY:
		return 5ull << 56;
	case BSON_TYPE_BINARY:
		return 6ull << 56 | (uint64_t)(v->len - 5) << 24 |
		    (uint64_t)p[4] << 16;
	case BSON_TYPE_OID:
		return 7ull << 56 | big_endian(p, 12);
	case BSON_TYPE_BOOL:
		return 8ull << 56 | p[0];
	case BSON_TYPE_DATE_TIME:
		return 9ull << 56 | (read64(p) ^ 1ull << 63) >> 8;
	case BSON_TYPE_TIMESTAMP:
		return 10ull << 56 | read64(p) >> 8;
	case BSON_TYPE_REGEX:
		return 11ull << 56;
	case BSON_TYPE_DBPOINTER:
		return 12ull << 56;
	case BSON_TYPE_CODE:
		return 13ull << 56;
	case BSON_TYPE_CODEWSCOPE:
		return 14ull << 56;
	default:
		return 255ull << 56;
	}
}

static int
compare(const struct order *o, const struct slot *s, const struct key *key)
{
	static struct buf room; /* under sim.lock */
	struct key k;
	int c;

	if (s->prefix != key->prefix)
		return s->prefix < key->prefix ? -1 : 1;
	if (!o->key_of)
		return 0;
	o->key_of(s->item, &k);
	collate_key(o->collator, &k.v, &room);
	c = value_cmp(&k.v, &key->v);
	if (c != 0)
		return c;
	return (k.rid > key->rid) - (k.rid < key->rid);
}

/* The row that holds the key, or would hold it. */
static size_t
row_of(const struct order *o, const struct key *key)
{
	size_t low = 0, high = o->n_rows;

	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;

		if (compare(o, &o->row[mid].low, key) <= 0)
			low = mid;
		else
			high = mid;
	}
	return low;
}

bool
order_seek(const struct order *o, const struct key *key, struct order_at *at)
{
	const struct block *b;
	size_t low = 0, high;

	if (o->n_rows == 0) {
		order_end(o, at);
		return false;
	}
	at->row = row_of(o, key);
	b = o->row[at->row].block;
	high = b->n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (compare(o, &b->slot[b->first + mid], key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	at->i = low;
	if (low == b->n) {
		at->row++;
		at->i = 0;
	}
	return at->row < o->n_rows;
}

bool
order_first(const struct order *o, struct order_at *at)
{
	*at = (struct order_at){0, 0};
	return o->count > 0;
}

void
order_end(const struct order *o, struct order_at *at)
{
	*at = (struct order_at){o->n_rows, 0};
}

bool
order_last(const struct order *o, struct order_at *at)
{
	order_end(o, at);
	return order_prev(o, at);
}

bool
order_next(const struct order *o, struct order_at *at)
{
	if (++at->i == o->row[at->row].block->n) {
		at->row++;
		at->i = 0;
	}
	return at->row < o->n_rows;
}

bool
order_prev(const struct order *o, struct order_at *at)
{
	if (at->i > 0) {
		at->i--;
		return true;
	}
	if (at->row == 0)
		return false;
	at->row--;
	at->i = o->row[at->row].block->n - 1;
	return true;
}

void *
order_item(const struct order *o, const struct order_at *at)
{
	const struct block *b = o->row[at->row].block;

	return b->slot[b->first + at->i].item;
}

static void
set_low(struct order *o, size_t row)
{
	struct block *b = o->row[row].block;

	o->row[row].low = b->slot[b->first];
}

static struct block *
add_row(struct order *o, size_t row)
{
	if (o->n_rows == o->cap_rows) {
		o->cap_rows = o->cap_rows ? o->cap_rows * 2 : 8;
		o->row = bson_realloc(o->row, o->cap_rows * sizeof *o->row);
	}
	memmove(
	    o->row + row + 1, o->row + row, (o->n_rows - row) * sizeof *o->row);
	o->n_rows++;
	o->row[row].block = bson_malloc(sizeof(struct block));
	o->row[row].block->first = o->row[row].block->n = 0;
	return o->row[row].block;
}

/* Half of a full block moves to a new one behind it. */
static void
split(struct order *o, size_t row)
{
	struct block *new = add_row(o, row + 1), *old = o->row[row].block;

	new->n = SLOTS / 2;
	memcpy(new->slot, old->slot + SLOTS / 2, SLOTS / 2 * sizeof *new->slot);
	old->n = SLOTS / 2;
	set_low(o, row + 1);
}

static void
insert_at(struct order *o, size_t row, size_t i, struct slot s)
{
	struct block *b = o->row[row].block;
	struct slot *p = b->slot + b->first;

	if (b->first > 0 && (i < b->n / 2 || b->first + b->n == SLOTS)) {
		memmove(p - 1, p, i * sizeof s);
		b->first--;
	} else {
		memmove(p + i + 1, p + i, (b->n - i) * sizeof s);
	}
	b->slot[b->first + i] = s;
	b->n++;
	if (i == 0)
		set_low(o, row);
	o->count++;
}

void
order_insert(struct order *o, const struct key *key, void *item)
{
	struct slot s = {key->prefix, item};
	struct order_at at;
	size_t last = o->n_rows - 1;
	struct block *b;

	if (o->n_rows == 0) {
		add_row(o, 0);
		insert_at(o, 0, 0, s);
		return;
	}
	b = o->row[last].block;
	if (compare(o, &b->slot[b->first + b->n - 1], key) < 0) {
		if (b->first + b->n == SLOTS) {
			add_row(o, ++last);
			b = o->row[last].block;
		}
		insert_at(o, last, b->n, s);
		return;
	}
	if (order_seek(o, key, &at) && at.i == 0 && at.row > 0) {
		at.row--;
		at.i = o->row[at.row].block->n;
	}
	if (o->row[at.row].block->n == SLOTS) {
		split(o, at.row);
		if (at.i > SLOTS / 2) {
			at.row++;
			at.i -= SLOTS / 2;
		}
	}
	insert_at(o, at.row, at.i, s);
}

void
order_replace(struct order *o, const struct order_at *at, const struct key *key,
    void *item)
{
	struct block *b = o->row[at->row].block;

	b->slot[b->first + at->i] = (struct slot){key->prefix, item};
	if (at->i == 0)
		set_low(o, at->row);
}

void
order_remove(struct order *o, const struct order_at *at)
{
	struct block *b = o->row[at->row].block;
	struct slot *p = b->slot + b->first;

	if (at->i < b->n / 2) {
		memmove(p + 1, p, at->i * sizeof *p);
		b->first++;
	} else {
		memmove(
		    p + at->i, p + at->i + 1, (b->n - at->i - 1) * sizeof *p);
	}
	b->n--;
	o->count--;
	if (b->n == 0) {
		bson_free(b);
		o->n_rows--;
		memmove(o->row + at->row, o->row + at->row + 1,
		    (o->n_rows - at->row) * sizeof *o->row);
	} else if (at->i == 0) {
		set_low(o, at->row);
	}
}
