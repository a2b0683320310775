/* Results are made by copying runs of unchanged bytes and patching lengths in
 * place: what an update does not name is never looked into. */
#include "model/delta.h"

#include <inttypes.h>

#include "model/delta_work.h"
#include "model/number.h"

uint32_t
delta_index_text(uint32_t i, char *text)
{
	char digits[INDEX_TEXT];
	uint32_t n = 0, len;

	do
		digits[n++] = (char)('0' + i % 10);
	while ((i /= 10) > 0);
	len = n;
	while (n > 0)
		*text++ = digits[--n];
	return len;
}

bool
delta_pad(struct delta_work *w, uint32_t first, uint32_t last)
{
	char text[INDEX_TEXT];

	if (last <= first)
		return true;
	if (last - first > DELTA_NULLS_MAX - w->nulls)
		return error_set(w->error, MM_EXIT_REFUSED, 0,
		    "more than %d nulls to fill in", DELTA_NULLS_MAX);
	w->nulls += last - first;
	w->note.padded += last - first;
	for (; first < last; first++)
		put_name(w->out, BSON_TYPE_NULL, text,
		    delta_index_text(first, text));
	return true;
}

/* What stands at the top of an update. */
struct parts {
	struct elem first;
	bool empty, has_id;
	struct value version, diff, set, unset;
	const char *other; /* a name that is none of these */
};

static bool
named(const struct elem *e, const char *name)
{
	return strcmp(e->name, name) == 0;
}

static void
read_parts(const bson_t *o, struct parts *p)
{
	struct walk w;
	struct elem e;

	memset(p, 0, sizeof *p);
	p->empty = true;
	walk_init(&w, bson_get_data(o), o->len);
	while (walk_next(&w, &e)) {
		if (p->empty)
			p->first = e;
		p->empty = false;
		if (*e.name == '$') {
			if (named(&e, "$v"))
				p->version = e.value;
			else if (named(&e, "$set"))
				p->set = e.value;
			else if (named(&e, "$unset"))
				p->unset = e.value;
			else
				p->other = e.name;
		} else if (named(&e, "diff")) {
			p->diff = e.value;
		} else if (named(&e, "_id")) {
			p->has_id = true;
			return;
		} else {
			p->other = e.name;
		}
	}
}

/* With an _id at the top it is a whole document, whatever else its fields are
 * called (as in the server); a delta and modifiers have none there. */
static bool
form_of(const struct parts *p, enum delta_form *form, bson_error_t *error)
{
	int64_t version;

	if (p->has_id || p->empty ||
	    (!p->version.type && *p->first.name != '$')) {
		*form = DELTA_REPLACEMENT;
		return true;
	}
	*form = DELTA_MODIFIERS;
	if (!p->version.type)
		return true;
	if (!number_is(p->version.type) || !number_int64(&p->version, &version))
		return error_set(error, MM_EXIT_REFUSED, 0, "$v is no integer");
	if (version == 1)
		return true;
	if (version != 2)
		return error_set(
		    error, MM_EXIT_REFUSED, 0, "unknown $v %" PRId64, version);
	if (p->diff.type != BSON_TYPE_DOCUMENT)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "$v is 2, but there is no document \"diff\"");
	*form = DELTA_DIFF;
	return true;
}

bool
delta_form_of(const bson_t *o, enum delta_form *form, bson_error_t *error)
{
	struct parts p;

	read_parts(o, &p);
	return form_of(&p, form, error) || error_prefix(error, "update");
}

static bool
is_doc(const struct value *v)
{
	return v->type == BSON_TYPE_DOCUMENT;
}

static bool
whole(const bson_t *o, const struct parts *p, enum delta_form form, bson_t *doc)
{
	struct elem e;

	if (form == DELTA_REPLACEMENT)
		return bson_init_static(doc, bson_get_data(o), o->len);
	return form == DELTA_MODIFIERS && is_doc(&p->set) &&
	    walk_find(p->set.data, p->set.len, "_id", &e) &&
	    bson_init_static(doc, p->set.data, p->set.len);
}

bool
delta_whole(const bson_t *o, bson_t *doc)
{
	enum delta_form form;
	struct parts p;

	read_parts(o, &p);
	return form_of(&p, &form, NULL) && whole(o, &p, form, doc);
}

/* A server stores `_id` as the first field, wherever an entry has it: in whole
 * documents, and in diffs, which may insert it anew behind others. */
static void
id_to_front(struct buf *out, size_t base)
{
	uint8_t *doc = out->data + base, *id;
	size_t before;
	struct elem e;

	if (out->len - base > 9 && memcmp(doc + 5, "_id", 4) == 0)
		return;
	if (!walk_find(doc, out->len - base, "_id", &e))
		return;
	before = (size_t)(e.raw - doc) - 4;
	id = bson_malloc(e.raw_len);
	memcpy(id, e.raw, e.raw_len);
	memmove(doc + 4 + e.raw_len, doc + 4, before);
	memcpy(doc + 4, id, e.raw_len);
	bson_free(id);
}

void
delta_put_whole(const bson_t *doc, const struct value *id, struct buf *out)
{
	size_t at = out->len;
	struct elem e;

	if (id && !walk_find(bson_get_data(doc), doc->len, "_id", &e)) {
		put_begin(out);
		put_value(out, "_id", 3, id);
		buf_add(out, bson_get_data(doc) + 4, doc->len - 5);
		put_end(out, at);
	} else {
		buf_add(out, bson_get_data(doc), doc->len);
		id_to_front(out, at);
	}
}

static bool
modify(struct delta_work *w, const bson_t *pre, const struct parts *p)
{
	if (p->other || p->diff.type)
		return error_set(w->error, MM_EXIT_REFUSED, 0,
		    "unknown modifier \"%s\"", p->other ? p->other : "diff");
	if ((p->set.type && !is_doc(&p->set)) ||
	    (p->unset.type && !is_doc(&p->unset)))
		return error_set(w->error, MM_EXIT_REFUSED, 0,
		    "$set or $unset is no document");
	return delta_modify(w, pre, &p->set, &p->unset);
}

static bool
diff(struct delta_work *w, const bson_t *pre, const struct parts *p)
{
	const char *other = p->other;

	if (p->set.type)
		other = "$set";
	if (p->unset.type)
		other = "$unset";
	if (other)
		return error_set(w->error, MM_EXIT_REFUSED, 0,
		    "unknown field \"%s\" beside the diff", other);
	return delta_diff(w, pre, &p->diff);
}

static bool
apply(struct delta_work *w, const bson_t *pre, const bson_t *o)
{
	enum delta_form form;
	struct parts p;
	struct elem id;
	bson_t doc;

	if (!value_sound(bson_get_data(o), o->len))
		return error_set(
		    w->error, MM_EXIT_REFUSED, 0, "not sound BSON");
	read_parts(o, &p);
	if (!form_of(&p, &form, w->error))
		return false;
	if (whole(o, &p, form, &doc)) {
		bool has = walk_find(bson_get_data(pre), pre->len, "_id", &id);

		delta_put_whole(&doc, has ? &id.value : NULL, w->out);
		return true;
	}
	if (form == DELTA_DIFF ? !diff(w, pre, &p) : !modify(w, pre, &p))
		return false;
	id_to_front(w->out, w->base);
	return true;
}

bool
delta_apply(const bson_t *pre, const bson_t *o, struct buf *out,
    struct delta_note *note, bson_error_t *error)
{
	struct delta_work w = {.out = out, .base = out->len, .error = error};
	bool ok = apply(&w, pre, o);

	if (!ok) {
		out->len = w.base;
		error_prefix(error, "update");
	}
	if (note)
		*note = w.note;
	return ok;
}
