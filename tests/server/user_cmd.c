/* mongosim: createUser, updateUser, dropUser and what changes a user's
 * roles. */
#include <string.h>

#include "account_store.h"
#include "auth.h"
#include "commands.h"
#include "doc.h"

static bool
missing(const struct request *r, const char *name, bson_error_t *error)
{
	return refuse(error, 11, "User '%s@%s' not found", name, r->db);
}

/* The name that the command is about, as its first field has it. */
static const char *
subject(const struct request *r, bson_error_t *error)
{
	const char *name = arg_text(r, r->name);

	if (name && *name)
		return name;
	refuse(error, 2, "%s needs the name of a user", r->name);
	return NULL;
}

static bool
read_roles(const struct request *r, bool must, struct role_names *names,
    bson_error_t *error)
{
	bson_t roles;

	if (!arg_doc(r, "roles", &roles))
		return !must ||
		    refuse(error, 40414,
			"BSON field '%s.roles' is missing but a required field",
			r->name);
	return role_names_parse(&roles, r->db, true, names, error);
}

static bool
check_password(const struct request *r, bool must, bson_error_t *error)
{
	bson_iter_t it, each;

	if (arg_find(r, "digestPassword", &it) && !bson_iter_as_bool(&it))
		return refuse(error, 2,
		    "Use of SCRAM-SHA-256 requires undigested passwords");
	if (must && !arg_text(r, "pwd"))
		return refuse(error, 2,
		    "Must provide a 'pwd' field for all user documents, except "
		    "those with '$external' as the user's source db");
	if (!arg_find(r, "mechanisms", &it) || !BSON_ITER_HOLDS_ARRAY(&it))
		return true;
	bson_iter_recurse(&it, &each);
	while (bson_iter_next(&each))
		if (BSON_ITER_HOLDS_UTF8(&each) &&
		    strcmp(bson_iter_utf8(&each, NULL), "SCRAM-SHA-256") == 0)
			return true;
	return refuse(error, 238, "mongosim knows SCRAM-SHA-256 alone");
}

static void
put_value(struct buf *out, const struct request *r, const char *name)
{
	struct value v;

	if (doc_get(&r->body, name, &v))
		out_value(out, name, &v);
}

static void
make_user(const struct request *r, const char *name,
    const struct role_names *roles, struct buf *doc)
{
	char *id = bson_strdup_printf("%s.%s", r->db, name);
	size_t mark = out_open(doc, NULL, BSON_TYPE_DOCUMENT);
	uint8_t uuid[16];

	uuid_make(uuid);
	out_text(doc, "_id", id);
	out_bin(doc, "userId", BSON_SUBTYPE_UUID, uuid, sizeof uuid);
	out_text(doc, "user", name);
	out_text(doc, "db", r->db);
	auth_put_credentials(doc, arg_text(r, "pwd"));
	put_value(doc, r, "customData");
	role_names_put(roles, doc, "roles");
	out_close(doc, mark);
	bson_free(id);
}

bool
cmd_create_user(struct request *r, bson_error_t *error)
{
	const char *name = subject(r, error);
	struct role_names roles = {0};
	struct buf doc = BUF_INIT;
	bson_t there;
	bool ok;

	if (!name || !check_password(r, true, error))
		return false;
	ok = read_roles(r, true, &roles, error);
	if (ok &&
	    (!auth_may(r, r->db, NULL, "createUser") ||
		!store_may_roles(r, &roles, "grantRole")))
		ok = auth_refuse(r, error);
	if (ok && user_doc(r->db, name, &there))
		ok = refuse(
		    error, 51003, "User \"%s@%s\" already exists", name, r->db);
	if (ok) {
		make_user(r, name, &roles, &doc);
		ok = store_add(r, KIND_USER, &doc, error);
	}
	buf_release(&doc);
	role_names_release(&roles);
	return ok;
}

/* One's own password and data need a smaller right. */
static bool
may_change(
    const struct request *r, const char *name, const char *all, const char *own)
{
	const struct user *u = r->conn->user;

	return auth_may(r, r->db, NULL, all) ||
	    (u && strcmp(u->name, name) == 0 && strcmp(u->db, r->db) == 0 &&
		auth_may(r, r->db, NULL, own));
}

static bool
may_update(const struct request *r, const char *name,
    const struct role_names *roles, bool has_roles)
{
	static const struct resource everything = {.where = WHERE_NORMAL};
	bson_iter_t it;

	if (arg_find(r, "pwd", &it) &&
	    !may_change(r, name, "changePassword", "changeOwnPassword"))
		return false;
	if (arg_find(r, "customData", &it) &&
	    !may_change(r, name, "changeCustomData", "changeOwnCustomData"))
		return false;
	/* Nobody knows which roles go with it. */
	return !has_roles || !sim.set.user ||
	    (user_may(r->conn->user, &everything, "revokeRole") &&
		store_may_roles(r, roles, "grantRole"));
}

bool
cmd_update_user(struct request *r, bson_error_t *error)
{
	const char *name = subject(r, error);
	struct role_names roles = {0};
	struct buf set = BUF_INIT;
	bson_iter_t it;
	bson_t there;
	bool ok, has_roles = arg_find(r, "roles", &it);

	if (!name || !check_password(r, false, error))
		return false;
	ok = read_roles(r, false, &roles, error);
	if (ok && !may_update(r, name, &roles, has_roles))
		ok = auth_refuse(r, error);
	if (ok && !user_doc(r->db, name, &there))
		ok = missing(r, name, error);
	if (ok && arg_text(r, "pwd"))
		auth_put_credentials(&set, arg_text(r, "pwd"));
	if (ok)
		put_value(&set, r, "customData");
	if (ok && has_roles)
		role_names_put(&roles, &set, "roles");
	if (ok && set.len == 0)
		ok = refuse(error, 2,
		    "Must specify at least one field to update in updateUser");
	ok = ok && store_set(r, KIND_USER, r->db, name, &set, error);
	buf_release(&set);
	role_names_release(&roles);
	return ok;
}

bool
cmd_drop_user(struct request *r, bson_error_t *error)
{
	const char *name = subject(r, error);

	if (!name)
		return false;
	if (!auth_may(r, r->db, NULL, "dropUser"))
		return auth_refuse(r, error);
	return store_remove(r, KIND_USER, r->db, name) ||
	    missing(r, name, error);
}

static bool
change_roles(
    struct request *r, const char *name, bool grant, bson_error_t *error)
{
	struct role_names roles = {0}, present = {0};
	struct buf set = BUF_INIT;
	bson_t doc;
	bool ok = read_roles(r, true, &roles, error);

	if (ok &&
	    !store_may_roles(r, &roles, grant ? "grantRole" : "revokeRole"))
		ok = auth_refuse(r, error);
	if (ok && !user_doc(r->db, name, &doc))
		ok = missing(r, name, error);
	if (ok) {
		role_names_of(&doc, &present);
		if (!grant)
			role_names_cut(&present, &roles);
		for (size_t i = 0; grant && i < roles.n; i++)
			role_names_add(
			    &present, roles.item[i].db, roles.item[i].role);
		role_names_put(&present, &set, "roles");
		ok = store_set(r, KIND_USER, r->db, name, &set, error);
	}
	buf_release(&set);
	role_names_release(&roles);
	role_names_release(&present);
	return ok;
}

bool
cmd_grant_roles_to_user(struct request *r, bson_error_t *error)
{
	const char *name = subject(r, error);

	return name && change_roles(r, name, true, error);
}

bool
cmd_revoke_roles_from_user(struct request *r, bson_error_t *error)
{
	const char *name = subject(r, error);

	return name && change_roles(r, name, false, error);
}

/* Nothing is kept that could be stale. */
bool
cmd_invalidate_user_cache(struct request *r, bson_error_t *error)
{
	(void)r, (void)error;
	return true;
}
