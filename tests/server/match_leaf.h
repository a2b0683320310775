/* mongosim: match: values at a path, and tests of one value. */
#ifndef MM_SIM_MATCH_LEAF_H
#define MM_SIM_MATCH_LEAF_H

#include "base/error.h"
#include "model/value.h"

/* Where the values come from: those at a path of a document, or one value. */
struct match_at {
	const struct value *doc;
	const char *path;
	const struct value *single; /* not NULL: just this one */
};

enum match_leaf {
	LEAF_EACH, /* an array stands for its elements and for itself */
	LEAF_WHOLE /* an array stands for itself */
};

/* Called for each value; NULL: there is none on this branch. */
typedef bool match_fn(void *ctx, const struct value *v);

/* True as soon as fn is. position: index in the outermost array that was
 * passed on the way to that value, untouched if there was none. */
bool match_any(const struct match_at *at, enum match_leaf leaf, match_fn *fn,
    void *ctx, int *position);

enum match_cmp { CMP_EQ, CMP_LT, CMP_LTE, CMP_GT, CMP_GTE };
/* The server's comparison with type bracketing; v NULL: missing. */
bool match_compare(
    enum match_cmp op, const struct value *v, const struct value *rhs);

/* Types of $type as bits (bit 0: minKey, bit n: type n, bit 31: maxKey). Adds
 * those that rhs (name, number) names to *set. */
bool match_types(const struct value *rhs, uint32_t *set, bson_error_t *error);
bool match_has_type(uint32_t set, const struct value *v);

/* The text of a string value and the parts of a regex value, in place. */
bool match_text(const struct value *v, const char **text, size_t *len);
void match_regex_parts(
    const struct value *v, const char **pattern, const char **options);
/* Numbers as a whole number, truncated; false: not a number. */
bool match_int(const struct value *v, int64_t *n);

#endif
