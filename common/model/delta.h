/* model: the update engine: what an oplog entry of kind u means.
 *
 * Forms (decided by o.$v first): replacement; $v:1 (or no $v and a first name
 * that starts with `$`): modifiers $set and $unset; $v:2 with object `diff`: a
 * delta. Rules: MongoDB 3.6-8.x as in the server's own application of
 * entries; each is absorbing, so a log may be applied again over its result.
 */
#ifndef MM_MODEL_DELTA_H
#define MM_MODEL_DELTA_H

#include "base/buf.h"
#include "base/error.h"
#include "model/value.h"

enum delta_form {
	DELTA_REPLACEMENT,
	DELTA_MODIFIERS, /* $v:1 */
	DELTA_DIFF       /* $v:2 */
};

/* What the document at hand did not have though the entry expected it. All 0
 * when the entry was applied to exactly the document it was made for (padded
 * aside: $v:2 leaves the nulls that the source filled in to the reader). */
struct delta_note {
	unsigned clashes; /* sub-diff or path against another type: skipped */
	unsigned absent;  /* u, d, s, b or path on a field that is not there */
	unsigned padded;  /* nulls filled in before or at an array index */
};

/* With _id at the top: a replacement, as in the server. Status 8: unknown $v,
 * $v:2 without diff. */
bool delta_form_of(const bson_t *o, enum delta_form *form, bson_error_t *error);

/* Appends the document after the update to out (a whole BSON document).
 * `pre` is the document before it and must be sound (value_sound). A
 * replacement without _id takes that of pre. A $v:1 $set that holds `_id` is
 * the whole new document (FerretDB). Status 8, out unchanged: malformed diff
 * (message names the place), unknown $v, more than 1,500,000 nulls filled
 * in; a result over 16 MiB is the caller's to refuse. The result has its _id
 * in front, as servers store it. note is set, may be
 * NULL. Whatever is not touched is copied byte for byte. */
bool delta_apply(const bson_t *pre, const bson_t *o, struct buf *out,
    struct delta_note *note, bson_error_t *error);

/* True when the update is a whole new document (replacement, or the form of
 * FerretDB) and needs none before it; *doc is a view of it. */
bool delta_whole(const bson_t *o, bson_t *doc);
/* Appends doc as a server stores it: its _id moved to the front; `id` there
 * when it has none (id may be NULL). */
void delta_put_whole(
    const bson_t *doc, const struct value *id, struct buf *out);

#endif
