/* mongosim: changing documents: find them, apply, check, store, log. What
 * update, delete and findAndModify have in common. */
#ifndef SIM_CHANGE_H
#define SIM_CHANGE_H

#include "write.h"

enum image { IMAGE_NONE, IMAGE_PRE, IMAGE_POST };

/* One statement; everything is borrowed from the request. */
struct change {
	bson_t q, filters, collation; /* collation: empty, none */
	bson_iter_t u, hint;
	bool multi, upsert, has_filters, has_hint;
	bool keep_times; /* zero ones of a replacement */
	/* A retryable findAndModify logs the document that it answers with. */
	enum image image;
	/* Copies of the document before and after, for a reply; NULL: none. */
	struct buf *before, *after;
};

/* The documents a statement is about, taken down before any is changed. */
struct found {
	int64_t *rid;
	size_t n, cap;
	bool all; /* else the first alone */
};

/* Nothing in it. */
void change_init(struct change *s);
/* By query, hint and collation. c may be NULL: none. The caller frees f->rid
 * with bson_free. 112 where a transaction stands in the way of changing them.
 */
bool change_find(struct coll *c, const struct change *s, struct found *f,
    bson_error_t *error);
/* The document of that record id, found before. */
struct doc *change_doc(const struct coll *c, int64_t rid);

/* Counts in w->n and w->modified. */
bool change_update(struct write *w, struct coll *c, struct doc *d,
    const struct change *s, struct buf *info, bson_error_t *error);
/* The document is in *s->after when that is given. */
bool change_upsert(struct write *w, const struct change *s, struct buf *info,
    bson_error_t *error);
void change_remove(
    struct write *w, struct coll *c, struct doc *d, const struct change *s);

#endif
