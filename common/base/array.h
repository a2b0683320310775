/* base: BSON arrays that are being built, one element after the other. `n`, the
 * caller's, is how many it has, and is counted on: bson_count_keys would read
 * all of it for each.
 */
#ifndef MM_BASE_ARRAY_H
#define MM_BASE_ARRAY_H

#include <bson/bson.h>

enum { ARRAY_KEY = 16 };

/* The key of the next element, for what the others do not append; not inside
 * BSON_APPEND_*, which look at it twice. */
const char *array_key(uint32_t *n, char room[ARRAY_KEY]);
void array_add(bson_t *array, uint32_t *n, const bson_t *doc);
void array_add_text(bson_t *array, uint32_t *n, const char *text);
/* A document; bson_append_document_end(array, doc) ends it. */
void array_begin(bson_t *array, uint32_t *n, bson_t *doc);
/* The array `field` of from, as that of to; nothing where it has none. */
void array_copy(const bson_t *from, const char *field, bson_t *to);

#endif
