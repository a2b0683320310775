#include "mongo/rights.h"

#include <string.h>

#include "base/hash.h"
#include "model/grants.h"
#include "model/textset.h"
#include "mongo/cursor.h"
#include "mongo/driver.h"

typedef enum grants_step step_fn(const bson_t *change, const bson_t *present,
    bson_t *command, bson_error_t *error);

static void
append_doc(bson_t *array, const bson_t *doc)
{
	char room[16];
	const char *key;

	bson_uint32_to_string(bson_count_keys(array), &key, room, sizeof room);
	BSON_APPEND_DOCUMENT(array, key, doc);
}

/* All documents of reply.NAME, appended. */
static void
append_all(bson_t *array, const bson_t *reply, const char *name)
{
	bson_t list, doc;
	bson_iter_t it;
	const uint8_t *data;
	uint32_t len;

	if (!doc_sub(reply, name, &list) || !bson_iter_init(&it, &list))
		return;
	while (bson_iter_next(&it)) {
		if (!BSON_ITER_HOLDS_DOCUMENT(&it))
			continue;
		bson_iter_document(&it, &len, &data);
		if (bson_init_static(&doc, data, len))
			append_doc(array, &doc);
	}
}

static bool
read_users(struct conn *c, bson_t *users, bson_error_t *error)
{
	bson_t cmd = BSON_INITIALIZER, all, reply;
	bool ok;

	BSON_APPEND_DOCUMENT_BEGIN(&cmd, "usersInfo", &all);
	BSON_APPEND_BOOL(&all, "forAllDBs", true);
	bson_append_document_end(&cmd, &all);
	ok = conn_read(c, "admin", &cmd, &reply, error);
	if (ok)
		append_all(users, &reply, "users");
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

	bson_reinit(roles);
	while ((got = cursor_next(cur, &doc, error)) == CURSOR_DOC)
		append_doc(roles, doc);
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
read_roles_of(
    struct conn *c, const char *db, bson_t *roles, bson_error_t *error)
{
	bson_t cmd = BSON_INITIALIZER, reply;
	bool ok;

	BSON_APPEND_INT32(&cmd, "rolesInfo", 1);
	BSON_APPEND_BOOL(&cmd, "showPrivileges", true);
	ok = conn_read(c, db, &cmd, &reply, error);
	if (ok)
		append_all(roles, &reply, "roles");
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
	bool ok;

	bson_reinit(roles);
	ok = read_roles_of(c, "admin", roles, error);
	note_databases(users, &dbs);
	note_databases(roles, &dbs);
	for (size_t i = 0; ok && i < dbs.n; i++)
		if (strcmp(dbs.item[i], "admin") != 0 &&
		    strcmp(dbs.item[i], "local") != 0 &&
		    strcmp(dbs.item[i], "config") != 0)
			ok = read_roles_of(c, dbs.item[i], roles, error);
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
	bson_t cmd = BSON_INITIALIZER, reply, list, doc;
	const uint8_t *data;
	const char *key;
	bson_iter_t it;
	char room[16];
	uint32_t len;
	bool ok;

	BSON_APPEND_INT32(&cmd, "connectionStatus", 1);
	ok = conn_read(c, "admin", &cmd, &reply, error);
	if (ok && doc_sub(&reply, "authInfo.authenticatedUsers", &list) &&
	    bson_iter_init(&it, &list))
		while (bson_iter_next(&it)) {
			char *text;

			if (!BSON_ITER_HOLDS_DOCUMENT(&it))
				continue;
			bson_iter_document(&it, &len, &data);
			bson_init_static(&doc, data, len);
			if (!doc_text(&doc, "user") || !doc_text(&doc, "db"))
				continue;
			text = bson_strdup_printf("%s.%s", doc_text(&doc, "db"),
			    doc_text(&doc, "user"));
			bson_uint32_to_string(
			    bson_count_keys(names), &key, room, sizeof room);
			BSON_APPEND_UTF8(names, key, text);
			bson_free(text);
		}
	bson_destroy(&reply);
	bson_destroy(&cmd);
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
each_change(struct conn *c, const bson_t *plan,
    bool (*each)(
	struct conn *c, const bson_t *change, void *arg, bson_error_t *error),
    void *arg, bson_error_t *error)
{
	bson_t list, change;
	bson_iter_t it;
	const uint8_t *data;
	uint32_t len;

	if (!doc_sub(plan, "changes", &list) || !bson_iter_init(&it, &list))
		return true;
	while (bson_iter_next(&it)) {
		if (!BSON_ITER_HOLDS_DOCUMENT(&it))
			continue;
		bson_iter_document(&it, &len, &data);
		bson_init_static(&change, data, len);
		if (!doc_text(&change, "kind") || !doc_text(&change, "db") ||
		    !doc_text(&change, "name"))
			return error_set(error, MM_EXIT_REFUSED, 0,
			    "a change of rights names no user or role");
		if (!each(c, &change, arg, error)) {
			error_prefix(error, "%s \"%s.%s\"",
			    doc_text(&change, "kind"), doc_text(&change, "db"),
			    doc_text(&change, "name"));
			return false;
		}
	}
	return true;
}

struct making {
	step_fn *step;
};

static bool
make(struct conn *c, const bson_t *change, void *arg, bson_error_t *error)
{
	const struct making *m = arg;

	return change_one(c, change, m->step, error);
}

bool
rights_block(struct conn *c, const bson_t *plan, bson_error_t *error)
{
	return each_change(
	    c, plan, make, &(struct making){grants_block}, error);
}

bool
rights_undo(struct conn *c, const bson_t *plan, bson_error_t *error)
{
	return each_change(c, plan, make, &(struct making){grants_undo}, error);
}

static bool
add_digest(struct conn *c, const bson_t *change, void *arg, bson_error_t *error)
{
	char text[65] = "gone";
	bson_t present;
	int got = fetch_one(c, change, &present, error);

	if (got > 0)
		grants_digest(&present, text);
	bson_destroy(&present);
	if (got >= 0)
		sha256_add(arg, text, strlen(text) + 1);
	return got >= 0;
}

bool
rights_token(
    struct conn *c, const bson_t *plan, char text[65], bson_error_t *error)
{
	struct sha256 *h = sha256_new();
	bool ok = each_change(c, plan, add_digest, h, error);

	sha256_finish(h, text);
	return ok;
}
