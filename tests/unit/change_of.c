/* The differ: plain, and as a server does it. Of two documents the longest
 * beginning of the new one that follows the order of the old one is kept (u or
 * s where it differs), the rest of the new one is inserted (i), what is in
 * neither is dropped (d). */
#include <stdio.h>
#include <string.h>

#include "change.h"

static bool
same(const bson_iter_t *a, const bson_iter_t *b)
{
	bson_t x = BSON_INITIALIZER, y = BSON_INITIALIZER;
	bool equal;

	bson_append_iter(&x, "", 0, a);
	bson_append_iter(&y, "", 0, b);
	equal = bson_equal(&x, &y);
	bson_destroy(&x);
	bson_destroy(&y);
	return equal;
}

static bool
both_hold(const bson_iter_t *a, const bson_iter_t *b, bson_type_t type)
{
	return bson_iter_type(a) == type && bson_iter_type(b) == type;
}

static bool
sub(const bson_iter_t *it, bson_t *doc)
{
	const uint8_t *data;
	uint32_t len;

	if (BSON_ITER_HOLDS_ARRAY(it))
		bson_iter_array(it, &len, &data);
	else
		bson_iter_document(it, &len, &data);
	return bson_init_static(doc, data, len);
}

/* ------------------------------------------------- $v:2 */

static bson_t *diff_of(const bson_t *pre, const bson_t *post);
static bson_t *array_diff_of(const bson_t *pre, const bson_t *post);

/* A nested diff where there can be one, else NULL. */
static bson_t *
nested(const bson_iter_t *a, const bson_iter_t *b)
{
	bson_t x, y;

	if (change_random(4) == 0)
		return NULL; /* too little gained */
	if (both_hold(a, b, BSON_TYPE_DOCUMENT) && sub(a, &x) && sub(b, &y))
		return diff_of(&x, &y);
	if (both_hold(a, b, BSON_TYPE_ARRAY) && sub(a, &x) && sub(b, &y))
		return array_diff_of(&x, &y);
	return NULL;
}

static void
put_change(bson_t *u, bson_t *s, const char *key, const bson_iter_t *a,
    const bson_iter_t *b)
{
	bson_t *n = nested(a, b);
	char name[64];

	if (!n) {
		snprintf(name, sizeof name, u == s ? "u%s" : "%s", key);
		bson_append_iter(u, name, -1, b);
		return;
	}
	snprintf(name, sizeof name, "s%s", key);
	BSON_APPEND_DOCUMENT(s, name, n);
	bson_destroy(n);
}

static bson_t *
array_diff_of(const bson_t *pre, const bson_t *post)
{
	bson_t *diff = BCON_NEW("a", BCON_BOOL(true));
	uint32_t n = bson_count_keys(post);
	bson_iter_t a, b;
	bool more = true;

	if (n < bson_count_keys(pre))
		BSON_APPEND_INT32(diff, "l", (int32_t)n);
	bson_iter_init(&a, pre);
	bson_iter_init(&b, post);
	while (bson_iter_next(&b)) {
		char name[16];

		more = more && bson_iter_next(&a);
		if (more && same(&a, &b))
			continue;
		if (more) {
			put_change(diff, diff, bson_iter_key(&b), &a, &b);
		} else {
			snprintf(name, sizeof name, "u%s", bson_iter_key(&b));
			bson_append_iter(diff, name, -1, &b);
		}
	}
	return diff;
}

static void
put_section(bson_t *diff, const char *name, bson_t *section)
{
	if (!bson_empty(section))
		BSON_APPEND_DOCUMENT(diff, name, section);
	bson_destroy(section);
}

static bson_t *
diff_of(const bson_t *pre, const bson_t *post)
{
	bson_t *diff = bson_new(), *d = bson_new(), *u = bson_new();
	bson_t *i = bson_new(), *s = bson_new();
	bson_iter_t a, b, next;
	bool kept = true;

	bson_iter_init(&a, pre);
	bson_iter_init(&b, post);
	while (bson_iter_next(&b)) {
		const char *key = bson_iter_key(&b);

		next = a;
		kept = kept && bson_iter_find(&next, key);
		if (!kept) {
			bson_append_iter(i, key, -1, &b);
			continue;
		}
		a = next;
		if (!same(&a, &b))
			put_change(u, s, key, &a, &b);
	}
	bson_iter_init(&a, pre);
	while (bson_iter_next(&a))
		if (!bson_has_field(post, bson_iter_key(&a)))
			BSON_APPEND_BOOL(d, bson_iter_key(&a), false);
	put_section(diff, "d", d);
	put_section(diff, "u", u);
	put_section(diff, "i", i);
	bson_concat(diff, s);
	bson_destroy(s);
	return diff;
}

/* ------------------------------------------------- $v:1 */

struct modifiers {
	bson_t *set, *unset;
	bool possible;
};

static void modify(struct modifiers *m, const bson_t *pre, const bson_t *post,
    const char *prefix, bool array);

static void
modify_value(struct modifiers *m, const bson_iter_t *a, const bson_iter_t *b,
    const char *path)
{
	bson_t x, y;

	if (both_hold(a, b, BSON_TYPE_DOCUMENT) && change_random(4) &&
	    sub(a, &x) && sub(b, &y))
		modify(m, &x, &y, path, false);
	else if (both_hold(a, b, BSON_TYPE_ARRAY) && change_random(4) &&
	    sub(a, &x) && sub(b, &y) &&
	    bson_count_keys(&x) <= bson_count_keys(&y))
		modify(m, &x, &y, path, true);
	else
		bson_append_iter(m->set, path, -1, b);
}

/* Possible only where new fields stand in bytewise order at the end. */
static void
modify(struct modifiers *m, const bson_t *pre, const bson_t *post,
    const char *prefix, bool array)
{
	const char *last_new = NULL;
	bson_iter_t a, b, next;
	char path[200];

	bson_iter_init(&a, pre);
	bson_iter_init(&b, post);
	while (bson_iter_next(&b)) {
		const char *key = bson_iter_key(&b);

		snprintf(path, sizeof path, "%s%s%s", prefix,
		    *prefix ? "." : "", key);
		next = a;
		if (!last_new && bson_iter_find(&next, key)) {
			a = next;
			if (!same(&a, &b))
				modify_value(m, &a, &b, path);
			continue;
		}
		if (bson_has_field(pre, key) ||
		    (!array && last_new && strcmp(last_new, key) > 0))
			m->possible = false;
		last_new = key;
		bson_append_iter(m->set, path, -1, &b);
	}
	bson_iter_init(&a, pre);
	while (bson_iter_next(&a)) {
		snprintf(path, sizeof path, "%s%s%s", prefix,
		    *prefix ? "." : "", bson_iter_key(&a));
		if (!bson_has_field(post, bson_iter_key(&a)))
			BSON_APPEND_BOOL(m->unset, path, true);
	}
}

static bson_t *
modifiers_of(const bson_t *pre, const bson_t *post)
{
	struct modifiers m = {bson_new(), bson_new(), true};
	bson_t *o = NULL;

	modify(&m, pre, post, "", false);
	if (m.possible && !(bson_empty(m.set) && bson_empty(m.unset))) {
		o = BCON_NEW("$v", BCON_INT32(1));
		if (!bson_empty(m.unset))
			BSON_APPEND_DOCUMENT(o, "$unset", m.unset);
		if (!bson_empty(m.set))
			BSON_APPEND_DOCUMENT(o, "$set", m.set);
	}
	bson_destroy(m.set);
	bson_destroy(m.unset);
	return o;
}

bson_t *
change_of(const bson_t *pre, const bson_t *post, enum change_form form)
{
	bson_t *diff, *o;

	if (bson_equal(pre, post) || change_random(10) == 0)
		return bson_copy(post);
	if (form == CHANGE_MODIFIERS) {
		o = modifiers_of(pre, post);
		return o ? o : bson_copy(post);
	}
	diff = diff_of(pre, post);
	o = BCON_NEW("$v", BCON_INT32(2), "diff", BCON_DOCUMENT(diff));
	bson_destroy(diff);
	return o;
}
