/* mongosim: the commands about users. */
#include <string.h>

#include "accounts.h"
#include "auth.h"

static bool
no_user(const struct request *r, const char *name, bson_error_t *error)
{
	return refuse(error, 11, "User '%s@%s' not found", name, r->db);
}

static bool
name_of(struct request *r, const char **name, bson_error_t *error)
{
	*name = arg_text(r, r->name);
	return (*name && **name) ||
	    refuse(
		error, 2, "User document needs 'user' field to be non-empty");
}

static void
copy_field(const bson_t *from, const char *name, bson_t *to)
{
	bson_iter_t it;

	if (bson_iter_init_find(&it, from, name))
		bson_append_iter(to, name, -1, &it);
}

/* As stored, with what changes in the place of what was. */
static bool
save(const bson_t *user, const bson_t *credentials, const bson_t *roles,
    const bson_t *custom, bson_error_t *error)
{
	bson_t doc = BSON_INITIALIZER;
	bool ok;

	copy_field(user, "_id", &doc);
	copy_field(user, "userId", &doc);
	copy_field(user, "user", &doc);
	copy_field(user, "db", &doc);
	if (credentials)
		BSON_APPEND_DOCUMENT(&doc, "credentials", credentials);
	else
		copy_field(user, "credentials", &doc);
	if (custom)
		BSON_APPEND_DOCUMENT(&doc, "customData", custom);
	else
		copy_field(user, "customData", &doc);
	if (roles)
		BSON_APPEND_ARRAY(&doc, "roles", roles);
	else
		copy_field(user, "roles", &doc);
	ok = account_save(USERS, &doc, error);
	bson_destroy(&doc);
	return ok;
}

/* Of SCRAM-SHA-256 alone. */
static bool
make_credentials(struct request *r, bson_t *out, bson_error_t *error)
{
	const char *password = arg_text(r, "pwd");
	bson_t list, one;
	bson_iter_t it;
	bool known = true;

	bson_init(out);
	if (arg_doc(r, "mechanisms", &list)) {
		known = false;
		bson_iter_init(&it, &list);
		while (bson_iter_next(&it))
			known |= BSON_ITER_HOLDS_UTF8(&it) &&
			    strcmp(bson_iter_utf8(&it, NULL),
				"SCRAM-SHA-256") == 0;
	}
	if (!known)
		return refuse(error, 238, "mongosim knows SCRAM-SHA-256 alone");
	if (!password || !*password)
		return refuse(error, 50687, "Password cannot be empty");
	auth_make_credentials(password, &one);
	BSON_APPEND_DOCUMENT(out, "SCRAM-SHA-256", &one);
	bson_destroy(&one);
	return true;
}

bool
cmd_create_user(struct request *r, bson_error_t *error)
{
	bson_t user = BSON_INITIALIZER, there, credentials, given, roles,
	       custom;
	bool has_custom = arg_doc(r, "customData", &custom), ok;
	const char *name;
	uint8_t uuid[16];
	char *id;

	if (!name_of(r, &name, error))
		return false;
	if (account_find(USERS, r->db, name, &there))
		return refuse(
		    error, 51003, "User \"%s@%s\" already exists", name, r->db);
	if (!arg_doc(r, "roles", &given))
		return refuse(error, 40414,
		    "BSON field 'createUser.roles' is missing but a required "
		    "field");
	ok = account_roles(r->db, &given, &roles, error) &&
	    make_credentials(r, &credentials, error);
	if (ok) {
		id = bson_strdup_printf("%s.%s", r->db, name);
		uuid_make(uuid);
		BSON_APPEND_UTF8(&user, "_id", id);
		BSON_APPEND_BINARY(
		    &user, "userId", BSON_SUBTYPE_UUID, uuid, 16);
		BSON_APPEND_UTF8(&user, "user", name);
		BSON_APPEND_UTF8(&user, "db", r->db);
		ok = save(&user, &credentials, &roles,
		    has_custom ? &custom : NULL, error);
		bson_free(id);
		bson_destroy(&credentials);
	}
	bson_destroy(&roles);
	bson_destroy(&user);
	return ok;
}

bool
cmd_update_user(struct request *r, bson_error_t *error)
{
	bson_t there, user, credentials, given, custom;
	bson_t roles = BSON_INITIALIZER;
	bool has_pwd = arg_text(r, "pwd") != NULL;
	bool has_roles = arg_doc(r, "roles", &given);
	bool has_custom = arg_doc(r, "customData", &custom), ok = true;
	const char *name;

	if (!name_of(r, &name, error))
		return false;
	if (!account_find(USERS, r->db, name, &there))
		return no_user(r, name, error);
	if (has_roles)
		ok = account_roles(r->db, &given, &roles, error);
	if (ok && has_pwd)
		ok = make_credentials(r, &credentials, error);
	if (ok) {
		bson_copy_to(&there, &user);
		ok = save(&user, has_pwd ? &credentials : NULL,
		    has_roles ? &roles : NULL, has_custom ? &custom : NULL,
		    error);
		bson_destroy(&user);
	}
	bson_destroy(&roles);
	return ok;
}

bool
cmd_drop_user(struct request *r, bson_error_t *error)
{
	const char *name;

	return name_of(r, &name, error) &&
	    (account_remove(USERS, r->db, name) || no_user(r, name, error));
}

/* grantRolesToUser, revokeRolesFromUser. */
static bool
change_roles(struct request *r, bool without, bson_error_t *error)
{
	bson_t there, user, given, more, have = BSON_INITIALIZER, roles;
	const char *name;
	bson_iter_t it;
	bool ok;

	if (!name_of(r, &name, error))
		return false;
	if (!arg_doc(r, "roles", &given))
		return refuse(error, 40414,
		    "BSON field '%s.roles' is missing but a required field",
		    r->name);
	if (!account_find(USERS, r->db, name, &there))
		return no_user(r, name, error);
	ok = account_roles(r->db, &given, &more, error);
	if (ok) {
		bson_copy_to(&there, &user);
		if (bson_iter_init_find(&it, &user, "roles"))
			iter_doc(&it, &have);
		account_merge(&have, &more, without, &roles);
		ok = save(&user, NULL, &roles, NULL, error);
		bson_destroy(&roles);
		bson_destroy(&user);
	}
	bson_destroy(&more);
	return ok;
}

bool
cmd_grant_roles_to_user(struct request *r, bson_error_t *error)
{
	return change_roles(r, false, error);
}

bool
cmd_revoke_roles_from_user(struct request *r, bson_error_t *error)
{
	return change_roles(r, true, error);
}

struct info {
	struct request *r;
	uint32_t n;
};

static void
put_mechanisms(struct buf *b, const bson_t *user)
{
	size_t mark = out_open(b, "mechanisms", BSON_TYPE_ARRAY);
	char text[INDEX_TEXT];
	bson_iter_t it, key;
	uint32_t n = 0;

	if (bson_iter_init_find(&it, user, "credentials") &&
	    bson_iter_recurse(&it, &key))
		while (bson_iter_next(&key))
			out_text(b, index_text(n++, text), bson_iter_key(&key));
	out_close(b, mark);
}

static void
put_user(void *ctx, const bson_t *user)
{
	struct info *info = ctx;
	struct buf *b = info->r->reply, privileges = BUF_INIT;
	bson_t shown, roles, inherited;
	char text[INDEX_TEXT];
	bson_iter_t it;
	size_t mark =
	    out_open(b, index_text(info->n++, text), BSON_TYPE_DOCUMENT);

	bson_init(&shown);
	if (arg_bool(info->r, "showCredentials"))
		bson_copy_to_excluding_noinit(user, &shown, "", (char *)NULL);
	else
		bson_copy_to_excluding_noinit(
		    user, &shown, "credentials", (char *)NULL);
	out_elements(b, bson_get_data(&shown), shown.len);
	bson_destroy(&shown);
	put_mechanisms(b, user);
	if (arg_bool(info->r, "showPrivileges") &&
	    bson_iter_init_find(&it, user, "roles") && iter_doc(&it, &roles)) {
		roles_expand(&roles, NULL, &privileges, &inherited);
		out_array(b, "inheritedRoles", bson_get_data(&inherited),
		    inherited.len);
		out_docs(b, "inheritedPrivileges", &privileges);
		bson_destroy(&inherited);
		buf_release(&privileges);
	}
	out_close(b, mark);
}

static void
put_named(struct info *info, const char *db, const char *name)
{
	bson_t user;

	if (name && account_find(USERS, db, name, &user))
		put_user(info, &user);
}

static void
put_wanted(struct info *info, const bson_iter_t *it)
{
	const char *name = NULL, *db = info->r->db;
	bson_iter_t field;
	bson_t doc;

	if (BSON_ITER_HOLDS_UTF8(it)) {
		put_named(info, db, bson_iter_utf8(it, NULL));
	} else if (BSON_ITER_HOLDS_ARRAY(it) && bson_iter_recurse(it, &field)) {
		while (bson_iter_next(&field))
			if (!BSON_ITER_HOLDS_ARRAY(&field))
				put_wanted(info, &field);
	} else if (iter_doc(it, &doc)) {
		if (bson_iter_init_find(&field, &doc, "forAllDBs")) {
			account_each(USERS, NULL, put_user, info);
			return;
		}
		if (bson_iter_init_find(&field, &doc, "user"))
			name = bson_iter_utf8(&field, NULL);
		if (bson_iter_init_find(&field, &doc, "db"))
			db = bson_iter_utf8(&field, NULL);
		put_named(info, db, name);
	} else {
		account_each(USERS, db, put_user, info);
	}
}

bool
cmd_users_info(struct request *r, bson_error_t *error)
{
	struct info info = {r, 0};
	bson_iter_t it;
	size_t mark = out_open(r->reply, "users", BSON_TYPE_ARRAY);

	(void)error;
	if (arg_find(r, "usersInfo", &it))
		put_wanted(&info, &it);
	out_close(r->reply, mark);
	return true;
}
