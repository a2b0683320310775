/* What an entry does to one document, by the rules of replay. */
#include <string.h>

#include "model/entry.h"

static bool
same_bytes(const bson_t *a, const bson_t *b)
{
	return a->len == b->len &&
	    memcmp(bson_get_data(a), bson_get_data(b), a->len) == 0;
}

static bool
insert(const struct entry *e, const bson_t *pre, struct buf *out,
    struct entry_note *note, bson_error_t *error)
{
	if (!value_sound(bson_get_data(&e->o), e->o.len))
		return error_set(
		    error, MM_EXIT_REFUSED, 0, "insert: not sound BSON");
	note->existed = pre && !same_bytes(pre, &e->o);
	delta_put_whole(&e->o, NULL, out);
	return true;
}

/* Without a document before it only a whole one can be stored: a delta would
 * make a fragment. */
static bool
update_nothing(const struct entry *e, struct buf *out,
    enum entry_effect *effect, bson_error_t *error)
{
	enum delta_form form;
	struct elem id;
	bson_t doc;
	bool has;

	if (!value_sound(bson_get_data(&e->o), e->o.len))
		return error_set(
		    error, MM_EXIT_REFUSED, 0, "update: not sound BSON");
	if (!delta_form_of(&e->o, &form, error))
		return false;
	if (!delta_whole(&e->o, &doc)) {
		*effect = EFFECT_NONE;
		return true;
	}
	has = e->o2.len > 0 &&
	    walk_find(bson_get_data(&e->o2), e->o2.len, "_id", &id);
	delta_put_whole(&doc, has ? &id.value : NULL, out);
	return true;
}

static bool
apply(const struct entry *e, const bson_t *pre, struct buf *out,
    enum entry_effect *effect, struct entry_note *note, bson_error_t *error)
{
	*effect = EFFECT_STORED;
	switch (e->op) {
	case ENTRY_INSERT:
		return insert(e, pre, out, note, error);
	case ENTRY_UPDATE:
		note->missing = !pre;
		if (!pre)
			return update_nothing(e, out, effect, error);
		return delta_apply(pre, &e->o, out, &note->delta, error);
	case ENTRY_DELETE:
		note->missing = !pre;
		*effect = pre ? EFFECT_DELETED : EFFECT_NONE;
		return true;
	default:
		return error_set(error, MM_EXIT_INTERNAL, 0,
		    "not an operation on a document");
	}
}

bool
entry_apply(const struct entry *e, const bson_t *pre, struct buf *out,
    enum entry_effect *effect, struct entry_note *note, bson_error_t *error)
{
	struct entry_note unused;
	char text[OPTIME_TEXT];

	if (!note)
		note = &unused;
	memset(note, 0, sizeof *note);
	return apply(e, pre, out, effect, note, error) ||
	    error_prefix(
		error, "\"%s\" at %s", e->ns, optime_text(e->at, text));
}
