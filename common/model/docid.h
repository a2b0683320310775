/* model: `_id` as a key.
 *
 * Two `_id`s are one key on the server (simple collation) exactly when their
 * canonical bytes are equal: 1, 1.0, NumberLong(1) and NumberDecimal("1.0")
 * are one key, so are double NaN and Decimal128 NaN (4.9), and -0.0 and 0;
 * the same holds inside embedded documents, whose field order counts.
 */
#ifndef MM_MODEL_DOCID_H
#define MM_MODEL_DOCID_H

#include "base/buf.h"
#include "base/error.h"
#include "model/value.h"

/* The value of `_id` of a document. Status 8 where it has none. */
bool docid_of(const bson_t *doc, struct value *id, bson_error_t *error);
/* Appends the canonical bytes of one `_id` to out. */
void docid_canonical(const struct value *id, struct buf *out);
/* One key: equal canonical bytes. */
bool docid_same(const struct value *a, const struct value *b);
/* XXH64 of the canonical bytes: for lanes and hash tables. */
uint64_t docid_hash(const struct value *id);
/* For messages: canonical Extended JSON of the `_id`, cut at 120 bytes; caller
 * frees with bson_free. */
char *docid_text(const struct value *id);

#endif
