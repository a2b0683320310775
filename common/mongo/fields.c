#include "mongo/fields.h"

#include <string.h>

#include "base/buf.h"
#include "base/doc.h"
#include "model/value.h"

static bool
find(const bson_t *doc, const char *name, struct elem *e)
{
	return walk_find(bson_get_data(doc), doc->len, name, e);
}

static bool
differs(
    const bson_t *a, const bson_t *b, const char *name, enum field_rule rule)
{
	struct elem x, y;
	bool has_x, has_y;

	if (rule == FIELD_SKIP)
		return false;
	if (rule == FIELD_TRUTH)
		return doc_bool(a, name) != doc_bool(b, name);
	has_x = find(a, name, &x);
	has_y = find(b, name, &y);
	return has_x != has_y || (has_x && value_cmp(&x.value, &y.value) != 0);
}

static void
note(struct buf *names, const char *name)
{
	if (names->len)
		buf_add_text(names, ", ");
	buf_add_text(names, name);
}

bool
fields_same(const bson_t *a, const bson_t *b, field_rule_fn *rule, char **what)
{
	struct buf names = BUF_INIT;
	struct walk w;
	struct elem e, twin;
	bool same;

	if (walk_init(&w, bson_get_data(a), a->len))
		while (walk_next(&w, &e))
			if (differs(a, b, e.name, rule(e.name)))
				note(&names, e.name);
	if (walk_init(&w, bson_get_data(b), b->len))
		while (walk_next(&w, &e))
			if (!find(a, e.name, &twin) &&
			    differs(a, b, e.name, rule(e.name)))
				note(&names, e.name);
	same = names.len == 0;
	if (what)
		*what = same ? NULL : buf_take_text(&names);
	buf_release(&names);
	return same;
}
