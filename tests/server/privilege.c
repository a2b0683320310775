#include "privilege.h"

#include <string.h>

#include "builtin.h"
#include "out.h"
#include "request.h"

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool
is_system(const char *coll)
{
	return strncmp(coll, "system.", 7) == 0;
}

/* The server's own databases need a right of their own. */
static bool
is_own(const char *db)
{
	return strcmp(db, "local") == 0 || strcmp(db, "config") == 0;
}

bool
resource_covers(const struct resource *granted, const struct resource *target)
{
	bool plain = target->where == WHERE_DB ||
	    (target->where == WHERE_EXACT && !is_system(target->coll));

	switch (granted->where) {
	case WHERE_ANY:
		return true;
	case WHERE_CLUSTER:
		return target->where == WHERE_CLUSTER;
	case WHERE_NORMAL:
		return target->where == WHERE_NORMAL ||
		    (plain && !is_own(target->db));
	case WHERE_DB:
		return plain && strcmp(granted->db, target->db) == 0;
	case WHERE_COLL:
		return target->where == WHERE_EXACT &&
		    strcmp(granted->coll, target->coll) == 0;
	default:
		return target->where == WHERE_EXACT &&
		    strcmp(granted->db, target->db) == 0 &&
		    strcmp(granted->coll, target->coll) == 0;
	}
}

static const char *
text_at(const bson_t *doc, const char *name)
{
	bson_iter_t it;

	return bson_iter_init_find(&it, doc, name) && BSON_ITER_HOLDS_UTF8(&it)
	    ? bson_iter_utf8(&it, NULL)
	    : NULL;
}

static bool
flag_at(const bson_t *doc, const char *name)
{
	bson_iter_t it;

	return bson_iter_init_find(&it, doc, name) && bson_iter_as_bool(&it);
}

bool
resource_parse(const bson_t *doc, struct resource *out, bson_error_t *error)
{
	const char *db = text_at(doc, "db"), *coll = text_at(doc, "collection");

	*out = (struct resource){0};
	if (flag_at(doc, "cluster") && !db && !coll)
		return true;
	if (flag_at(doc, "anyResource") && !db && !coll) {
		out->where = WHERE_ANY;
		return true;
	}
	if (!db || !coll)
		return refuse(error, 9,
		    "resource must have db and collection, or cluster, or "
		    "anyResource");
	out->where = *db ? *coll ? WHERE_EXACT : WHERE_DB
	    : *coll      ? WHERE_COLL
			 : WHERE_NORMAL;
	out->db = *db ? db : NULL;
	out->coll = *coll ? coll : NULL;
	return true;
}

static struct privilege *
at(struct privileges *p, const struct resource *where)
{
	struct privilege *one;

	for (size_t i = 0; i < p->n; i++)
		if (p->item[i].where.where == where->where &&
		    same_text(p->item[i].where.db, where->db) &&
		    same_text(p->item[i].where.coll, where->coll))
			return &p->item[i];
	p->item = bson_realloc(p->item, (p->n + 1) * sizeof *p->item);
	one = &p->item[p->n++];
	*one = (struct privilege){
	    {where->where, bson_strdup(where->db), bson_strdup(where->coll)},
	    {0}};
	return one;
}

void
privileges_add(
    struct privileges *p, const struct resource *where, const char *words)
{
	struct privilege *one = at(p, where);

	for (size_t n; *words; words += n) {
		n = strcspn(words, " ");
		if (n > 0)
			textset_take(&one->actions, bson_strndup(words, n));
		n += words[n] == ' ';
	}
}

void
privileges_join(struct privileges *p, const struct privileges *more)
{
	for (size_t i = 0; i < more->n; i++)
		textset_join(&at(p, &more->item[i].where)->actions,
		    &more->item[i].actions);
}

static void
privilege_release(struct privilege *one)
{
	bson_free((char *)one->where.db);
	bson_free((char *)one->where.coll);
	textset_release(&one->actions);
}

void
privileges_cut(struct privileges *p, const struct privileges *less)
{
	size_t kept = 0;

	for (size_t i = 0; i < less->n; i++)
		textset_cut(&at(p, &less->item[i].where)->actions,
		    &less->item[i].actions);
	for (size_t i = 0; i < p->n; i++)
		if (p->item[i].actions.n > 0)
			p->item[kept++] = p->item[i];
		else
			privilege_release(&p->item[i]);
	p->n = kept;
}

static bool
parse_one(
    const bson_t *doc, bool check, struct privileges *p, bson_error_t *error)
{
	struct resource where;
	struct privilege *one;
	bson_t sub, actions;
	bson_iter_t it;

	if (!bson_iter_init_find(&it, doc, "resource") ||
	    !iter_doc(&it, &sub) || !bson_iter_init_find(&it, doc, "actions") ||
	    !iter_doc(&it, &actions))
		return refuse(
		    error, 9, "a privilege has a resource and actions");
	if (!resource_parse(&sub, &where, error))
		return false;
	one = at(p, &where);
	bson_iter_init(&it, &actions);
	while (bson_iter_next(&it)) {
		if (!BSON_ITER_HOLDS_UTF8(&it))
			return refuse(error, 9, "an action is a string");
		if (check && !builtin_action(bson_iter_utf8(&it, NULL)))
			return refuse(error, 9,
			    "Unrecognized action privilege strings: %s",
			    bson_iter_utf8(&it, NULL));
		textset_add(&one->actions, bson_iter_utf8(&it, NULL));
	}
	return one->actions.n > 0 ||
	    refuse(
		error, 9, "actions cannot be empty for a privilege document");
}

bool
privileges_parse(
    const bson_t *array, bool check, struct privileges *p, bson_error_t *error)
{
	bson_iter_t it;
	bson_t doc;

	if (!bson_iter_init(&it, array))
		return refuse(error, 9, "privileges must be an array");
	while (bson_iter_next(&it)) {
		if (!iter_doc(&it, &doc))
			return refuse(error, 9, "a privilege is a document");
		if (!parse_one(&doc, check, p, error))
			return false;
	}
	return true;
}

bool
privileges_allow(const struct privileges *p, const struct resource *target,
    const char *action)
{
	for (size_t i = 0; i < p->n; i++)
		if (resource_covers(&p->item[i].where, target) &&
		    (textset_has(&p->item[i].actions, action) ||
			textset_has(&p->item[i].actions, "anyAction")))
			return true;
	return false;
}

bool
privileges_touch(const struct privileges *p, const char *db)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct resource *r = &p->item[i].where;

		if (r->where == WHERE_ANY || same_text(r->db, db) ||
		    (r->where == WHERE_NORMAL && !is_own(db)))
			return true;
	}
	return false;
}

static void
put_resource(const struct resource *r, struct buf *out)
{
	size_t mark = out_open(out, "resource", BSON_TYPE_DOCUMENT);

	if (r->where == WHERE_CLUSTER) {
		out_bool(out, "cluster", true);
	} else if (r->where == WHERE_ANY) {
		out_bool(out, "anyResource", true);
	} else {
		out_text(out, "db", r->db ? r->db : "");
		out_text(out, "collection", r->coll ? r->coll : "");
	}
	out_close(out, mark);
}

void
privileges_put(const struct privileges *p, struct buf *out, const char *key)
{
	size_t array = out_open(out, key, BSON_TYPE_ARRAY);
	char text[INDEX_TEXT];

	for (size_t i = 0; i < p->n; i++) {
		const struct textset *s = &p->item[i].actions;
		size_t doc = out_open(
		    out, index_text((uint32_t)i, text), BSON_TYPE_DOCUMENT);
		size_t actions;

		put_resource(&p->item[i].where, out);
		actions = out_open(out, "actions", BSON_TYPE_ARRAY);
		for (size_t j = 0; j < s->n; j++)
			out_text(
			    out, index_text((uint32_t)j, text), s->item[j]);
		out_close(out, actions);
		out_close(out, doc);
	}
	out_close(out, array);
}

void
privileges_release(struct privileges *p)
{
	for (size_t i = 0; i < p->n; i++)
		privilege_release(&p->item[i]);
	bson_free(p->item);
	*p = (struct privileges){0};
}
