/* mongosim: usersInfo, rolesInfo, connectionStatus. */
#include <string.h>

#include "account_store.h"
#include "auth.h"
#include "builtin.h"
#include "commands.h"
#include "match.h"

struct shown {
	struct request *r;
	struct buf *out;
	uint32_t n;
	bool privileges, credentials, builtin;
	bson_t filter;
};

static void
put_fields(struct buf *out, const bson_t *doc, const char *const *names)
{
	struct elem e;

	for (; *names; names++)
		if (walk_find(bson_get_data(doc), doc->len, *names, &e))
			buf_add(out, e.raw, e.raw_len);
}

static void
put_mechanisms(struct buf *out, const bson_t *doc)
{
	size_t array = out_open(out, "mechanisms", BSON_TYPE_ARRAY);
	char text[INDEX_TEXT];
	uint32_t n = 0;
	bson_iter_t it, sub;

	if (bson_iter_init_find(&it, doc, "credentials") &&
	    BSON_ITER_HOLDS_DOCUMENT(&it) && bson_iter_recurse(&it, &sub))
		while (bson_iter_next(&sub))
			out_text(
			    out, index_text(n++, text), bson_iter_key(&sub));
	out_close(out, array);
}

/* All roles behind these, and what they allow. */
static void
put_inherited(
    struct buf *out, struct role_names *names, struct privileges *own, bool all)
{
	role_names_follow(names);
	role_names_put(names, out, "inheritedRoles");
	if (!all)
		return;
	role_names_allow(names, own);
	privileges_put(own, out, "inheritedPrivileges");
}

static void
put_user(struct shown *s, const bson_t *doc)
{
	static const char *const before[] = {
	    "_id", "userId", "user", "db", NULL};
	static const char *const credentials[] = {"credentials", NULL};
	static const char *const after[] = {
	    "customData", "authenticationRestrictions", "roles", NULL};
	struct role_names names = {0};
	struct privileges own = {0};
	char text[INDEX_TEXT];
	size_t mark;

	mark = out_open(s->out, index_text(s->n++, text), BSON_TYPE_DOCUMENT);
	put_fields(s->out, doc, before);
	if (s->credentials)
		put_fields(s->out, doc, credentials);
	put_fields(s->out, doc, after);
	if (s->privileges) {
		role_names_of(doc, &names);
		put_inherited(s->out, &names, &own, true);
		out_close(s->out,
		    out_open(s->out, "inheritedAuthenticationRestrictions",
			BSON_TYPE_ARRAY));
		role_names_release(&names);
		privileges_release(&own);
	}
	put_mechanisms(s->out, doc);
	out_close(s->out, mark);
}

/* Calls put for the documents of a database (NULL: all) that the filter
 * selects. */
static bool
each_doc_of(struct shown *s, const char *coll, const char *db,
    void (*put)(struct shown *s, const bson_t *doc), bson_error_t *error)
{
	struct coll *c = catalog_find("admin", coll);
	struct order_at at;
	bson_iter_t it;
	bson_t doc;
	bool yes;

	if (!c)
		return true;
	for (bool more = order_first(&c->by_id, &at); more;
	     more = order_next(&c->by_id, &at)) {
		const struct doc *d = order_item(&c->by_id, &at);

		if (d->len == 0)
			continue;
		bson_init_static(&doc, d->data, d->len);
		if (db &&
		    (!bson_iter_init_find(&it, &doc, "db") ||
			strcmp(bson_iter_utf8(&it, NULL), db) != 0))
			continue;
		if (!match_doc(&s->filter, &doc, &yes, error))
			return false;
		if (yes)
			put(s, &doc);
	}
	return true;
}

static bool
is_self(const struct request *r, const char *db, const char *name)
{
	const struct user *u = r->conn->user;

	return u && strcmp(u->db, db) == 0 && strcmp(u->name, name) == 0;
}

/* A name, {user, db} or {role, db}. */
static bool
name_at(const bson_iter_t *it, const char *field, const char *db,
    struct role_name *name)
{
	bson_iter_t sub;
	bson_t doc;

	*name = (struct role_name){db, NULL};
	if (BSON_ITER_HOLDS_UTF8(it))
		name->role = bson_iter_utf8(it, NULL);
	else if (BSON_ITER_HOLDS_DOCUMENT(it) && iter_doc(it, &doc)) {
		if (bson_iter_init_find(&sub, &doc, field) &&
		    BSON_ITER_HOLDS_UTF8(&sub))
			name->role = bson_iter_utf8(&sub, NULL);
		if (bson_iter_init_find(&sub, &doc, "db") &&
		    BSON_ITER_HOLDS_UTF8(&sub))
			name->db = bson_iter_utf8(&sub, NULL);
	}
	return name->role != NULL;
}

static bool
named_user(struct shown *s, const bson_iter_t *it, bson_error_t *error)
{
	struct role_name name;
	bson_t doc;
	bool yes;

	if (!name_at(it, "user", s->r->db, &name))
		return refuse(error, 2, "usersInfo needs names of users");
	if (!is_self(s->r, name.db, name.role) &&
	    !auth_may(s->r, name.db, NULL, "viewUser"))
		return auth_refuse(s->r, error);
	if (!user_doc(name.db, name.role, &doc))
		return true;
	if (!match_doc(&s->filter, &doc, &yes, error))
		return false;
	if (yes)
		put_user(s, &doc);
	return true;
}

static bool
each_named(struct shown *s, const bson_iter_t *it,
    bool (*one)(struct shown *s, const bson_iter_t *it, bson_error_t *error),
    bson_error_t *error)
{
	bson_iter_t each;

	if (!BSON_ITER_HOLDS_ARRAY(it))
		return one(s, it, error);
	bson_iter_recurse(it, &each);
	while (bson_iter_next(&each))
		if (!one(s, &each, error))
			return false;
	return true;
}

static void
shown_init(struct shown *s, struct request *r)
{
	*s = (struct shown){.r = r,
	    .out = r->reply,
	    .privileges = arg_bool(r, "showPrivileges"),
	    .credentials = arg_bool(r, "showCredentials"),
	    .builtin = arg_bool(r, "showBuiltinRoles")};
	bson_init(&s->filter);
	arg_doc(r, "filter", &s->filter);
}

bool
cmd_users_info(struct request *r, bson_error_t *error)
{
	struct shown s;
	bson_iter_t it, sub;
	bool ok, all = false;
	size_t array;

	shown_init(&s, r);
	arg_find(r, r->name, &it);
	if (BSON_ITER_HOLDS_DOCUMENT(&it) && bson_iter_recurse(&it, &sub))
		all = bson_iter_find(&sub, "forAllDBs") &&
		    bson_iter_as_bool(&sub);
	if (all ? !auth_may_all(r, "viewUser")
		: BSON_ITER_HOLDS_NUMBER(&it) &&
		    !auth_may(r, r->db, NULL, "viewUser"))
		return auth_refuse(r, error);
	array = out_open(r->reply, "users", BSON_TYPE_ARRAY);
	if (all || BSON_ITER_HOLDS_NUMBER(&it))
		ok = each_doc_of(
		    &s, "system.users", all ? NULL : r->db, put_user, error);
	else
		ok = each_named(&s, &it, named_user, error);
	out_close(r->reply, array);
	return ok;
}

static void
put_role(struct shown *s, const bson_t *doc)
{
	static const char *const names[] = {"_id", "role", "db", NULL};
	static const char *const privileges[] = {"privileges", NULL};
	static const char *const roles[] = {"roles", NULL};
	struct role_names behind = {0};
	struct privileges own = {0};
	char text[INDEX_TEXT];
	bson_iter_t it;
	size_t mark;
	bson_t array;
	bson_error_t error;

	mark = out_open(s->out, index_text(s->n++, text), BSON_TYPE_DOCUMENT);
	put_fields(s->out, doc, names);
	if (s->privileges)
		put_fields(s->out, doc, privileges);
	put_fields(s->out, doc, roles);
	role_names_of(doc, &behind);
	if (bson_iter_init_find(&it, doc, "privileges") &&
	    iter_doc(&it, &array))
		privileges_parse(&array, false, &own, &error);
	put_inherited(s->out, &behind, &own, s->privileges);
	out_bool(s->out, "isBuiltin", false);
	out_close(s->out, mark);
	role_names_release(&behind);
	privileges_release(&own);
}

static void
put_builtin(struct shown *s, const char *db, const char *role)
{
	struct privileges p = {0};
	char text[INDEX_TEXT];
	size_t mark;

	mark = out_open(s->out, index_text(s->n++, text), BSON_TYPE_DOCUMENT);
	out_text(s->out, "db", db);
	out_text(s->out, "role", role);
	out_close(s->out, out_open(s->out, "roles", BSON_TYPE_ARRAY));
	builtin_add(db, role, &p);
	if (s->privileges)
		privileges_put(&p, s->out, "privileges");
	out_close(s->out, out_open(s->out, "inheritedRoles", BSON_TYPE_ARRAY));
	if (s->privileges)
		privileges_put(&p, s->out, "inheritedPrivileges");
	out_bool(s->out, "isBuiltin", true);
	out_close(s->out, mark);
	privileges_release(&p);
}

/* One may look at the roles that one has. */
static bool
has_role(const struct request *r, const struct role_name *name)
{
	struct role_names names = {0};
	bool has;
	bson_t doc;

	if (!r->conn->user ||
	    !user_doc(r->conn->user->db, r->conn->user->name, &doc))
		return false;
	role_names_of(&doc, &names);
	role_names_follow(&names);
	has = role_names_has(&names, name->db, name->role);
	role_names_release(&names);
	return has;
}

static bool
named_role(struct shown *s, const bson_iter_t *it, bson_error_t *error)
{
	struct role_name name;
	bson_t doc;

	if (!name_at(it, "role", s->r->db, &name))
		return refuse(error, 2, "rolesInfo needs names of roles");
	if (!auth_may(s->r, name.db, NULL, "viewRole") &&
	    !has_role(s->r, &name))
		return auth_refuse(s->r, error);
	if (builtin_role(name.db, name.role))
		put_builtin(s, name.db, name.role);
	else if (role_doc(name.db, name.role, &doc))
		put_role(s, &doc);
	return true;
}

bool
cmd_roles_info(struct request *r, bson_error_t *error)
{
	struct shown s;
	bson_iter_t it;
	bool ok;
	size_t array;

	shown_init(&s, r);
	arg_find(r, r->name, &it);
	if (BSON_ITER_HOLDS_NUMBER(&it) &&
	    !auth_may(r, r->db, NULL, "viewRole"))
		return auth_refuse(r, error);
	array = out_open(r->reply, "roles", BSON_TYPE_ARRAY);
	if (BSON_ITER_HOLDS_NUMBER(&it)) {
		ok = each_doc_of(&s, "system.roles", r->db, put_role, error);
		for (const char *name = NULL;
		     s.builtin && (name = builtin_next(r->db, name)) != NULL;)
			put_builtin(&s, r->db, name);
	} else {
		ok = each_named(&s, &it, named_role, error);
	}
	out_close(r->reply, array);
	return ok;
}

bool
cmd_connection_status(struct request *r, bson_error_t *error)
{
	struct user *u = r->conn->user;
	struct role_names names = {0};
	struct buf *b = r->reply;
	size_t info = out_open(b, "authInfo", BSON_TYPE_DOCUMENT), mark, doc;
	bson_t own;

	(void)error;
	if (u && !user_there(u))
		u = NULL;
	mark = out_open(b, "authenticatedUsers", BSON_TYPE_ARRAY);
	if (u) {
		doc = out_open(b, "0", BSON_TYPE_DOCUMENT);
		out_text(b, "user", u->name);
		out_text(b, "db", u->db);
		out_close(b, doc);
	}
	out_close(b, mark);
	if (u && user_doc(u->db, u->name, &own)) {
		role_names_of(&own, &names);
		role_names_follow(&names);
	}
	role_names_put(&names, b, "authenticatedUserRoles");
	role_names_release(&names);
	if (arg_bool(r, "showPrivileges"))
		privileges_put(u ? &u->may : &(struct privileges){0}, b,
		    "authenticatedUserPrivileges");
	out_close(b, info);
	return true;
}
