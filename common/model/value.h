/* model: raw BSON values, and the server's order among them.
 *
 * libbson's iterator cannot give a value's bytes as a piece; this walker does,
 * with every length checked, and it is what copying "byte for byte" rests on.
 */
#ifndef MM_MODEL_VALUE_H
#define MM_MODEL_VALUE_H

#include <bson/bson.h>
#include <stdbool.h>
#include <stdint.h>

/* One value without its name. Borrowed bytes. */
struct value {
	uint8_t type; /* BSON type byte */
	const uint8_t *data;
	uint32_t len;
};

/* One element: name (NUL-terminated in place) and value. */
struct elem {
	const char *name;
	uint32_t name_len;
	struct value value;
	const uint8_t *raw; /* type byte, name, NUL, value */
	uint32_t raw_len;
};

struct walk {
	const uint8_t *at, *end; /* end: the closing NUL of the document */
	bool broken;
};

/* `data` is a whole document (or array). False: its own length field or its
 * closing NUL is wrong. */
bool walk_init(struct walk *w, const uint8_t *data, size_t len);
/* False at the end, and when an element does not fit (then w->broken). Does
 * not look inside nested documents. */
bool walk_next(struct walk *w, struct elem *e);
/* The first element of that name. False: not there, or broken before it. */
bool walk_find(
    const uint8_t *doc, size_t len, const char *name, struct elem *e);
/* Structure of the whole tree is sound (nesting up to 200, lengths, known
 * types; texts may be any bytes). */
bool value_sound(const uint8_t *doc, size_t len);

/* The server's order with simple collation: MinKey, undefined, null, numbers
 * (NaN first; int32, int64, double, Decimal128 compared exactly across types),
 * string and symbol, object, array, binary (length, subtype, bytes), ObjectId,
 * bool, date, timestamp, regex, DBRef, code, code with scope, MaxKey. Objects
 * by type class, then name, then value, element by element; arrays without the
 * names. <0, 0, >0. Both values must be sound. */
int value_cmp(const struct value *a, const struct value *b);
bool value_same(const struct value *a, const struct value *b); /* bytes */

#endif
