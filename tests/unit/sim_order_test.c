/* The ordered sets of mongosim, against a plain sorted array. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../server/order.h"
#include "tap.h"

#define N 20000

/* Items are pointers into this array; their value is an int32 _id. */
struct item {
	int32_t id;
	int64_t rid;
};

static void
key_of(const void *item, struct key *key)
{
	const struct item *it = item;

	key->v = (struct value){
	    BSON_TYPE_INT32, (const uint8_t *)&it->id, sizeof it->id};
	key->rid = it->rid;
}

static struct key
full_key(const struct item *it)
{
	struct key k;

	key_of(it, &k);
	k.prefix = key_prefix(&k.v);
	return k;
}

static int
cmp_items(const void *a, const void *b)
{
	const struct item *x = *(struct item *const *)a;
	const struct item *y = *(struct item *const *)b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return (x->rid > y->rid) - (x->rid < y->rid);
}

/* Forwards, backwards and by seeking: the set holds what the array holds. */
static bool
same(const struct order *o, struct item **sorted, size_t n)
{
	struct order_at at;
	size_t i = 0;

	if (o->count != n)
		return false;
	for (bool more = order_first(o, &at); more; more = order_next(o, &at))
		if (i >= n || order_item(o, &at) != sorted[i++])
			return false;
	if (i != n)
		return false;
	for (bool more = order_last(o, &at); more; more = order_prev(o, &at))
		if (order_item(o, &at) != sorted[--i])
			return false;
	for (size_t j = 0; j < n; j += 1 + n / 100) {
		struct key k = full_key(sorted[j]);

		if (!order_seek(o, &k, &at) || order_item(o, &at) != sorted[j])
			return false;
		k.rid++; /* behind this one */
		if (order_seek(o, &k, &at) != (j + 1 < n) ||
		    (j + 1 < n && order_item(o, &at) != sorted[j + 1]))
			return false;
	}
	return i == 0;
}

static void
test_random(void)
{
	struct item *items = bson_malloc0(N * sizeof *items);
	struct item **in = bson_malloc0(N * sizeof *in);
	struct order o;
	struct order_at at;
	struct key k;
	size_t n = 0;
	bool good = true;

	order_init(&o, key_of);
	srandom(11);
	for (size_t round = 0; round < 6; round++) {
		while (n < N) {
			struct item *it = &items[n];

			it->id = (int32_t)(random() % 5000);
			it->rid = (int64_t)(round * N + n);
			k = full_key(it);
			order_insert(&o, &k, it);
			in[n++] = it;
		}
		qsort(in, n, sizeof *in, cmp_items);
		good = good && same(&o, in, n);
		/* Most go again: blocks empty, from both ends and inside. */
		for (size_t left = n / (round + 2); n > left;) {
			size_t i = round == 1 ? 0
			    : round == 2      ? n - 1
					      : (size_t)random() % n;

			k = full_key(in[i]);
			good = good && order_seek(&o, &k, &at) &&
			    order_item(&o, &at) == in[i];
			order_remove(&o, &at);
			memmove(in + i, in + i + 1, (--n - i) * sizeof *in);
		}
		good = good && same(&o, in, n);
		/* The slots of the array that are free again come next. */
		for (size_t i = 0; i < n; i++) {
			struct item *moved = bson_malloc(sizeof *moved);

			*moved = *in[i];
			k = full_key(in[i]);
			order_seek(&o, &k, &at);
			order_replace(&o, &at, &k, moved);
			in[i] = moved;
		}
		good = good && same(&o, in, n);
		while (n > 0) {
			k = full_key(in[--n]);
			order_seek(&o, &k, &at);
			order_remove(&o, &at);
			bson_free(in[n]);
		}
	}
	OK(good, "random inserts, removals and replacements");
	OK(!order_first(&o, &at) && !order_last(&o, &at), "empty at the end");
	order_release(&o);
	bson_free(in);
	bson_free(items);
}

/* A ring: new ones at the end, the oldest goes. */
static void
test_ring(void)
{
	struct order o;
	struct order_at at;
	struct key k = {0};
	bool good = true;

	order_init(&o, NULL);
	for (uintptr_t i = 1; i <= 100000; i++) {
		k.prefix = i;
		order_insert(&o, &k, (void *)i);
		if (i <= 1000)
			continue;
		good = good && order_first(&o, &at) &&
		    order_item(&o, &at) == (void *)(i - 1000);
		order_remove(&o, &at);
	}
	k.prefix = 99500;
	good = good && order_seek(&o, &k, &at) &&
	    order_item(&o, &at) == (void *)(uintptr_t)99500;
	OK(good && o.count == 1000, "a ring of 1000");
	order_release(&o);
}

/* Where prefixes differ, they must say what value_cmp says. */
static void
test_prefixes(void)
{
	bson_t doc = BSON_INITIALIZER;
	bson_decimal128_t dec;
	struct value v[64];
	struct walk w;
	struct elem e;
	size_t n = 0;
	bool good = true;

	BSON_APPEND_MINKEY(&doc, "");
	BSON_APPEND_NULL(&doc, "");
	BSON_APPEND_DOUBLE(&doc, "", NAN);
	BSON_APPEND_DOUBLE(&doc, "", -INFINITY);
	BSON_APPEND_DOUBLE(&doc, "", -1e300);
	BSON_APPEND_INT64(&doc, "", INT64_MIN);
	BSON_APPEND_INT32(&doc, "", -1);
	BSON_APPEND_DOUBLE(&doc, "", -1e-300);
	BSON_APPEND_DOUBLE(&doc, "", -0.0);
	BSON_APPEND_INT32(&doc, "", 0);
	BSON_APPEND_DOUBLE(&doc, "", 1e-300);
	bson_decimal128_from_string("0.1", &dec);
	BSON_APPEND_DECIMAL128(&doc, "", &dec);
	BSON_APPEND_DOUBLE(&doc, "", 0.1);
	BSON_APPEND_INT64(&doc, "", 9007199254740993);
	BSON_APPEND_DOUBLE(&doc, "", 9007199254740992.0);
	BSON_APPEND_INT64(&doc, "", INT64_MAX);
	bson_decimal128_from_string("9223372036854775807", &dec);
	BSON_APPEND_DECIMAL128(&doc, "", &dec);
	bson_decimal128_from_string("NaN", &dec);
	BSON_APPEND_DECIMAL128(&doc, "", &dec);
	bson_decimal128_from_string("1E+6000", &dec);
	BSON_APPEND_DECIMAL128(&doc, "", &dec);
	bson_decimal128_from_string("Infinity", &dec);
	BSON_APPEND_DECIMAL128(&doc, "", &dec);
	BSON_APPEND_DOUBLE(&doc, "", INFINITY);
	BSON_APPEND_UTF8(&doc, "", "");
	BSON_APPEND_UTF8(&doc, "", "a");
	BSON_APPEND_UTF8(&doc, "", "abcdefg");
	BSON_APPEND_UTF8(&doc, "", "abcdefgh");
	BSON_APPEND_UTF8(&doc, "", "abcdefgi");
	BSON_APPEND_UTF8(&doc, "", "\xc3\xbc");
	BSON_APPEND_SYMBOL(&doc, "", "a");
	BSON_APPEND_BINARY(&doc, "", 0, (const uint8_t *)"b", 1);
	BSON_APPEND_BINARY(&doc, "", 128, (const uint8_t *)"a", 1);
	BSON_APPEND_BINARY(&doc, "", 0, (const uint8_t *)"aa", 2);
	BSON_APPEND_BOOL(&doc, "", false);
	BSON_APPEND_BOOL(&doc, "", true);
	BSON_APPEND_DATE_TIME(&doc, "", -1);
	BSON_APPEND_DATE_TIME(&doc, "", 1);
	BSON_APPEND_DATE_TIME(&doc, "", 1000000000000);
	BSON_APPEND_TIMESTAMP(&doc, "", 0, 1);
	BSON_APPEND_TIMESTAMP(&doc, "", 2147483648u, 0);
	BSON_APPEND_REGEX(&doc, "", "a", "");
	BSON_APPEND_CODE(&doc, "", "f()");
	BSON_APPEND_MAXKEY(&doc, "");
	walk_init(&w, bson_get_data(&doc), doc.len);
	while (walk_next(&w, &e))
		v[n++] = e.value;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++) {
			uint64_t a = key_prefix(&v[i]), b = key_prefix(&v[j]);
			int c = value_cmp(&v[i], &v[j]);

			if ((a < b && c >= 0) || (a > b && c <= 0))
				good = false;
		}
	OK(n > 35 && good, "prefixes agree with the order");
	bson_destroy(&doc);
}

int
main(void)
{
	test_random();
	test_ring();
	test_prefixes();
	return tap_done();
}
