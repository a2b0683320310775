/* mongosim: enforcing unique indexes, secondary ones included.
 *
 * Keys of the newest documents only: uniqueness is judged on the newest
 * state. Order on `_id` is the collection's own (coll.h). Not done: pairing
 * of two paths through one array of documents (all combinations are keys).
 */
#ifndef SIM_UNIQUE_H
#define SIM_UNIQUE_H

#include "coll.h"

/* NULL where the index is not unique, or of a kind without plain keys. */
struct unique *unique_new(const bson_t *spec);
/* All of these take NULL, and then do nothing. */
void unique_free(struct unique *u);
void unique_clear(struct unique *u);
void unique_add(struct unique *u, const struct doc *d);
void unique_remove(struct unique *u, const struct doc *d);

/* False (11000, info = elements keyPattern and keyValue): a document other
 * than old has one of the keys. */
bool unique_check(const struct index *index, const struct coll *c,
    const uint8_t *doc, size_t len, const struct doc *old, struct buf *info,
    bson_error_t *error);
/* Fill the error of a key {name: value} that is there already, its strings
 * sort keys under the index's collation; always false. */
bool unique_refuse(const struct coll *c, const struct index *index,
    const uint8_t *key, size_t len, struct buf *info, bson_error_t *error);
/* Fill the error of an _id that is there already; always false. */
bool unique_duplicate_id(const struct coll *c, const struct value *id,
    struct buf *info, bson_error_t *error);

#endif
