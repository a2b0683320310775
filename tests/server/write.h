/* mongosim: what insert, update and delete have in common. */
#ifndef SIM_WRITE_H
#define SIM_WRITE_H

#include "concern.h"
#include "session.h"

/* One write command under way. */
struct write {
	struct request *r;
	const char *name; /* of the collection */
	bool ordered, bypass;
	bool keep_times; /* bypassEmptyTsReplacement */
	int64_t n, modified;
	struct buf errors; /* elements of the array writeErrors */
	struct buf upserted;
	struct buf fixed; /* a document as it is stored */
	uint32_t n_errors, n_upserted;
	int32_t index; /* of the statement */
	int32_t stmt;
};

/* One statement; info: more fields of the error, when it fails. */
typedef bool write_fn(struct write *w, const uint8_t *doc, size_t len,
    struct buf *info, bson_error_t *error);
/* A whole command: every statement of the list that was not done before, and
 * the reply. */
bool write_each(struct request *r, const char *list_name, write_fn *one,
    bool with_modified, bson_error_t *error);

/* The collection to write to, made where it is missing. NULL: refused (a
 * view, a bad name). */
struct coll *write_coll(struct write *w, bson_error_t *error);
/* 166 where the name is that of a view. */
bool write_view_check(const struct write *w, bson_error_t *error);
/* 121 where the collection's validator refuses the document; old: what it is
 * to replace, or NULL (validationLevel moderate). */
bool write_validate(const struct write *w, const struct coll *c,
    const struct doc *old, const uint8_t *doc, size_t len, bson_error_t *error);
void write_upserted(struct write *w, const struct value *id);
/* Insert and log. The document must be in stored form. */
bool write_insert(struct write *w, struct coll *c, const uint8_t *doc,
    size_t len, struct buf *info, bson_error_t *error);
/* A document as a client sends it -> as it is stored: _id in front, times
 * filled in, unless they are kept. False: refused (2). */
bool write_fix(const uint8_t *doc, size_t len, bool keep_times, struct buf *out,
    bson_error_t *error);
/* Top-level Timestamp(0,0) becomes the present time. */
void write_fix_times(struct buf *doc);

#endif
