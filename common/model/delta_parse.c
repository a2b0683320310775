/* The grammar of diffs, by position: any deviation is an error. */
#include "model/delta_parse.h"

#include <stdio.h>

#include "base/hash.h"
#include "base/le.h"

static void
place_text(const struct place *p, char *text, size_t size)
{
	size_t used;

	if (p->up)
		place_text(p->up, text, size);
	used = strlen(text);
	snprintf(text + used, size - used, "%s%s%s%.80s", p->up ? "." : "",
	    p->section, p->name ? "." : "", p->name ? p->name : "");
}

static bool
malformed(const struct delta_work *w, const struct place *up,
    const char *section, const char *name, const char *why)
{
	struct place here = {up, section, name, 0};
	char text[400] = "";

	place_text(&here, text, sizeof text);
	return error_set(w->error, MM_EXIT_REFUSED, 0,
	    "malformed diff at %s: %s", text, why);
}

/* ------------------------------------------------- one level, parsed */

void
diff_fields_init(struct fields *f)
{
	f->item = f->few;
	f->n = 0;
	f->room = FEW;
	f->slot = NULL;
}

void
diff_fields_release(struct fields *f)
{
	if (f->item != f->few)
		bson_free(f->item);
	bson_free(f->slot);
}

static uint32_t *
slot_of(const struct fields *f, const char *name, uint32_t len)
{
	uint32_t at = (uint32_t)hash_xxh64(name, len, 0) & f->mask;

	for (; f->slot[at]; at = (at + 1) & f->mask) {
		const struct field *x = &f->item[f->slot[at] - 1];

		if (x->name_len == len && memcmp(x->name, name, len) == 0)
			break;
	}
	return &f->slot[at];
}

struct field *
diff_fields_find(const struct fields *f, const char *name, uint32_t len)
{
	if (f->slot) {
		uint32_t i = *slot_of(f, name, len);

		return i ? &f->item[i - 1] : NULL;
	}
	for (uint32_t i = 0; i < f->n; i++)
		if (f->item[i].name_len == len &&
		    memcmp(f->item[i].name, name, len) == 0)
			return &f->item[i];
	return NULL;
}

static void
fields_grow(struct fields *f)
{
	bool first = f->item == f->few;

	f->room *= 4;
	f->item =
	    bson_realloc(first ? NULL : f->item, f->room * sizeof *f->item);
	if (first)
		memcpy(f->item, f->few, sizeof f->few);
	bson_free(f->slot);
	for (f->mask = 1; f->mask < 2 * f->room; f->mask *= 2)
		;
	f->slot = bson_malloc0(f->mask * sizeof *f->slot);
	f->mask--;
	for (uint32_t i = 0; i < f->n; i++)
		*slot_of(f, f->item[i].name, f->item[i].name_len) = i + 1;
}

/* False: the name is there already. */
static bool
fields_add(struct fields *f, char kind, const struct elem *e, uint32_t skip)
{
	const char *name = e->name + skip;
	uint32_t len = e->name_len - skip;

	if (diff_fields_find(f, name, len))
		return false;
	if (f->n == f->room)
		fields_grow(f);
	f->item[f->n++] = (struct field){name, len, false, kind, *e};
	if (f->slot)
		*slot_of(f, name, len) = f->n;
	return true;
}

/* What is wrong with one member of a section, or NULL. */
static const char *
bad_member(char kind, const struct value *v)
{
	struct walk w;
	struct elem o, d, more;

	if (kind == 'd')
		return v->type == BSON_TYPE_BOOL && *v->data == 0 ? NULL
								  : "not false";
	if (kind != 'b')
		return NULL;
	if (v->type != BSON_TYPE_DOCUMENT || !walk_init(&w, v->data, v->len) ||
	    !walk_next(&w, &o) || !walk_next(&w, &d) || walk_next(&w, &more) ||
	    strcmp(o.name, "o") != 0 || strcmp(d.name, "d") != 0)
		return "not {o, d}";
	if (o.value.type != BSON_TYPE_INT32 || o.value.data[3] > 0x7f)
		return "o is no int32 of 0 or more";
	return d.value.type == BSON_TYPE_BINARY ? NULL : "d is no binary";
}

static bool
parse_section(struct delta_work *w, const struct place *at,
    const struct elem *section, struct fields *f)
{
	struct walk walk;
	struct elem e;
	const char *why;

	if (section->value.type != BSON_TYPE_DOCUMENT)
		return malformed(w, at, section->name, NULL, "no document");
	walk_init(&walk, section->value.data, section->value.len);
	while (walk_next(&walk, &e)) {
		why = bad_member(*section->name, &e.value);
		if (!why && !fields_add(f, *section->name, &e, 0))
			why = "duplicate field";
		if (why)
			return malformed(w, at, section->name, e.name, why);
	}
	return true;
}

bool
diff_parse_level(struct delta_work *w, const struct place *at,
    const struct value *diff, struct fields *f)
{
	static const char order[] = "duibs";
	const char *next = order, *where;
	struct walk walk;
	struct elem e;

	if (at->depth > DELTA_DEPTH_MAX)
		return error_set(w->error, MM_EXIT_REFUSED, 0,
		    "malformed diff: nested deeper than %d", DELTA_DEPTH_MAX);
	if (diff->len == 5)
		return malformed(w, at->up, at->section, NULL, "empty diff");
	walk_init(&walk, diff->data, diff->len);
	while (walk_next(&walk, &e)) {
		where = e.name_len > 0 ? strchr(order, *e.name) : NULL;
		if (!where || (*where != 's' && e.name_len != 1))
			return malformed(
			    w, at, e.name, NULL, "unknown section");
		if (where < next)
			return malformed(w, at, e.name, NULL,
			    "sections out of order, or twice");
		next = *where == 's' ? where : where + 1;
		if (*where != 's') {
			if (!parse_section(w, at, &e, f))
				return false;
		} else if (e.value.type != BSON_TYPE_DOCUMENT) {
			return malformed(w, at, e.name, NULL, "no document");
		} else if (!fields_add(f, 's', &e, 1)) {
			return malformed(
			    w, at, e.name, NULL, "duplicate field");
		}
	}
	return true;
}

/* ------------------------------------------------- arrays, parsed */

bool
diff_array_begin(struct delta_work *w, const struct place *at,
    const struct value *diff, struct array_diff *a)
{
	struct walk ahead;
	struct elem e;

	if (at->depth > DELTA_DEPTH_MAX)
		return error_set(w->error, MM_EXIT_REFUSED, 0,
		    "malformed diff: nested deeper than %d", DELTA_DEPTH_MAX);
	*a = (struct array_diff){.last = -1};
	walk_init(&a->walk, diff->data, diff->len);
	walk_next(&a->walk, &e);
	if (e.value.type != BSON_TYPE_BOOL || *e.value.data != 1)
		return malformed(w, at, "a", NULL, "not true");
	ahead = a->walk;
	if (!walk_next(&ahead, &e) || strcmp(e.name, "l") != 0)
		return true;
	if (e.value.type != BSON_TYPE_INT32 || e.value.data[3] > 0x7f)
		return malformed(w, at, "l", NULL, "no int32 of 0 or more");
	a->len = le32(e.value.data);
	a->has_len = true;
	a->walk = ahead;
	return true;
}

bool
diff_array_next(struct delta_work *w, const struct place *at,
    struct array_diff *a, struct elem *e, int64_t *index)
{
	const char *digit;

	*index = -1;
	if (!walk_next(&a->walk, e))
		return true;
	if (*e->name != 'u' && *e->name != 's')
		return malformed(w, at, e->name, NULL, "unknown section");
	digit = e->name + 1;
	if (e->name_len < 2 || e->name_len > 11 ||
	    (*digit == '0' && e->name_len > 2))
		return malformed(w, at, e->name, NULL, "no array index");
	for (*index = 0; *digit; digit++) {
		if (*digit < '0' || *digit > '9')
			return malformed(
			    w, at, e->name, NULL, "no array index");
		*index = *index * 10 + (*digit - '0');
	}
	if (*index >= INT32_MAX)
		return malformed(w, at, e->name, NULL, "no array index");
	if (*index <= a->last)
		return malformed(w, at, e->name, NULL, "indexes do not ascend");
	if (*e->name == 's' && e->value.type != BSON_TYPE_DOCUMENT)
		return malformed(w, at, e->name, NULL, "no document");
	a->last = *index;
	return true;
}

bool
diff_is_array(const struct value *diff)
{
	/* length, type, name: the first name is "a" */
	return diff->len > 7 && diff->data[5] == 'a' && diff->data[6] == 0;
}
