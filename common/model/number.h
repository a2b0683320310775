/* model: numbers of all BSON types, exactly.
 *
 * Every finite number that BSON can hold is (-1)^negative * m * 2^two * 5^five
 * with m below 2^113. Reduced (m prime to 10) the form is unique, so it can
 * stand for the number in a key.
 */
#ifndef MM_MODEL_NUMBER_H
#define MM_MODEL_NUMBER_H

#include "model/value.h"

enum number_kind {
	NUMBER_NAN, /* below all others, equal to itself */
	NUMBER_FINITE,
	NUMBER_INFINITE
};

struct number {
	enum number_kind kind;
	bool negative;       /* never of zero and NaN */
	unsigned __int128 m; /* 0: the number is zero */
	int32_t two, five;
};

bool number_is(uint8_t type);
/* v is an int32 or an int64. */
int64_t number_int(const struct value *v);
/* v must be a number. Not reduced. */
void number_of(const struct value *v, struct number *n);
void number_reduce(struct number *n);
/* True with *out set when the number is an integer in the range of int64. */
bool number_int64(const struct value *v, int64_t *out);
/* The order of the server: <0, 0, >0. Both must be numbers. */
int number_cmp(const struct value *a, const struct value *b);

#endif
