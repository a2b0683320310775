/* mongosim: comparing strings as a collation says.
 *
 * ICU does it, of the version that the system has (a real server brings its
 * own, 57.1). A key is a value whose strings, at any depth, are replaced by
 * their sort keys: keys compare by value_cmp() as the values do under the
 * collation. What an update does inside of a document ($pull, $addToSet,
 * arrayFilters) is not collated here.
 */
#ifndef SIM_COLLATE_H
#define SIM_COLLATE_H

#include "base/buf.h"
#include "base/error.h"
#include "model/value.h"

struct coll;
struct request;
struct collator; /* NULL: simple, by bytes */

/* Of a full collation, as options_collation() makes it; empty: NULL. One for
 * each collation, never freed. False (2): a locale that ICU does not know. */
bool collate_find(
    const bson_t *full, const struct collator **c, bson_error_t *error);
/* For a statement on coll (may be NULL): what it says itself, else what the
 * collection has. given may be NULL. */
bool collate_wish(const bson_t *given, const struct coll *coll,
    const struct collator **c, bson_error_t *error);
/* The same for a command with a field `collation`. */
bool collate_asked(const struct request *r, const struct coll *coll,
    const struct collator **c, bson_error_t *error);
/* Like collate_find(), of the options of a collection or the spec of an
 * index. */
const struct collator *collate_of(const bson_t *options);

/* v becomes its key, kept in room until that is used again; as it is under
 * the simple collation. */
void collate_key(const struct collator *c, struct value *v, struct buf *room);
int collate_cmp_by(
    const struct collator *c, const struct value *a, const struct value *b);
/* Is there a string in it? */
bool collate_has_text(const struct value *v);

/* For what compares without being told how (filters, sorts, groups): the
 * collation from now on, under sim.lock and up to the next wait. Returns the
 * one before. */
const struct collator *collate_use(const struct collator *c);
int collate_cmp(const struct value *a, const struct value *b);

#endif
