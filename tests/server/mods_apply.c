#include "mods.h"
#include "text.h"

#include <string.h>

#define PADDING_MAX 1500000

struct applying {
	const struct update_args *args;
	struct update_log *log;
	struct buf *doc, next;
	bson_error_t *error;
};

char *
mod_id_text(const struct value *doc)
{
	struct value id = VALUE_NULL;
	char *elem, *text;
	struct elem e;

	if (walk_find(doc->data, doc->len, "_id", &e))
		id = e.value;
	elem = text_elem("_id", &id);
	text = bson_strdup_printf("{%s}", elem);
	bson_free(elem);
	return text;
}

static struct value
whole(const struct applying *a)
{
	return value_doc(BSON_TYPE_DOCUMENT, a->doc->data, a->doc->len);
}

static void
touch(struct applying *a, const char *path, bool set)
{
	struct elem e;

	if (!walk_find(
		bson_get_data(&a->log->touched), a->log->touched.len, path, &e))
		BSON_APPEND_BOOL(&a->log->touched, path, set);
}

static uint32_t
count_elements(const struct value *array)
{
	struct walk w;
	struct elem e;
	uint32_t n = 0;

	for (walk_init(&w, array->data, array->len); walk_next(&w, &e);)
		n++;
	return n;
}

static void
touch_elements(struct applying *a, const struct place *place, uint32_t from,
    const struct value *array)
{
	uint32_t i, n = count_elements(array);
	char *base = path_text(&place->path, place->path.parts), *path;

	for (i = from; i < n; i++) {
		path = bson_strdup_printf("%s.%u", base, i);
		touch(a, path, true);
		bson_free(path);
	}
	bson_free(base);
}

/* The missing rest of a path can be made below what exists of it. */
static bool
viable(const struct applying *a, const struct path *p, unsigned exists,
    const struct value *at)
{
	uint32_t index, size;
	char *text;

	if (at->type == BSON_TYPE_DOCUMENT)
		return true;
	if (at->type == BSON_TYPE_ARRAY &&
	    path_index(p->part[exists], &index)) {
		size = count_elements(at);
		if (index < size || index - size <= PADDING_MAX)
			return true;
		return error_set(a->error, MM_EXIT_REFUSED, 54,
		    "can't backfill more than %d elements", PADDING_MAX);
	}
	text = text_elem(p->part[exists - 1], at);
	error_set(a->error, MM_EXIT_REFUSED, 28,
	    "Cannot create field '%s' in element {%s}", p->part[exists], text);
	bson_free(text);
	return false;
}

/* The _id may be written, but not with another value. */
static bool
check_id(const struct applying *a, const struct place *place,
    const struct value *before)
{
	struct elem old, new;
	char *path;

	if (strcmp(place->path.part[0], "_id") != 0 ||
	    !walk_find(before->data, before->len, "_id", &old))
		return true;
	if (walk_find(a->next.data, a->next.len, "_id", &new) &&
	    value_cmp(&old.value, &new.value) == 0)
		return true;
	path = path_text(&place->path, place->path.parts);
	error_set(a->error, MM_EXIT_REFUSED, 66,
	    "Performing an update on the path '%s' would modify the immutable "
	    "field '_id'",
	    path);
	bson_free(path);
	return false;
}

/* v NULL: remove. */
static bool
put(struct applying *a, const struct place *place, const struct value *v)
{
	struct value before = whole(a);
	struct buf swap;

	buf_clear(&a->next);
	path_put(&before, &place->path, v, &a->next);
	if (!check_id(a, place, &before))
		return false;
	swap = *a->doc;
	*a->doc = a->next;
	a->next = swap;
	return true;
}

static bool
store(struct applying *a, const struct place *place, struct mod_at *at,
    enum mod_result result)
{
	char *path;

	if (!put(a, place, result == MOD_REMOVE ? NULL : &at->value))
		return false;
	if (result == MOD_APPEND && place->log_parts == place->path.parts) {
		touch_elements(a, place, at->append_from, &at->value);
		return true;
	}
	path = path_text(&place->path, place->log_parts);
	touch(a, path,
	    result != MOD_REMOVE || at->in_array ||
		place->log_parts < place->path.parts);
	bson_free(path);
	return true;
}

static bool
apply_at(struct applying *a, const struct mod *m, const struct place *place)
{
	struct mod_at at = {.args = a->args, .mod = m, .error = a->error};
	struct value doc = whole(a), cur, parent;
	unsigned exists = path_walk(&doc, &place->path, &cur, &parent);
	enum mod_result result;
	bool ok;

	at.doc = &doc;
	at.cur = exists == place->path.parts ? &cur : NULL;
	at.name = place->path.part[place->path.parts - 1];
	at.in_array = at.cur && parent.type == BSON_TYPE_ARRAY;
	if (!at.cur && !m->def->creates)
		return true;
	if (!at.cur && !viable(a, &place->path, exists, &cur))
		return false;
	result = m->def->apply(&at);
	if (result == MOD_FAILED || result == MOD_NOOP)
		ok = result == MOD_NOOP;
	else
		ok = store(a, place, &at, result);
	buf_release(&at.store);
	return ok;
}

static bool
passes_array(const struct value *doc, const struct path *p)
{
	struct path head = *p;
	struct value at, parent;

	for (head.parts = 1; head.parts < p->parts; head.parts++) {
		if (path_walk(doc, &head, &at, &parent) == head.parts &&
		    at.type == BSON_TYPE_ARRAY)
			return true;
	}
	return false;
}

static bool
rename_refused(struct applying *a, const struct value *doc,
    const struct path *from, const struct path *to)
{
	bool source = passes_array(doc, from);
	const struct path *p = source ? from : to;
	char *id, *path;

	if (!source && !passes_array(doc, to))
		return false;
	id = mod_id_text(doc);
	path = path_text(p, p->parts);
	id[strlen(id) - 1] = '\0';
	error_set(a->error, MM_EXIT_REFUSED, 2,
	    "The %s field cannot be an array element, '%s' in doc with %s has "
	    "an array field called '%s'",
	    source ? "source" : "destination", path, id + 1, p->part[0]);
	bson_free(path);
	bson_free(id);
	return true;
}

/* The new name is set, then the old one removed. */
static bool
apply_rename(struct applying *a, const struct mod *m)
{
	struct place to = {m->path, m->path.parts}, from;
	struct value doc = whole(a), cur, at, parent;
	struct buf kept = BUF_INIT;
	unsigned exists;
	bool ok = false;

	path_init(&from.path, m->from);
	from.log_parts = from.path.parts;
	if (path_walk(&doc, &from.path, &cur, &parent) < from.path.parts) {
		path_release(&from.path);
		return true;
	}
	if (rename_refused(a, &doc, &from.path, &to.path))
		goto cleanup;
	exists = path_walk(&doc, &to.path, &at, &parent);
	if (exists < to.path.parts && !viable(a, &to.path, exists, &at))
		goto cleanup;
	buf_add(&kept, cur.data, cur.len);
	cur.data = kept.data;
	if (!put(a, &to, &cur) || !put(a, &from, NULL))
		goto cleanup;
	touch(a, (const char *)m->arg.data + 4, true);
	touch(a, m->from, false);
	ok = true;
cleanup:
	buf_release(&kept);
	path_release(&from.path);
	return ok;
}

static bool
apply_one(struct applying *a, const struct mod *m)
{
	struct value doc = whole(a);
	struct places places;
	size_t i;
	bool ok;

	if (!m->def || (m->def->insert_only && a->args->old))
		return true;
	if (m->from)
		return apply_rename(a, m);
	if (!path_has_positional(&m->path)) {
		struct place place = {m->path, m->path.parts};

		return apply_at(a, m, &place);
	}
	ok = places_find(&m->path, a->args, &doc, &places, a->error);
	for (i = 0; ok && i < places.count; i++)
		ok = apply_at(a, m, &places.list[i]);
	places_release(&places);
	return ok;
}

bool
mods_apply(const struct mods *mods, const struct update_args *args,
    struct update_log *log, struct buf *doc, bson_error_t *error)
{
	struct applying a = {args, log, doc, BUF_INIT, error};
	bool ok = true;
	size_t i;

	for (i = 0; ok && i < mods->count; i++)
		ok = apply_one(&a, &mods->list[i]);
	buf_release(&a.next);
	if (ok)
		log->form =
		    bson_empty(&log->touched) ? UPDATE_NOOP : UPDATE_MODIFIERS;
	return ok;
}
