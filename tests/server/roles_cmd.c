/* mongosim: the commands about roles. */
#include <string.h>

#include "accounts.h"

static bool
find_role(
    struct request *r, const char **name, bson_t *role, bson_error_t *error)
{
	bson_t doc;

	*name = arg_text(r, r->name);
	if (!*name || !**name)
		return refuse(error, 2, "Role name must be non-empty");
	if (roles_builtin(r->db, *name, NULL))
		return refuse(error, 145,
		    "%s@%s is a built-in role and cannot be modified", *name,
		    r->db);
	if (!account_find(ROLES, r->db, *name, &doc))
		return refuse(error, 31, "Role %s@%s not found", *name, r->db);
	bson_copy_to(&doc, role);
	return true;
}

static bool
save(const char *db, const char *name, const bson_t *privileges,
    const bson_t *roles, bson_error_t *error)
{
	char *id = bson_strdup_printf("%s.%s", db, name);
	bson_t *doc = BCON_NEW("_id", BCON_UTF8(id), "role", BCON_UTF8(name),
	    "db", BCON_UTF8(db), "privileges", BCON_ARRAY(privileges), "roles",
	    BCON_ARRAY(roles));
	bool ok = account_save(ROLES, doc, error);

	bson_destroy(doc);
	bson_free(id);
	return ok;
}

static bool
field_of(const bson_t *doc, const char *name, bson_t *out)
{
	bson_iter_t it;

	return bson_iter_init_find(&it, doc, name) && iter_doc(&it, out);
}

bool
cmd_create_role(struct request *r, bson_error_t *error)
{
	const char *name = arg_text(r, "createRole");
	bson_t privileges, given, roles;
	bool ok;

	if (!name || !*name)
		return refuse(error, 2, "Role name must be non-empty");
	if (roles_known(r->db, name))
		return refuse(
		    error, 51002, "Role \"%s@%s\" already exists", name, r->db);
	if (!arg_doc(r, "privileges", &privileges) ||
	    !arg_doc(r, "roles", &given))
		return refuse(error, 40414,
		    "BSON field 'createRole.privileges' is missing but a "
		    "required field");
	ok = account_roles(r->db, &given, &roles, error) &&
	    save(r->db, name, &privileges, &roles, error);
	bson_destroy(&roles);
	return ok;
}

bool
cmd_update_role(struct request *r, bson_error_t *error)
{
	bson_t role, privileges = BSON_INITIALIZER, roles = BSON_INITIALIZER;
	bson_t given, made;
	const char *name;
	bool ok = true, new_roles = arg_doc(r, "roles", &given);

	if (!find_role(r, &name, &role, error))
		return false;
	if (!arg_doc(r, "privileges", &privileges))
		field_of(&role, "privileges", &privileges);
	if (new_roles)
		ok = account_roles(r->db, &given, &made, error);
	else
		field_of(&role, "roles", &roles);
	ok = ok &&
	    save(r->db, name, &privileges, new_roles ? &made : &roles, error);
	if (new_roles)
		bson_destroy(&made);
	bson_destroy(&role);
	return ok;
}

struct losing {
	const char *coll;
	bson_t gone, todo;
};

/* Who has the role: noted, for what is walked over must not change. */
static void
note_holder(void *ctx, const bson_t *doc)
{
	struct losing *l = ctx;
	bson_t roles, left;
	char text[INDEX_TEXT];

	if (!field_of(doc, "roles", &roles))
		return;
	account_merge(&roles, &l->gone, true, &left);
	if (bson_count_keys(&left) != bson_count_keys(&roles)) {
		bson_t copy = BSON_INITIALIZER;

		bson_copy_to_excluding_noinit(
		    doc, &copy, "roles", (char *)NULL);
		BSON_APPEND_ARRAY(&copy, "roles", &left);
		BSON_APPEND_DOCUMENT(&l->todo,
		    index_text(bson_count_keys(&l->todo), text), &copy);
		bson_destroy(&copy);
	}
	bson_destroy(&left);
}

static void
take_from_all(const char *coll, const char *db, const char *name)
{
	struct losing l = {.coll = coll};
	bson_t *ref = BCON_NEW("role", BCON_UTF8(name), "db", BCON_UTF8(db));
	bson_iter_t it;
	bson_t doc;

	bson_init(&l.gone);
	bson_init(&l.todo);
	BSON_APPEND_DOCUMENT(&l.gone, "0", ref);
	account_each(coll, NULL, note_holder, &l);
	bson_iter_init(&it, &l.todo);
	while (bson_iter_next(&it))
		if (iter_doc(&it, &doc))
			account_save(coll, &doc, NULL);
	bson_destroy(ref);
	bson_destroy(&l.gone);
	bson_destroy(&l.todo);
}

bool
cmd_drop_role(struct request *r, bson_error_t *error)
{
	const char *name;
	bson_t role;

	if (!find_role(r, &name, &role, error))
		return false;
	bson_destroy(&role);
	take_from_all(USERS, r->db, name);
	take_from_all(ROLES, r->db, name);
	return account_remove(ROLES, r->db, name);
}

static bool
change_roles(struct request *r, bool without, bson_error_t *error)
{
	bson_t role, given, more, have = BSON_INITIALIZER, roles;
	bson_t privileges = BSON_INITIALIZER;
	const char *name;
	bool ok;

	if (!arg_doc(r, "roles", &given))
		return refuse(error, 40414,
		    "BSON field '%s.roles' is missing but a required field",
		    r->name);
	if (!find_role(r, &name, &role, error))
		return false;
	ok = account_roles(r->db, &given, &more, error);
	if (ok) {
		field_of(&role, "roles", &have);
		field_of(&role, "privileges", &privileges);
		account_merge(&have, &more, without, &roles);
		ok = save(r->db, name, &privileges, &roles, error);
		bson_destroy(&roles);
	}
	bson_destroy(&more);
	bson_destroy(&role);
	return ok;
}

bool
cmd_grant_roles_to_role(struct request *r, bson_error_t *error)
{
	return change_roles(r, false, error);
}

bool
cmd_revoke_roles_from_role(struct request *r, bson_error_t *error)
{
	return change_roles(r, true, error);
}

static bool
has_text(const bson_t *list, const char *text)
{
	bson_iter_t it;

	bson_iter_init(&it, list);
	while (bson_iter_next(&it))
		if (BSON_ITER_HOLDS_UTF8(&it) &&
		    strcmp(bson_iter_utf8(&it, NULL), text) == 0)
			return true;
	return false;
}

/* The actions of `have`, and those of `more` behind them, or without them. */
static void
merge_actions(const bson_t *have, const bson_t *more, bool without, bson_t *out)
{
	const bson_t *list[2] = {have, without ? NULL : more};
	char text[INDEX_TEXT];
	bson_iter_t it;

	bson_init(out);
	for (size_t i = 0; i < 2 && list[i]; i++) {
		bson_iter_init(&it, list[i]);
		while (bson_iter_next(&it)) {
			const char *action = bson_iter_utf8(&it, NULL);

			if (!action || has_text(out, action) ||
			    (without && has_text(more, action)))
				continue;
			BSON_APPEND_UTF8(out,
			    index_text(bson_count_keys(out), text), action);
		}
	}
}

/* One privilege into the list: that of the same resource changes. */
static void
merge_privilege(bson_t *list, const bson_t *privilege, bool without)
{
	bson_t resource = BSON_INITIALIZER, more = BSON_INITIALIZER, out;
	bson_t one, of, have = BSON_INITIALIZER, none = BSON_INITIALIZER;
	char text[INDEX_TEXT];
	bool found = false;
	bson_iter_t it;

	bson_init(&out);
	field_of(privilege, "resource", &resource);
	field_of(privilege, "actions", &more);
	bson_iter_init(&it, list);
	for (bool next = bson_iter_next(&it); next || !(found || without);
	     next = next && bson_iter_next(&it)) {
		bson_t actions, *made;
		bool same = !next;

		if (next &&
		    (!iter_doc(&it, &one) || !field_of(&one, "resource", &of) ||
			!field_of(&one, "actions", &have)))
			continue;
		same = same || bson_equal(&of, &resource);
		found = found || same;
		merge_actions(next ? &have : &none, same ? &more : &none,
		    same && without, &actions);
		made =
		    BCON_NEW("resource", BCON_DOCUMENT(same ? &resource : &of),
			"actions", BCON_ARRAY(&actions));
		if (!bson_empty(&actions))
			BSON_APPEND_DOCUMENT(&out,
			    index_text(bson_count_keys(&out), text), made);
		bson_destroy(made);
		bson_destroy(&actions);
	}
	bson_destroy(list);
	bson_steal(list, &out);
}

static bool
change_privileges(struct request *r, bool without, bson_error_t *error)
{
	bson_t role, given, have = BSON_INITIALIZER, roles = BSON_INITIALIZER;
	bson_t list, one;
	const char *name;
	bson_iter_t it;
	bool ok;

	if (!arg_doc(r, "privileges", &given))
		return refuse(error, 40414,
		    "BSON field '%s.privileges' is missing but a required "
		    "field",
		    r->name);
	if (!find_role(r, &name, &role, error))
		return false;
	field_of(&role, "privileges", &have);
	field_of(&role, "roles", &roles);
	bson_copy_to(&have, &list);
	bson_iter_init(&it, &given);
	while (bson_iter_next(&it))
		if (iter_doc(&it, &one))
			merge_privilege(&list, &one, without);
	ok = save(r->db, name, &list, &roles, error);
	bson_destroy(&list);
	bson_destroy(&role);
	return ok;
}

bool
cmd_grant_privileges(struct request *r, bson_error_t *error)
{
	return change_privileges(r, false, error);
}

bool
cmd_revoke_privileges(struct request *r, bson_error_t *error)
{
	return change_privileges(r, true, error);
}

bool
cmd_invalidate_users(struct request *r, bson_error_t *error)
{
	(void)r, (void)error;
	return true;
}
