/* base: fields of a document, for what may be missing: a field of another type
 * counts as none, and doc may be NULL. `dotted` is a name or a path: "a",
 * "a.b", "list.0". What is returned of a document is borrowed from it.
 */
#ifndef MM_BASE_DOC_H
#define MM_BASE_DOC_H

#include <bson/bson.h>
#include <stdbool.h>

bool doc_find(const bson_t *doc, const char *dotted, bson_iter_t *found);
/* Number of any type as int64; 0 for none. */
int64_t doc_int(const bson_t *doc, const char *dotted);
/* Milliseconds since 1970; 0 for none. */
int64_t doc_date(const bson_t *doc, const char *dotted);
/* There, and neither false, null nor 0. */
bool doc_bool(const bson_t *doc, const char *dotted);
const char *doc_text(const bson_t *doc, const char *dotted); /* NULL for none */
const char *doc_text_or(
    const bson_t *doc, const char *dotted, const char *none);
/* False: no binary data of that very length. */
bool doc_bytes(
    const bson_t *doc, const char *dotted, uint8_t *out, uint32_t len);
/* View of an embedded document or array; false for none. */
bool doc_sub(const bson_t *doc, const char *dotted, bson_t *view);
/* The next element that is an embedded document: view of it; others are passed
 * over. False at the end. */
bool doc_next(bson_iter_t *it, bson_t *view);

#endif
