/* mongo: documents whose top-level order does not matter (options, index
 * specifications), compared; private to this layer.
 */
#ifndef MM_MONGO_FIELDS_H
#define MM_MONGO_FIELDS_H

#include <bson/bson.h>
#include <stdbool.h>

enum field_rule {
	FIELD_SKIP,
	FIELD_VALUE, /* equal in the server's order: 1 is 1.0 */
	FIELD_TRUTH  /* absent is false, 1 is true */
};

typedef enum field_rule field_rule_fn(const char *name);

/* Names that differ, joined by ", ", go to *what (caller frees; NULL when
 * nothing differs). what may be NULL. */
bool fields_same(
    const bson_t *a, const bson_t *b, field_rule_fn *rule, char **what);

#endif
