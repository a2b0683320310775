#include "collate.h"

#include <string.h>
#include <unicode/ucol.h>
#include <unicode/ustring.h>

#include "coll.h"
#include "doc.h"
#include "options.h"
#include "request.h"
#include "text.h"

struct collator {
	bson_t *spec;
	UCollator *icu;
	struct collator *next;
};

static struct collator *known;
static const struct collator *current;

static const char *
text_of(const bson_t *spec, const char *name)
{
	bson_iter_t it;

	return bson_iter_init_find(&it, spec, name) && BSON_ITER_HOLDS_UTF8(&it)
	    ? bson_iter_utf8(&it, NULL)
	    : "";
}

static UColAttributeValue
on_off(const bson_t *spec, const char *name)
{
	bson_iter_t it;

	return bson_iter_init_find(&it, spec, name) && bson_iter_as_bool(&it)
	    ? UCOL_ON
	    : UCOL_OFF;
}

static UColAttributeValue
strength(const bson_t *spec)
{
	static const UColAttributeValue values[] = {UCOL_PRIMARY,
	    UCOL_SECONDARY, UCOL_TERTIARY, UCOL_QUATERNARY, UCOL_IDENTICAL};
	bson_iter_t it;
	int64_t n = bson_iter_init_find(&it, spec, "strength")
	    ? bson_iter_as_int64(&it)
	    : 3;

	return values[n < 1 || n > 5 ? 2 : n - 1];
}

static UColAttributeValue
case_first(const bson_t *spec)
{
	const char *text = text_of(spec, "caseFirst");

	if (strcmp(text, "upper") == 0)
		return UCOL_UPPER_FIRST;
	return strcmp(text, "lower") == 0 ? UCOL_LOWER_FIRST : UCOL_OFF;
}

static void
set_up(UCollator *icu, const bson_t *spec, UErrorCode *e)
{
	bool space = strcmp(text_of(spec, "maxVariable"), "space") == 0;
	bool shifted = strcmp(text_of(spec, "alternate"), "shifted") == 0;

	ucol_setAttribute(icu, UCOL_STRENGTH, strength(spec), e);
	ucol_setAttribute(icu, UCOL_CASE_LEVEL, on_off(spec, "caseLevel"), e);
	ucol_setAttribute(icu, UCOL_CASE_FIRST, case_first(spec), e);
	ucol_setAttribute(
	    icu, UCOL_NUMERIC_COLLATION, on_off(spec, "numericOrdering"), e);
	ucol_setAttribute(
	    icu, UCOL_NORMALIZATION_MODE, on_off(spec, "normalization"), e);
	ucol_setAttribute(
	    icu, UCOL_FRENCH_COLLATION, on_off(spec, "backwards"), e);
	ucol_setAttribute(icu, UCOL_ALTERNATE_HANDLING,
	    shifted ? UCOL_SHIFTED : UCOL_NON_IGNORABLE, e);
	ucol_setMaxVariable(icu,
	    space ? UCOL_REORDER_CODE_SPACE : UCOL_REORDER_CODE_PUNCTUATION, e);
}

/* ICU takes any name, and falls back to the root's order. */
static bool
has_locale(const char *name)
{
	size_t len = strcspn(name, "@");

	for (int32_t i = uloc_countAvailable(); i-- > 0;)
		if (strlen(uloc_getAvailable(i)) == len &&
		    memcmp(uloc_getAvailable(i), name, len) == 0)
			return true;
	return false;
}

bool
collate_find(const bson_t *full, const struct collator **c, bson_error_t *error)
{
	UErrorCode e = U_ZERO_ERROR;
	struct collator *new;
	UCollator *icu = NULL;
	char *text;

	*c = NULL;
	if (bson_empty(full))
		return true;
	for (struct collator *k = known; k; k = k->next)
		if (bson_equal(k->spec, full)) {
			*c = k;
			return true;
		}
	if (has_locale(text_of(full, "locale")))
		icu = ucol_open(text_of(full, "locale"), &e);
	if (icu)
		set_up(icu, full, &e);
	if (!icu || U_FAILURE(e)) {
		ucol_close(icu);
		text = text_doc(full);
		error_set(error, MM_EXIT_REFUSED, 2,
		    "Field 'locale' is invalid in: %s", text);
		bson_free(text);
		return false;
	}
	new = bson_malloc(sizeof *new);
	*new = (struct collator){bson_copy(full), icu, known};
	*c = known = new;
	return true;
}

bool
collate_wish(const bson_t *given, const struct coll *coll,
    const struct collator **c, bson_error_t *error)
{
	bson_t full;
	bool ok;

	*c = coll ? coll->collator : NULL;
	if (!given || bson_empty(given))
		return true;
	ok = options_collation(given, &full, error) &&
	    collate_find(&full, c, error);
	bson_destroy(&full);
	return ok;
}

bool
collate_asked(const struct request *r, const struct coll *coll,
    const struct collator **c, bson_error_t *error)
{
	bson_t given;

	return collate_wish(
	    arg_doc(r, "collation", &given) ? &given : NULL, coll, c, error);
}

const struct collator *
collate_of(const bson_t *options)
{
	const struct collator *c = NULL;
	struct value spec;
	bson_t view;

	if (doc_get(options, "collation", &spec) && value_is_doc(&spec)) {
		value_to_bson(&spec, &view);
		collate_find(&view, &c, NULL);
	}
	return c;
}

bool
collate_has_text(const struct value *v)
{
	struct walk w;
	struct elem e;

	if (v->type == BSON_TYPE_UTF8)
		return true;
	if (!value_is_doc(v) || !walk_init(&w, v->data, v->len))
		return false;
	while (walk_next(&w, &e))
		if (collate_has_text(&e.value))
			return true;
	return false;
}

/* The sort key as a string value: length, bytes, and the 0 that ends it. */
static void
put_key(const struct collator *c, const struct value *v, struct buf *b)
{
	size_t start = b->len;
	const char *text = (const char *)v->data + 4;
	int32_t len = (int32_t)v->len - 5, n = 0, need;
	UErrorCode e = U_ZERO_ERROR;
	UChar *wide = bson_malloc(((size_t)len + 1) * sizeof *wide);
	uint32_t size;

	u_strFromUTF8WithSub(wide, len + 1, &n, text, len, 0xfffd, NULL, &e);
	need = ucol_getSortKey(c->icu, wide, n, NULL, 0);
	buf_add(b, "\0\0\0\0", 4);
	buf_reserve(b, (size_t)need);
	ucol_getSortKey(c->icu, wide, n, b->data + b->len, need);
	b->len += (size_t)need;
	size = BSON_UINT32_TO_LE((uint32_t)need);
	memcpy(b->data + start, &size, 4);
	bson_free(wide);
}

static void
put_value(const struct collator *c, const struct value *v, struct buf *b)
{
	struct walk w;
	struct elem e;
	size_t mark;

	if (v->type == BSON_TYPE_UTF8) {
		put_key(c, v, b);
	} else if (value_is_doc(v) && walk_init(&w, v->data, v->len)) {
		mark = doc_open(b);
		while (walk_next(&w, &e)) {
			doc_put_name(b, e.name, e.value.type);
			put_value(c, &e.value, b);
		}
		doc_close(b, mark);
	} else if (v->len > 0) {
		buf_add(b, v->data, v->len);
	}
}

void
collate_key(const struct collator *c, struct value *v, struct buf *room)
{
	if (!c || !collate_has_text(v))
		return;
	buf_clear(room);
	put_value(c, v, room);
	v->data = room->data;
	v->len = (uint32_t)room->len;
}

int
collate_cmp_by(
    const struct collator *c, const struct value *a, const struct value *b)
{
	static struct buf room[2];
	struct value x = *a, y = *b;

	if (!c)
		return value_cmp(a, b);
	collate_key(c, &x, &room[0]);
	collate_key(c, &y, &room[1]);
	return value_cmp(&x, &y);
}

const struct collator *
collate_use(const struct collator *c)
{
	const struct collator *before = current;

	current = c;
	return before;
}

int
collate_cmp(const struct value *a, const struct value *b)
{
	return collate_cmp_by(current, a, b);
}
