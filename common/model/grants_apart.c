/* Rights may have been taken already: what a plan names counts as well as what
 * is found now, and whoever has a role that it names. */
#include <string.h>

#include "base/doc.h"
#include "model/grants.h"
#include "model/grants_right.h"

struct apart {
	struct textset named;   /* of the plans; users with an '@' */
	struct textset visited; /* roles of the user at hand */
	const bson_t *roles;
};

typedef void each_fn(struct apart *a, const bson_t *one);

static void
each_of(struct apart *a, const bson_t *plan, const char *list, each_fn *call)
{
	bson_iter_t it;
	bson_t all, one;

	if (!doc_sub(plan, list, &all) || !bson_iter_init(&it, &all))
		return;
	while (doc_next(&it, &one))
		call(a, &one);
}

static void
add_change(struct apart *a, const bson_t *one)
{
	const char *db = doc_text_or(one, "db", "");
	const char *name = doc_text_or(one, "name", "");

	textset_take(&a->named,
	    strcmp(doc_text_or(one, "kind", ""), "role") == 0
		? right_role(db, name)
		: bson_strdup_printf("@%s.%s", db, name));
}

/* Their names are "db.name" already. */
static void
add_open(struct apart *a, const bson_t *one)
{
	const char *kind = doc_text_or(one, "kind", "user");

	textset_take(&a->named,
	    bson_strdup_printf("%s%s", strcmp(kind, "role") == 0 ? "R " : "@",
		doc_text_or(one, "name", "")));
}

static void
add_plan(struct apart *a, const bson_t *plan)
{
	each_of(a, plan, "changes", add_change);
	each_of(a, plan, "open", add_open);
	each_of(a, plan, "kept", add_open);
}

static bool reaches(struct apart *a, const bson_t *user_or_role);

static bool
role_reaches(struct apart *a, const char *role)
{
	bson_iter_t it;
	bson_t doc;

	if (textset_has(&a->named, role))
		return true;
	if (textset_has(&a->visited, role) || !bson_iter_init(&it, a->roles))
		return false;
	textset_add(&a->visited, role);
	while (doc_next(&it, &doc)) {
		char *text = right_role(
		    doc_text_or(&doc, "db", ""), doc_text_or(&doc, "role", ""));
		bool same = strcmp(text, role) == 0;

		bson_free(text);
		if (same)
			return reaches(a, &doc);
	}
	return false;
}

static bool
reaches(struct apart *a, const bson_t *user_or_role)
{
	struct textset rights = {0};
	bool yes = false;

	rights_read(user_or_role, &rights);
	for (size_t i = 0; i < rights.n && !yes; i++)
		yes =
		    rights.item[i][0] == 'R' && role_reaches(a, rights.item[i]);
	textset_release(&rights);
	return yes;
}

static bool
is_apart(struct apart *a, const bson_t *user)
{
	char *id = bson_strdup_printf("@%s.%s", doc_text_or(user, "db", ""),
	    doc_text_or(user, "user", ""));
	bool named = textset_has(&a->named, id);

	bson_free(id);
	textset_release(&a->visited);
	return !named && !reaches(a, user);
}

void
grants_apart(const bson_t *now, const bson_t *recorded, const bson_t *users,
    const bson_t *roles, void (*each)(void *arg, const bson_t *user), void *arg)
{
	struct apart a = {.roles = roles};
	bson_iter_t it;
	bson_t user;

	add_plan(&a, now);
	add_plan(&a, recorded);
	if (bson_iter_init(&it, users))
		while (doc_next(&it, &user))
			if (is_apart(&a, &user))
				each(arg, &user);
	textset_release(&a.visited);
	textset_release(&a.named);
}
