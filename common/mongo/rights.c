#include "mongo/rights.h"

#include <string.h>

#include "base/array.h"
#include "base/doc.h"
#include "model/grants.h"
#include "model/textset.h"
#include "mongo/cursor.h"
#include "mongo/driver.h"

typedef enum grants_step step_fn(const bson_t *change, const bson_t *present,
    bson_t *command, bson_error_t *error);

/* All documents of reply.NAME, appended. */
static void
append_all(bson_t *array, uint32_t *n, const bson_t *reply, const char *name)
{
	bson_t list, doc;
	bson_iter_t it;

	if (!doc_sub(reply, name, &list) || !bson_iter_init(&it, &list))
		return;
	while (doc_next(&it, &doc))
		array_add(array, n, &doc);
}

static bool
read_users(struct conn *c, bson_t *users, bson_error_t *error)
{
	bson_t cmd = BSON_INITIALIZER, all, reply;
	uint32_t n = 0;
	bool ok;

	BSON_APPEND_DOCUMENT_BEGIN(&cmd, "usersInfo", &all);
	BSON_APPEND_BOOL(&all, "forAllDBs", true);
	bson_append_document_end(&cmd, &all);
	ok = conn_read(c, "admin", &cmd, &reply, error);
	if (ok)
		append_all(users, &n, &reply, "users");
	bson_destroy(&reply);
	bson_destroy(&cmd);
	return ok;
}

/* 1, 0 may not be read, -1. */
static int
read_system_roles(struct conn *c, bson_t *roles, bson_error_t *error)
{
	struct cursor_opts opts = {.db = "admin", .coll = "system.roles"};
	struct cursor *cur = cursor_new(c, &opts);
	enum cursor_got got;
	const bson_t *doc;
	uint32_t n = 0;

	bson_reinit(roles);
	while ((got = cursor_next(cur, &doc, error)) == CURSOR_DOC)
		array_add(roles, &n, doc);
	cursor_free(cur);
	if (got == CURSOR_END)
		return 1;
	return error->code == CODE_UNAUTHORIZED ? 0 : -1;
}

/* The databases of the roles in `roles` of each document. */
static void
note_databases(const bson_t *docs, struct textset *dbs)
{
	bson_iter_t it, roles, field;

	if (!bson_iter_init(&it, docs))
		return;
	while (bson_iter_next(&it)) {
		if (!bson_iter_recurse(&it, &field) ||
		    !bson_iter_find(&field, "roles") ||
		    !bson_iter_recurse(&field, &roles))
			continue;
		while (bson_iter_next(&roles))
			if (bson_iter_recurse(&roles, &field) &&
			    bson_iter_find(&field, "db") &&
			    BSON_ITER_HOLDS_UTF8(&field))
				textset_add(dbs, bson_iter_utf8(&field, NULL));
	}
}

static bool
read_roles_of(struct conn *c, const char *db, bson_t *roles, uint32_t *n,
    bson_error_t *error)
{
	bson_t cmd = BSON_INITIALIZER, reply;
	bool ok;

	BSON_APPEND_INT32(&cmd, "rolesInfo", 1);
	BSON_APPEND_BOOL(&cmd, "showPrivileges", true);
	ok = conn_read(c, db, &cmd, &reply, error);
	if (ok)
		append_all(roles, n, &reply, "roles");
	bson_destroy(&reply);
	bson_destroy(&cmd);
	return ok;
}

/* Only a role of admin can have been given roles of other databases. Those of
 * config are about that database alone, and local has none. */
static bool
read_each_role(
    struct conn *c, const bson_t *users, bson_t *roles, bson_error_t *error)
{
	struct textset dbs = {0};
	uint32_t n = 0;
	bool ok;

	bson_reinit(roles);
	ok = read_roles_of(c, "admin", roles, &n, error);
	note_databases(users, &dbs);
	note_databases(roles, &dbs);
	for (size_t i = 0; ok && i < dbs.n; i++)
		if (strcmp(dbs.item[i], "admin") != 0 &&
		    strcmp(dbs.item[i], "local") != 0 &&
		    strcmp(dbs.item[i], "config") != 0)
			ok = read_roles_of(c, dbs.item[i], roles, &n, error);
	textset_release(&dbs);
	return ok;
}

bool
rights_fetch(struct conn *c, struct rights *r, bson_error_t *error)
{
	int got;

	bson_init(&r->users);
	bson_init(&r->roles);
	if (!read_users(c, &r->users, error))
		return false;
	got = read_system_roles(c, &r->roles, error);
	return got > 0 ||
	    (got == 0 && read_each_role(c, &r->users, &r->roles, error));
}

void
rights_release(struct rights *r)
{
	bson_destroy(&r->users);
	bson_destroy(&r->roles);
}

bool
rights_own(struct conn *c, bson_t *names, bson_error_t *error)
{
	uint32_t n = bson_count_keys(names);
	bson_t reply, list, doc;
	bson_iter_t it;
	bool ok;

	ok = conn_ask(c, "connectionStatus", false, &reply, error);
	if (ok && doc_sub(&reply, "authInfo.authenticatedUsers", &list) &&
	    bson_iter_init(&it, &list))
		while (doc_next(&it, &doc)) {
			char *text;

			if (!doc_text(&doc, "user") || !doc_text(&doc, "db"))
				continue;
			text = bson_strdup_printf("%s.%s", doc_text(&doc, "db"),
			    doc_text(&doc, "user"));
			array_add_text(names, &n, text);
			bson_free(text);
		}
	bson_destroy(&reply);
	return ok;
}

/* The user or role as it is now: 1, 0 gone, -1. doc is initialised. */
static int
fetch_one(
    struct conn *c, const bson_t *change, bson_t *doc, bson_error_t *error)
{
	bool role = strcmp(doc_text(change, "kind"), "role") == 0;
	bson_t cmd = BSON_INITIALIZER, which, reply, found;
	int got = -1;

	bson_init(doc);
	BSON_APPEND_DOCUMENT_BEGIN(
	    &cmd, role ? "rolesInfo" : "usersInfo", &which);
	BSON_APPEND_UTF8(
	    &which, role ? "role" : "user", doc_text(change, "name"));
	BSON_APPEND_UTF8(&which, "db", doc_text(change, "db"));
	bson_append_document_end(&cmd, &which);
	if (role)
		BSON_APPEND_BOOL(&cmd, "showPrivileges", true);
	if (conn_read(c, doc_text(change, "db"), &cmd, &reply, error)) {
		got = doc_sub(&reply, role ? "roles.0" : "users.0", &found);
		if (got)
			bson_concat(doc, &found);
	}
	bson_destroy(&reply);
	bson_destroy(&cmd);
	return got;
}

static bool
run_change(
    struct conn *c, const bson_t *change, bson_t *command, bson_error_t *error)
{
	bson_t wc;

	BSON_APPEND_DOCUMENT_BEGIN(command, "writeConcern", &wc);
	BSON_APPEND_UTF8(&wc, "w", "majority");
	BSON_APPEND_INT32(&wc, "wtimeout", WTIMEOUT_MS);
	bson_append_document_end(command, &wc);
	return conn_command(c, doc_text(change, "db"), command, NULL, error);
}

/* Done is what was seen to be done: a command without an answer is followed by
 * another look. */
static bool
change_one(
    struct conn *c, const bson_t *change, step_fn *step, bson_error_t *error)
{
	int64_t since = bson_get_monotonic_time();

	for (unsigned n = 0;; n++) {
		enum grants_step what;
		bson_t present, command;
		int got = fetch_one(c, change, &present, error);
		bool ok;

		if (got < 0) {
			bson_destroy(&present);
			return false;
		}
		what = step(change, got ? &present : NULL, &command, error);
		bson_destroy(&present);
		if (what != GRANTS_DO)
			return what == GRANTS_DONE;
		ok = run_change(c, change, &command, error);
		bson_destroy(&command);
		if (ok)
			return true;
		if (!conn_may_retry(c, error) || !conn_back_off(n, since))
			return false;
	}
}

static bool
names_one(const bson_t *change, bson_error_t *error)
{
	return (doc_text(change, "kind") && doc_text(change, "db") &&
		   doc_text(change, "name")) ||
	    error_set(error, MM_EXIT_REFUSED, 0,
		"a change of rights names no user or role");
}

/* through: one that is refused does not keep the others from it. */
static bool
each_change(struct conn *c, const bson_t *plan, step_fn *step, bool through,
    bson_error_t *error)
{
	bson_t list, change;
	bson_error_t why;
	bson_iter_t it;
	bool ok = true;

	if (!doc_sub(plan, "changes", &list) || !bson_iter_init(&it, &list))
		return true;
	while ((ok || through) && doc_next(&it, &change)) {
		if (!names_one(&change, &why) ||
		    !change_one(c, &change, step, &why)) {
			if (ok && error)
				*error = why;
			ok = false;
			through =
			    through && error_status(&why) == MM_EXIT_REFUSED;
		}
	}
	return ok;
}

bool
rights_block(struct conn *c, const bson_t *plan, bson_error_t *error)
{
	return each_change(c, plan, grants_block, false, error);
}

bool
rights_undo(struct conn *c, const bson_t *plan, bson_error_t *error)
{
	return each_change(c, plan, grants_undo, true, error);
}

bool
rights_token(
    struct conn *c, const bson_t *plan, char text[65], bson_error_t *error)
{
	struct rights r;
	bool ok = rights_fetch(c, &r, error);

	if (ok)
		grants_token(plan, &r.users, &r.roles, text);
	rights_release(&r);
	return ok;
}
