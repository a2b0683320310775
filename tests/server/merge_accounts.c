/* mongosim: _mergeAuthzCollections, by which mongorestore brings users and
 * roles. As MongoDB 4.4 to 7.0: without drop, what is there is left alone and
 * no failure; with it, what is not in the collections is removed. The
 * collections have to be read, and accounts may be made, everywhere. */
#include <string.h>

#include "account_store.h"
#include "auth.h"
#include "doc.h"

static bool
known(enum kind kind, const char *db, const char *name)
{
	bson_t doc;

	return kind == KIND_USER ? user_doc(db, name, &doc)
				 : role_doc(db, name, &doc);
}

static bool
take(struct request *r, enum kind kind, const struct doc *d, const char *of,
    bson_error_t *error)
{
	const char *field = kind == KIND_USER ? "user" : "role";
	struct elem db, name;
	struct buf copy = BUF_INIT;
	bool ok = true;

	if (!walk_find(d->data, d->len, "db", &db) ||
	    !walk_find(d->data, d->len, field, &name) ||
	    db.value.type != BSON_TYPE_UTF8 ||
	    name.value.type != BSON_TYPE_UTF8)
		return refuse(error, 9, "Missing expected field \"%s\"", field);
	if ((*of && strcmp((const char *)db.value.data + 4, of) != 0) ||
	    known(kind, (const char *)db.value.data + 4,
		(const char *)name.value.data + 4))
		return true;
	buf_add(&copy, d->data, d->len);
	ok = store_add(r, kind, &copy, error);
	buf_release(&copy);
	return ok;
}

static bool
take_all(struct request *r, enum kind kind, const char *of, bson_error_t *error)
{
	const char *ns = arg_text(r,
	    kind == KIND_USER ? "tempUsersCollection" : "tempRolesCollection");
	const char *dot = ns ? strchr(ns, '.') : NULL;
	struct order_at at;
	struct coll *c;
	char *db;
	bool ok = true;

	if (!ns || !*ns)
		return true;
	if (!dot)
		return refuse(error, 73, "Invalid namespace: %s", ns);
	db = bson_strndup(ns, (size_t)(dot - ns));
	c = catalog_find(db, dot + 1);
	if (!auth_may(r, db, dot + 1, "find"))
		ok = auth_refuse(r, error);
	bson_free(db);
	for (bool more = ok && c && order_first(&c->natural, &at); ok && more;
	     more = order_next(&c->natural, &at)) {
		struct doc *d = order_item(&c->natural, &at);

		if (d->len > 0)
			ok = take(r, kind, d, of, error);
	}
	return ok;
}

bool
cmd_merge_accounts(struct request *r, bson_error_t *error)
{
	static const char *const actions[] = {
	    "createUser", "createRole", "grantRole", "revokeRole"};
	const char *of = arg_text(r, "db");
	bson_iter_t it;

	if (arg_bool(r, "drop"))
		return refuse(error, 238,
		    "mongosim knows _mergeAuthzCollections without drop alone");
	if (!of || !arg_find(r, "drop", &it))
		return refuse(error, 40414,
		    "BSON field '_mergeAuthzCollections.%s' is missing but a "
		    "required field",
		    of ? "drop" : "db");
	if (!arg_text(r, "tempUsersCollection") &&
	    !arg_text(r, "tempRolesCollection"))
		return refuse(error, 2,
		    "Must provide at least one of \"tempUsersCollection\" and "
		    "\"tempRolesCollection\"");
	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
		if (!auth_may(r, "admin", NULL, actions[i]))
			return auth_refuse(r, error);
	/* Users may have the roles. */
	return take_all(r, KIND_ROLE, of, error) &&
	    take_all(r, KIND_USER, of, error);
}
