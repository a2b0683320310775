#include "model/grants_only.h"

#include <string.h>

#include "base/doc.h"

enum { DEPTH = 50 }; /* of roles in roles */

struct only {
	const bson_t *roles;
	bool (*ns)(const void *arg, const char *ns);
	bool (*db_whole)(const void *arg, const char *db);
	const void *arg;
	unsigned n; /* rights met */
};

static bool account(struct only *o, const bson_t *doc, int depth);

/* Of the array `field`, until `each` says false. */
static bool
each_of(struct only *o, const bson_t *doc, const char *field, int depth,
    bool (*each)(struct only *o, const bson_t *item, int depth))
{
	bson_iter_t it;
	bson_t list, item;

	if (!doc_sub(doc, field, &list) || !bson_iter_init(&it, &list))
		return true;
	while (doc_next(&it, &item)) {
		if (!each(o, &item, depth))
			return false;
	}
	return true;
}

static bool
privilege(struct only *o, const bson_t *p, int depth)
{
	const char *db = doc_text(p, "resource.db");
	const char *coll = doc_text(p, "resource.collection");
	char *full;
	bool yes;

	(void)depth;
	o->n++;
	if (!db || !coll || !*db)
		return false;
	if (!*coll)
		return o->db_whole(o->arg, db);
	full = bson_strdup_printf("%s.%s", db, coll);
	yes = o->ns(o->arg, full);
	bson_free(full);
	return yes;
}

/* Its document, where people made it. */
static bool
made(const struct only *o, const char *db, const char *name, bson_t *view)
{
	bson_iter_t it;

	if (!bson_iter_init(&it, o->roles))
		return false;
	while (doc_next(&it, view)) {
		if (strcmp(doc_text_or(view, "db", ""), db) == 0 &&
		    strcmp(doc_text_or(view, "role", ""), name) == 0)
			return true;
	}
	return false;
}

static bool
role(struct only *o, const bson_t *r, int depth)
{
	const char *db = doc_text_or(r, "db", "");
	bson_t doc;

	if (made(o, db, doc_text_or(r, "role", ""), &doc))
		return account(o, &doc, depth + 1);
	o->n++;
	return o->db_whole(o->arg, db);
}

static bool
account(struct only *o, const bson_t *doc, int depth)
{
	return depth < DEPTH && each_of(o, doc, "roles", depth, role) &&
	    each_of(o, doc, "privileges", depth, privilege);
}

bool
grants_only(const bson_t *user_or_role, const bson_t *roles,
    bool (*ns)(const void *arg, const char *ns),
    bool (*db_whole)(const void *arg, const char *db), const void *arg)
{
	struct only o = {roles, ns, db_whole, arg, 0};

	return account(&o, user_or_role, 0) && o.n > 0;
}
