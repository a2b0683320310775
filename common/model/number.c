/* Doubles, 64-bit integers and Decimal128 do not fit into one another, so
 * they are compared as m * 2^i * 5^j: by logarithm where that decides (nearly
 * always), else as large integers. The largest that can be needed: two numbers
 * of the same size, one a double (exponent down to 2^-1074), one a decimal,
 * scaled to integers: below 2^2400. */
#include "model/number.h"

#include <math.h>
#include <string.h>

#include "base/le.h"

typedef unsigned __int128 u128;

bool
number_is(uint8_t type)
{
	return type == BSON_TYPE_INT32 || type == BSON_TYPE_INT64 ||
	    type == BSON_TYPE_DOUBLE || type == BSON_TYPE_DECIMAL128;
}

int64_t
number_int(const struct value *v)
{
	return v->type == BSON_TYPE_INT64 ? (int64_t)le64(v->data)
					  : (int32_t)le32(v->data);
}

static double
get_double(const uint8_t *p)
{
	uint64_t bits = le64(p);
	double d;

	memcpy(&d, &bits, 8);
	return d;
}

static void
of_int(int64_t i, struct number *n)
{
	n->negative = i < 0;
	n->m = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
}

static void
of_double(uint64_t bits, struct number *n)
{
	uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1);
	int exponent = (int)(bits >> 52 & 0x7ff);

	n->negative = bits >> 63;
	if (exponent == 0x7ff) {
		n->kind = fraction ? NUMBER_NAN : NUMBER_INFINITE;
		return;
	}
	n->m = exponent ? fraction | UINT64_C(1) << 52 : fraction;
	n->two = (exponent ? exponent : 1) - 1075;
}

/* BID encoding. A coefficient of 10^34 or more is not canonical: zero. */
static void
of_decimal(const uint8_t *p, struct number *n)
{
	const u128 limit =
	    (u128)UINT64_C(100000000000000000) * UINT64_C(100000000000000000);
	uint64_t low = le64(p), high = le64(p + 8);
	unsigned top = (unsigned)(high >> 58 & 0x1f);
	int exponent = (int)(high >> 49 & 0x3fff);

	n->negative = high >> 63;
	if (top >= 0x1e) {
		n->kind = top == 0x1f ? NUMBER_NAN : NUMBER_INFINITE;
		return;
	}
	n->m = (u128)(high & ((UINT64_C(1) << 49) - 1)) << 64 | low;
	if (top >= 0x18 || n->m >= limit)
		n->m = 0;
	n->two = n->five = exponent - 6176;
}

void
number_of(const struct value *v, struct number *n)
{
	*n = (struct number){NUMBER_FINITE, false, 0, 0, 0};
	if (v->type == BSON_TYPE_DOUBLE)
		of_double(le64(v->data), n);
	else if (v->type == BSON_TYPE_DECIMAL128)
		of_decimal(v->data, n);
	else
		of_int(number_int(v), n);
	if (n->kind == NUMBER_NAN || (n->kind == NUMBER_FINITE && n->m == 0))
		n->negative = false;
}

void
number_reduce(struct number *n)
{
	if (n->kind != NUMBER_FINITE || n->m == 0) {
		n->m = 0;
		n->two = n->five = 0;
		return;
	}
	for (; (n->m & 1) == 0; n->m >>= 1)
		n->two++;
	for (; n->m % 5 == 0; n->m /= 5)
		n->five++;
}

bool
number_int64(const struct value *v, int64_t *out)
{
	struct number n;
	uint64_t size;

	if (v->type == BSON_TYPE_INT32 || v->type == BSON_TYPE_INT64) {
		*out = number_int(v);
		return true;
	}
	if (v->type == BSON_TYPE_DOUBLE) {
		double d = get_double(v->data);

		if (!(d >= -0x1p63 && d < 0x1p63) || d != trunc(d))
			return false;
		*out = (int64_t)d;
		return true;
	}
	number_of(v, &n);
	number_reduce(&n);
	if (n.kind != NUMBER_FINITE || n.two < 0 || n.five < 0 || n.two > 63 ||
	    n.five > 27 || n.m > UINT64_MAX)
		return false;
	for (; n.five > 0 && n.m <= UINT64_MAX; n.five--)
		n.m *= 5;
	if (n.m > UINT64_MAX || (n.m << n.two) > (UINT64_C(1) << 63) ||
	    (!n.negative && (n.m << n.two) > INT64_MAX))
		return false;
	size = (uint64_t)(n.m << n.two);
	*out = n.negative ? (int64_t)(0 - size) : (int64_t)size;
	return true;
}

/* ------------------------------------------------- large non-negative integers
 */

#define WORDS 96 /* of 32 bits: 3072 bits */

struct large {
	uint32_t w[WORDS]; /* lowest first */
	int n;
};

static void
large_times(struct large *l, uint32_t factor)
{
	uint64_t carry = 0;

	for (int i = 0; i < l->n; i++) {
		carry += (uint64_t)l->w[i] * factor;
		l->w[i] = (uint32_t)carry;
		carry >>= 32;
	}
	if (carry) {
		BSON_ASSERT(l->n < WORDS);
		l->w[l->n++] = (uint32_t)carry;
	}
}

static void
large_set(struct large *l, u128 m, int two, int five)
{
	static const uint32_t five_to_13 = 1220703125;
	int words = two / 32;

	BSON_ASSERT(words < WORDS - 4);
	memset(l->w, 0, sizeof l->w);
	l->n = words;
	for (; m; m >>= 32)
		l->w[l->n++] = (uint32_t)m;
	large_times(l, UINT32_C(1) << two % 32);
	for (; five >= 13; five -= 13)
		large_times(l, five_to_13);
	for (; five > 0; five--)
		large_times(l, 5);
}

static int
large_cmp(const struct large *a, const struct large *b)
{
	if (a->n != b->n)
		return a->n < b->n ? -1 : 1;
	for (int i = a->n - 1; i >= 0; i--)
		if (a->w[i] != b->w[i])
			return a->w[i] < b->w[i] ? -1 : 1;
	return 0;
}

static double
size_log2(const struct number *n)
{
	return log2((double)n->m) + n->two + n->five * 2.321928094887362;
}

/* Both finite, above zero. */
static int
size_cmp(const struct number *a, const struct number *b)
{
	int two = a->two < b->two ? a->two : b->two;
	int five = a->five < b->five ? a->five : b->five;
	double gap = size_log2(a) - size_log2(b);
	struct large x, y;

	if (fabs(gap) > 1e-6)
		return gap < 0 ? -1 : 1;
	large_set(&x, a->m, a->two - two, a->five - five);
	large_set(&y, b->m, b->two - two, b->five - five);
	return large_cmp(&x, &y);
}

static int
finite_cmp(const struct number *a, const struct number *b)
{
	int sign_a = a->m == 0 ? 0 : a->negative ? -1 : 1;
	int sign_b = b->m == 0 ? 0 : b->negative ? -1 : 1;

	if (sign_a != sign_b || sign_a == 0)
		return sign_a - sign_b;
	return sign_a * size_cmp(a, b);
}

int
number_cmp(const struct value *a, const struct value *b)
{
	struct number x, y;

	if (a->type != BSON_TYPE_DECIMAL128 && a->type == b->type &&
	    a->type != BSON_TYPE_DOUBLE) {
		int64_t i = number_int(a), j = number_int(b);

		return i < j ? -1 : i > j;
	}
	if (a->type == BSON_TYPE_DOUBLE && b->type == BSON_TYPE_DOUBLE) {
		double i = get_double(a->data), j = get_double(b->data);

		if (i < j || i > j || i == j)
			return i < j ? -1 : i > j;
	}
	number_of(a, &x);
	number_of(b, &y);
	if (x.kind == NUMBER_FINITE && y.kind == NUMBER_FINITE)
		return finite_cmp(&x, &y);
	if (x.kind == NUMBER_NAN || y.kind == NUMBER_NAN)
		return (x.kind != NUMBER_NAN) - (y.kind != NUMBER_NAN);
	return (x.kind == NUMBER_INFINITE ? (x.negative ? -1 : 1) : 0) -
	    (y.kind == NUMBER_INFINITE ? (y.negative ? -1 : 1) : 0);
}
