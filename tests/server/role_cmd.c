/* mongosim: createRole, updateRole, dropRole and what changes a role's
 * privileges and roles. */
#include <string.h>

#include "account_store.h"
#include "auth.h"
#include "builtin.h"
#include "commands.h"

/* What a command says about a role. */
struct wish {
	const char *name;
	bool has_roles, has_privileges;
	struct role_names roles;
	struct privileges privileges;
};

static void
wish_release(struct wish *w)
{
	role_names_release(&w->roles);
	privileges_release(&w->privileges);
}

static bool
wish_read(const struct request *r, struct wish *w, bson_error_t *error)
{
	bson_t array;

	*w = (struct wish){.name = arg_text(r, r->name)};
	if (!w->name || !*w->name)
		return refuse(error, 2, "%s needs the name of a role", r->name);
	if (builtin_role(r->db, w->name))
		return refuse(error, 49,
		    "%s@%s is a built-in role and cannot be modified", w->name,
		    r->db);
	w->has_roles = arg_doc(r, "roles", &array);
	if (w->has_roles &&
	    !role_names_parse(&array, r->db, true, &w->roles, error))
		return false;
	w->has_privileges = arg_doc(r, "privileges", &array);
	return !w->has_privileges ||
	    privileges_parse(&array, true, &w->privileges, error);
}

static bool
missing_role(const struct request *r, const char *name, bson_error_t *error)
{
	return refuse(error, 31, "Role %s@%s not found", name, r->db);
}

static bool
required(
    const struct request *r, bool there, const char *field, bson_error_t *error)
{
	return there ||
	    refuse(error, 40414,
		"BSON field '%s.%s' is missing but a required field", r->name,
		field);
}

/* A role of a database says nothing about another, nor may it hold itself. */
static bool
fits(const struct request *r, const struct wish *w, bson_error_t *error)
{
	bool admin = strcmp(r->db, "admin") == 0;
	struct role_names all = {0};
	bool circle;

	for (size_t i = 0; !admin && i < w->roles.n; i++)
		if (strcmp(w->roles.item[i].db, r->db) != 0)
			return refuse(error, 49,
			    "Roles on the '%s' database cannot be granted "
			    "roles from other databases",
			    r->db);
	for (size_t i = 0; !admin && i < w->privileges.n; i++) {
		const char *db = w->privileges.item[i].where.db;

		if (!db || strcmp(db, r->db) != 0)
			return refuse(error, 49,
			    "Roles on the '%s' database cannot be granted "
			    "privileges that target other databases or the "
			    "cluster",
			    r->db);
	}
	for (size_t i = 0; i < w->roles.n; i++)
		role_names_add(
		    &all, w->roles.item[i].db, w->roles.item[i].role);
	role_names_follow(&all);
	circle = role_names_has(&all, r->db, w->name);
	role_names_release(&all);
	return !circle ||
	    refuse(error, 49, "Granting roles to %s@%s would introduce a cycle",
		w->name, r->db);
}

static bool
may_give(const struct request *r, const struct wish *w, const char *action)
{
	return store_may_roles(r, &w->roles, action) &&
	    store_may_privileges(r, &w->privileges, action);
}

static bool
create(struct request *r, const struct wish *w, bson_error_t *error)
{
	struct buf doc = BUF_INIT;
	size_t mark;
	bson_t there;
	char *id;
	bool ok;

	if (!required(r, w->has_privileges, "privileges", error) ||
	    !required(r, w->has_roles, "roles", error))
		return false;
	if (!auth_may(r, r->db, NULL, "createRole") ||
	    !may_give(r, w, "grantRole"))
		return auth_refuse(r, error);
	if (role_doc(r->db, w->name, &there))
		return refuse(error, 51002, "Role \"%s@%s\" already exists",
		    w->name, r->db);
	if (!fits(r, w, error))
		return false;
	id = bson_strdup_printf("%s.%s", r->db, w->name);
	mark = out_open(&doc, NULL, BSON_TYPE_DOCUMENT);
	out_text(&doc, "_id", id);
	out_text(&doc, "role", w->name);
	out_text(&doc, "db", r->db);
	privileges_put(&w->privileges, &doc, "privileges");
	role_names_put(&w->roles, &doc, "roles");
	out_close(&doc, mark);
	ok = store_add(r, KIND_ROLE, &doc, error);
	buf_release(&doc);
	bson_free(id);
	return ok;
}

static bool
update(struct request *r, const struct wish *w, bson_error_t *error)
{
	static const struct resource everything = {.where = WHERE_NORMAL};
	struct buf set = BUF_INIT;
	bson_t there;
	bool ok;

	if (!w->has_roles && !w->has_privileges)
		return refuse(error, 2,
		    "Must specify at least one field to update in updateRole");
	/* Nobody knows what goes with it. */
	if (sim.set.user &&
	    (!user_may(r->conn->user, &everything, "revokeRole") ||
		!may_give(r, w, "grantRole")))
		return auth_refuse(r, error);
	if (!role_doc(r->db, w->name, &there))
		return missing_role(r, w->name, error);
	if (!fits(r, w, error))
		return false;
	if (w->has_privileges)
		privileges_put(&w->privileges, &set, "privileges");
	if (w->has_roles)
		role_names_put(&w->roles, &set, "roles");
	ok = store_set(r, KIND_ROLE, r->db, w->name, &set, error);
	buf_release(&set);
	return ok;
}

static bool
drop(struct request *r, const struct wish *w, bson_error_t *error)
{
	bson_t there;

	if (!auth_may(r, r->db, NULL, "dropRole"))
		return auth_refuse(r, error);
	if (!role_doc(r->db, w->name, &there))
		return missing_role(r, w->name, error);
	return store_forget_role(r, r->db, w->name, error) &&
	    store_remove(r, KIND_ROLE, r->db, w->name);
}

/* What is there, with the wish added or taken away. */
static void
merge(const bson_t *doc, const struct wish *w, bool grant, struct buf *set)
{
	struct role_names roles = {0};
	struct privileges privileges = {0};
	bson_error_t error;
	bson_iter_t it;
	bson_t array;

	role_names_of(doc, &roles);
	if (bson_iter_init_find(&it, doc, "privileges") &&
	    iter_doc(&it, &array))
		privileges_parse(&array, false, &privileges, &error);
	for (size_t i = 0; grant && i < w->roles.n; i++)
		role_names_add(
		    &roles, w->roles.item[i].db, w->roles.item[i].role);
	if (grant) {
		privileges_join(&privileges, &w->privileges);
	} else {
		role_names_cut(&roles, &w->roles);
		privileges_cut(&privileges, &w->privileges);
	}
	if (w->has_privileges)
		privileges_put(&privileges, set, "privileges");
	if (w->has_roles)
		role_names_put(&roles, set, "roles");
	role_names_release(&roles);
	privileges_release(&privileges);
}

static bool
change(struct request *r, const struct wish *w, bool grant, bson_error_t *error)
{
	struct buf set = BUF_INIT;
	bson_t doc;
	bool ok;

	if (!may_give(r, w, grant ? "grantRole" : "revokeRole"))
		return auth_refuse(r, error);
	if (!role_doc(r->db, w->name, &doc))
		return missing_role(r, w->name, error);
	if (grant && !fits(r, w, error))
		return false;
	merge(&doc, w, grant, &set);
	ok = store_set(r, KIND_ROLE, r->db, w->name, &set, error);
	buf_release(&set);
	return ok;
}

static bool
give(struct request *r, const struct wish *w, bson_error_t *error)
{
	return required(r, w->has_roles || w->has_privileges,
		   strstr(r->name, "Roles") ? "roles" : "privileges", error) &&
	    change(r, w, true, error);
}

static bool
take(struct request *r, const struct wish *w, bson_error_t *error)
{
	return required(r, w->has_roles || w->has_privileges,
		   strstr(r->name, "Roles") ? "roles" : "privileges", error) &&
	    change(r, w, false, error);
}

static bool
with_wish(struct request *r,
    bool (*run)(struct request *r, const struct wish *w, bson_error_t *error),
    bson_error_t *error)
{
	struct wish w;
	bool ok = wish_read(r, &w, error) && run(r, &w, error);

	wish_release(&w);
	return ok;
}

bool
cmd_create_role(struct request *r, bson_error_t *error)
{
	return with_wish(r, create, error);
}

bool
cmd_update_role(struct request *r, bson_error_t *error)
{
	return with_wish(r, update, error);
}

bool
cmd_drop_role(struct request *r, bson_error_t *error)
{
	return with_wish(r, drop, error);
}

bool
cmd_grant_to_role(struct request *r, bson_error_t *error)
{
	return with_wish(r, give, error);
}

bool
cmd_revoke_from_role(struct request *r, bson_error_t *error)
{
	return with_wish(r, take, error);
}
