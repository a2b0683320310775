#include "mods.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

static const struct mod_def *
find_def(const char *name)
{
	static const struct mod_def *const tables[] = {
	    mod_scalar_defs, mod_push_defs, mod_pull_defs};
	const struct mod_def *d;
	size_t i;

	for (i = 0; i < sizeof tables / sizeof *tables; i++) {
		for (d = tables[i]; d->name; d++) {
			if (strcmp(d->name, name) == 0)
				return d;
		}
	}
	return NULL;
}

static bool
names_filter(const char *part, const bson_t *filter)
{
	size_t len = strlen(part) - 3; /* $[ ] */
	bson_iter_t iter;
	const char *key;

	if (!bson_iter_init(&iter, filter) || !bson_iter_next(&iter))
		return false;
	key = bson_iter_key(&iter);
	return strncmp(key, part + 2, len) == 0 &&
	    (key[len] == '\0' || key[len] == '.');
}

static bool
check_filter(const char *part, const char *path, const bson_t *array_filters,
    bson_error_t *error)
{
	struct elem e;
	struct walk w;
	bson_t filter;

	if (array_filters)
		walk_init(&w, bson_get_data(array_filters), array_filters->len);
	while (array_filters && walk_next(&w, &e)) {
		if (e.value.type != BSON_TYPE_DOCUMENT)
			continue;
		value_to_bson(&e.value, &filter);
		if (names_filter(part, &filter))
			return true;
	}
	return error_set(error, MM_EXIT_REFUSED, 2,
	    "No array filter found for identifier '%.*s' in path '%s'",
	    (int)strlen(part) - 3, part + 2, path);
}

static bool
check_part(const struct path *p, unsigned i, const char *path,
    const bson_t *array_filters, bson_error_t *error)
{
	const char *part = p->part[i];
	size_t len = strlen(part);

	if (len == 0)
		return error_set(error, MM_EXIT_REFUSED, 56,
		    *path ? "The update path '%s' contains an empty field "
			    "name, which is not allowed."
			  : "An empty update path is not valid.%s",
		    path);
	if (part[0] != '$')
		return true;
	if (strcmp(part, "$") == 0 || strcmp(part, "$[]") == 0) {
		if (i > 0)
			return true;
		return error_set(error, MM_EXIT_REFUSED, 2,
		    "Cannot have %s identifier (i.e. '%s') as the first "
		    "element in path: '%s'",
		    part[1] ? "array filter" : "positional", part, path);
	}
	if (i > 0 && len > 3 && part[1] == '[' && part[len - 1] == ']')
		return check_filter(part, path, array_filters, error);
	if (strcmp(part, "$id") == 0 || strcmp(part, "$ref") == 0 ||
	    strcmp(part, "$db") == 0)
		return true;
	return error_set(error, MM_EXIT_REFUSED, 52,
	    "The dollar ($) prefixed field '%s' in '%s' is not valid for "
	    "storage.",
	    part, path);
}

/* The common beginning when one path is the beginning of the other; else 0. */
static unsigned
overlap(const struct path *a, const struct path *b)
{
	unsigned i, n = BSON_MIN(a->parts, b->parts);

	for (i = 0; i < n; i++) {
		if (strcmp(a->part[i], b->part[i]) != 0)
			return 0;
	}
	return n;
}

static bool
check_conflict(
    const struct mods *mods, const struct mod *added, bson_error_t *error)
{
	char *path, *at;
	unsigned n;
	size_t i;

	for (i = 0; i < mods->count; i++) {
		n = overlap(&mods->list[i].path, &added->path);
		if (n == 0)
			continue;
		path = path_text(&added->path, added->path.parts);
		at = path_text(&added->path, n);
		error_set(error, MM_EXIT_REFUSED, 40,
		    "Updating the path '%s' would create a conflict at '%s'",
		    path, at);
		bson_free(path);
		bson_free(at);
		return false;
	}
	return true;
}

/* Takes from. */
static bool
add(struct mods *mods, const struct mod_def *def, const char *path,
    const struct value *arg, char *from, const bson_t *array_filters,
    bson_error_t *error)
{
	struct mod m = {.def = def, .arg = *arg, .from = from};
	bool ok = path_init(&m.path, path);
	unsigned i;

	if (!ok)
		error_set(error, MM_EXIT_REFUSED, 2, "path '%.80s' is too deep",
		    path);
	for (i = 0; ok && i < m.path.parts; i++)
		ok = check_part(&m.path, i, path, array_filters, error);
	ok = ok && check_conflict(mods, &m, error);
	mods->list =
	    bson_realloc(mods->list, (mods->count + 1) * sizeof *mods->list);
	mods->list[mods->count++] = m;
	return ok;
}

static bool
add_rename(struct mods *mods, const struct mod_def *def, const struct elem *e,
    const bson_t *array_filters, bson_error_t *error)
{
	const char *to = (const char *)e->value.data + 4;

	if (!add(mods, NULL, e->name, &e->value, NULL, array_filters, error))
		return false;
	return add(mods, def, to, &e->value, bson_strdup(e->name),
	    array_filters, error);
}

static bool
parse_operator(struct mods *mods, const struct mod_def *def,
    const struct value *fields, const bson_t *array_filters,
    bson_error_t *error)
{
	struct walk w;
	struct elem e;
	bool ok;

	for (walk_init(&w, fields->data, fields->len); walk_next(&w, &e);) {
		if (def->check && !def->check(e.name, &e.value, error))
			return false;
		if (strcmp(def->name, "$rename") == 0)
			ok = add_rename(mods, def, &e, array_filters, error);
		else
			ok = add(mods, def, e.name, &e.value, NULL,
			    array_filters, error);
		if (!ok)
			return false;
	}
	return true;
}

static int
compare(const struct path *p, const struct path *q, bool numeric_order)
{
	uint32_t m, n;
	unsigned i;
	int cmp;

	for (i = 0; i < p->parts && i < q->parts; i++) {
		cmp = strcmp(p->part[i], q->part[i]);
		if (cmp == 0)
			continue;
		if (numeric_order && path_index(p->part[i], &m) &&
		    path_index(q->part[i], &n))
			return m < n ? -1 : 1;
		return cmp;
	}
	return (p->parts > q->parts) - (p->parts < q->parts);
}

static int
by_path(const void *a, const void *b)
{
	return compare(&((const struct mod *)a)->path,
	    &((const struct mod *)b)->path, false);
}

static int
by_path_and_number(const void *a, const void *b)
{
	return compare(&((const struct mod *)a)->path,
	    &((const struct mod *)b)->path, true);
}

static bool
parse_one(struct mods *mods, const struct elem *e, const bson_t *array_filters,
    bson_error_t *error)
{
	const struct mod_def *def = find_def(e->name);

	if (!def)
		return error_set(error, MM_EXIT_REFUSED, 9,
		    "Unknown modifier: %s. Expected a valid update modifier or "
		    "pipeline-style update specified as an array",
		    e->name);
	if (e->value.type != BSON_TYPE_DOCUMENT) {
		char *text = text_elem(e->name, &e->value);

		error_set(error, MM_EXIT_REFUSED, 9,
		    "Modifiers operate on fields but we found type %s instead. "
		    "For example: {$mod: {<field>: ...}} not {%s}",
		    text_type(e->value.type), text);
		bson_free(text);
		return false;
	}
	return parse_operator(mods, def, &e->value, array_filters, error);
}

bool
mods_parse(const bson_t *update, const bson_t *array_filters,
    bool numeric_order, struct mods *mods, bson_error_t *error)
{
	struct walk w;
	struct elem e;

	*mods = (struct mods){NULL, 0};
	walk_init(&w, bson_get_data(update), update->len);
	while (walk_next(&w, &e)) {
		if (!parse_one(mods, &e, array_filters, error))
			return false;
	}
	if (mods->count > 0)
		qsort(mods->list, mods->count, sizeof *mods->list,
		    numeric_order ? by_path_and_number : by_path);
	return true;
}

void
mods_release(struct mods *mods)
{
	size_t i;

	for (i = 0; i < mods->count; i++) {
		path_release(&mods->list[i].path);
		bson_free(mods->list[i].from);
	}
	bson_free(mods->list);
	*mods = (struct mods){NULL, 0};
}
