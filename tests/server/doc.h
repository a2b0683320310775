/* mongosim: building raw documents in a buffer, and changing them by path. */
#ifndef MM_SIM_DOC_H
#define MM_SIM_DOC_H

#include "base/buf.h"
#include "base/error.h"
#include "model/value.h"

/* Values in the caller's memory. */
#define VALUE_NULL ((struct value){BSON_TYPE_NULL, NULL, 0})
struct value value_of(const bson_iter_t *iter);
struct value value_doc(uint8_t type, const uint8_t *data, size_t len);
struct value value_bson(const bson_t *doc);
/* doc becomes a view of an object or array (not to be copied or destroyed). */
void value_to_bson(const struct value *v, bson_t *doc);
static inline bool
value_is_doc(const struct value *v)
{
	return v->type == BSON_TYPE_DOCUMENT || v->type == BSON_TYPE_ARRAY;
}
/* The first field of that name; false: none. */
bool doc_get(const bson_t *doc, const char *name, struct value *v);

/* doc_open reserves the length, doc_close fills it in and ends the document. */
size_t doc_open(struct buf *b);
void doc_close(struct buf *b, size_t start);
void doc_put(struct buf *b, const char *name, const struct value *v);
/* Name and type of a nested document; the document follows (doc_open). */
void doc_put_name(struct buf *b, const char *name, uint8_t type);
void doc_put_raw(struct buf *b, const struct elem *e);
/* Decimal text of an array index. */
#define DOC_INDEX_MAX 11
const char *doc_index(uint32_t index, char text[DOC_INDEX_MAX]);

#define PATH_PARTS_MAX 200

/* "a.b.0" in parts. */
struct path {
	char *text;
	const char *part[PATH_PARTS_MAX];
	unsigned parts;
};

/* False: too many parts. Release in any case. */
bool path_init(struct path *p, const char *text);
void path_release(struct path *p);
/* The parts joined by dots, up to `parts`; caller frees with bson_free. */
char *path_text(const struct path *p, unsigned parts);
/* An index as the server takes it: digits without leading zeros. */
bool path_index(const char *part, uint32_t *index);

/* Follows p as an update does: names in objects, indexes in arrays. Returns
 * how many parts exist; *at is the value of the last of them (doc itself for
 * 0), *parent that of the one before. */
unsigned path_walk(const struct value *doc, const struct path *p,
    struct value *at, struct value *parent);

/* Appends doc with the value at p set (v) or removed (v NULL; an array element
 * becomes null) to out. Missing objects are made, missing array elements
 * filled with null. The path must be viable: the caller has seen with
 * path_walk that what exists ends in an object, or in an array where the next
 * part is an index. */
void path_put(const struct value *doc, const struct path *p,
    const struct value *v, struct buf *out);

#endif
