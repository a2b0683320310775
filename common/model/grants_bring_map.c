/* Accounts by the names of the target. */
#include <string.h>

#include "base/doc.h"
#include "model/grants_bring.h"
#include "model/grants_right.h"

struct naming {
	const struct ns_rules *rules;
	bson_error_t *error;
};

/* A database that goes as a whole gets the name that its collections get. */
static bool
map_db(const struct naming *n, const char *db, char out[NS_MAX + 1])
{
	char *ns, *dot;
	bool ok;

	bson_strncpy(out, db, NS_MAX + 1);
	if (!ns_db_whole(n->rules, db))
		return true;
	ns = bson_strdup_printf("%s.x", db);
	ok = ns_map(n->rules, ns, out, n->error);
	bson_free(ns);
	dot = ok ? strchr(out, '.') : NULL;
	if (dot)
		*dot = '\0';
	return ok;
}

static bool
map_resource(const struct naming *n, const bson_t *resource, bson_t *out)
{
	const char *db = doc_text_or(resource, "db", "");
	const char *coll = doc_text_or(resource, "collection", "");
	char name[NS_MAX + 1];
	bool ok;

	if (!*coll || strncmp(coll, "system.", 7) == 0) {
		ok = map_db(n, db, name);
	} else {
		char *ns = bson_strdup_printf("%s.%s", db, coll);

		ok = ns_map(n->rules, ns, name, n->error);
		bson_free(ns);
		if (ok) {
			char *dot = strchr(name, '.');

			*dot = '\0';
			coll = dot + 1;
		}
	}
	if (ok) {
		BSON_APPEND_UTF8(out, "db", name);
		BSON_APPEND_UTF8(out, "collection", coll);
	}
	return ok;
}

static bool
map_privilege(const struct naming *n, const bson_t *from, bson_t *out)
{
	bson_t resource, to, actions;
	bool ok;

	if (!doc_sub(from, "resource", &resource) ||
	    !doc_sub(from, "actions", &actions))
		return true;
	BSON_APPEND_DOCUMENT_BEGIN(out, "resource", &to);
	ok = map_resource(n, &resource, &to);
	bson_append_document_end(out, &to);
	BSON_APPEND_ARRAY(out, "actions", &actions);
	return ok;
}

static bool
map_ref(const struct naming *n, const bson_t *from, bson_t *out)
{
	char db[NS_MAX + 1];

	if (!map_db(n, doc_text_or(from, "db", ""), db))
		return false;
	BSON_APPEND_UTF8(out, "role", doc_text_or(from, "role", ""));
	BSON_APPEND_UTF8(out, "db", db);
	return true;
}

static bool
map_list(const struct naming *n, const bson_t *account, const char *field,
    bool (*map)(const struct naming *n, const bson_t *from, bson_t *out),
    bson_t *out)
{
	bson_t list, item, from, to;
	bson_iter_t it;
	bool ok = true;

	BSON_APPEND_ARRAY_BEGIN(out, field, &list);
	if (doc_sub(account, field, &from) && bson_iter_init(&it, &from))
		while (ok && doc_next(&it, &item)) {
			BSON_APPEND_DOCUMENT_BEGIN(
			    &list, bson_iter_key(&it), &to);
			ok = map(n, &item, &to);
			bson_append_document_end(&list, &to);
		}
	bson_append_array_end(out, &list);
	return ok;
}

/* A server gives a role rights on its own database only, but for those of
 * admin. */
static bool
stays_within(
    const struct naming *n, const bson_t *rights, const char *db, bool role)
{
	bson_iter_t it, at, found;

	if (!role || strcmp(db, "admin") == 0)
		return true;
	for (int i = 0; i < 2; i++) {
		const char *path = i ? "db" : "resource.db";

		if (!bson_iter_init_find(
			&it, rights, i ? "roles" : "privileges") ||
		    !bson_iter_recurse(&it, &at))
			continue;
		while (bson_iter_next(&at)) {
			bson_iter_t in;

			if (!bson_iter_recurse(&at, &in) ||
			    !bson_iter_find_descendant(&in, path, &found) ||
			    !BSON_ITER_HOLDS_UTF8(&found))
				continue;
			if (strcmp(bson_iter_utf8(&found, NULL), db) != 0)
				return error_set(n->error, MM_EXIT_REFUSED, 0,
				    "a role of database \"%s\" cannot have "
				    "rights in \"%s\": map the whole database",
				    db, bson_iter_utf8(&found, NULL));
		}
	}
	return true;
}

static void
make_doc(const bson_t *account, bool role, const char *db, bson_t *doc)
{
	const char *name = doc_text_or(account, role ? "role" : "user", "");
	char *id = bson_strdup_printf("%s.%s", db, name);
	bson_t none = BSON_INITIALIZER;

	BSON_APPEND_UTF8(doc, "_id", id);
	bson_copy_to_excluding_noinit(
	    account, doc, "_id", "db", "roles", "privileges", NULL);
	BSON_APPEND_UTF8(doc, "db", db);
	if (role)
		BSON_APPEND_ARRAY(doc, "privileges", &none);
	BSON_APPEND_ARRAY(doc, "roles", &none);
	bson_free(id);
}

static void
make_change(const bson_t *account, bool role, const char *db,
    const bson_t *rights, bson_t *change)
{
	struct textset before = {0}, after = {0};

	rights_read(rights, &before);
	BSON_APPEND_UTF8(change, "kind", role ? "role" : "user");
	BSON_APPEND_UTF8(change, "db", db);
	BSON_APPEND_UTF8(
	    change, "name", doc_text_or(account, role ? "role" : "user", ""));
	rights_append(change, "before", &before);
	rights_append(change, "after", &after);
	textset_release(&before);
}

bool
bring_map(const struct ns_rules *r, const bson_t *account, bool role,
    bson_t *doc, bson_t *change, bson_error_t *error)
{
	struct naming n = {r, error};
	bson_t rights = BSON_INITIALIZER;
	char db[NS_MAX + 1];
	bool ok;

	ok = map_db(&n, doc_text_or(account, "db", ""), db) &&
	    map_list(&n, account, "roles", map_ref, &rights) &&
	    (!role ||
		map_list(&n, account, "privileges", map_privilege, &rights)) &&
	    stays_within(&n, &rights, db, role);
	if (ok) {
		make_doc(account, role, db, doc);
		make_change(account, role, db, &rights, change);
	} else
		error_prefix(error, "%s \"%s.%s\"", role ? "role" : "user",
		    doc_text_or(account, "db", ""),
		    doc_text_or(account, role ? "role" : "user", ""));
	bson_destroy(&rights);
	return ok;
}
