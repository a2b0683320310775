#include "mongo/accounts.h"

#include <string.h>

#include "base/array.h"
#include "base/doc.h"
#include "model/textset.h"
#include "mongo/cursor.h"
#include "mongo/driver.h"

#define PIECE_BYTES (8u << 20)
#define PIECE_DOCS 1000
#define CODE_USER_NOT_FOUND 11
#define CODE_ROLE_NOT_FOUND 31

/* These very names: the role restore may write to them. */
static const char *const temporary[] = {"tempusers", "temproles"};

static bool
read_all(struct conn *c, const char *coll, bson_t *out, bson_error_t *error)
{
	struct cursor_opts opts = {.db = "admin", .coll = coll};
	int64_t since = bson_get_monotonic_time();
	enum cursor_got got;

	for (unsigned n = 0;; n++) {
		struct cursor *cur = cursor_new(c, &opts);
		const bson_t *doc;
		uint32_t n_docs = 0;

		bson_reinit(out);
		while ((got = cursor_next(cur, &doc, error)) == CURSOR_DOC)
			array_add(out, &n_docs, doc);
		cursor_free(cur);
		if (got == CURSOR_END)
			return true;
		if (got != CURSOR_LOST || !conn_back_off(n, since))
			return error_prefix(
			    error, "could not read admin.%s", coll);
	}
}

bool
accounts_read(struct conn *c, struct rights *r, bson_error_t *error)
{
	bson_init(&r->users);
	bson_init(&r->roles);
	return read_all(c, "system.users", &r->users, error) &&
	    read_all(c, "system.roles", &r->roles, error);
}

/* ------------------------------------------------------------ temporary */

static bool
run(struct conn *c, const char *db, bson_t *cmd, bson_error_t *error)
{
	BCON_APPEND(cmd, "writeConcern", "{", "w", BCON_UTF8("majority"),
	    "wtimeout", BCON_INT32(WTIMEOUT_MS), "}");
	return conn_command(c, db, cmd, NULL, error);
}

static bool
drop(struct conn *c, const char *coll, bson_error_t *error)
{
	bson_t cmd = BSON_INITIALIZER;
	bson_error_t why;
	bool ok;

	BSON_APPEND_UTF8(&cmd, "drop", coll);
	ok = run(c, "admin", &cmd, &why) || why.code == CODE_NO_NAMESPACE;
	bson_destroy(&cmd);
	if (!ok && error)
		*error = why;
	return ok;
}

static void
note_ids(const bson_t *docs, struct textset *ids)
{
	bson_iter_t it, in;

	if (!bson_iter_init(&it, docs))
		return;
	while (bson_iter_next(&it))
		if (bson_iter_recurse(&it, &in) && bson_iter_find(&in, "_id") &&
		    BSON_ITER_HOLDS_UTF8(&in))
			textset_add(ids, bson_iter_utf8(&in, NULL));
}

/* What a killed run of ours has left is of these very accounts. */
static bool
clear(struct conn *c, const char *coll, const bson_t *docs, bson_error_t *error)
{
	struct textset ours = {0}, there = {0};
	bson_t found = BSON_INITIALIZER;
	bool ok = read_all(c, coll, &found, error);

	note_ids(docs, &ours);
	note_ids(&found, &there);
	if (ok && textset_lacks(&ours, &there))
		ok = error_set(error, MM_EXIT_REFUSED, 0,
		    "%s: collection admin.%s holds accounts of somebody else's "
		    "restore: drop it when that has ended",
		    c->server->where, coll);
	textset_release(&ours);
	textset_release(&there);
	bson_destroy(&found);
	return ok && drop(c, coll, error);
}

static bool
insert_piece(
    struct conn *c, const char *coll, const bson_t *piece, bson_error_t *error)
{
	bson_t cmd = BSON_INITIALIZER, reply, wc;
	bool ok;

	BSON_APPEND_UTF8(&cmd, "insert", coll);
	BSON_APPEND_ARRAY(&cmd, "documents", piece);
	BSON_APPEND_DOCUMENT_BEGIN(&cmd, "writeConcern", &wc);
	BSON_APPEND_UTF8(&wc, "w", "majority");
	BSON_APPEND_INT32(&wc, "wtimeout", WTIMEOUT_MS);
	bson_append_document_end(&cmd, &wc);
	ok = conn_command(c, "admin", &cmd, &reply, error);
	/* The server's text could show a document. */
	if (ok && bson_has_field(&reply, "writeErrors"))
		ok = error_set(error, side_status(c->server->side),
		    (int)doc_int(&reply, "writeErrors.0.code"),
		    "%s: could not write to admin.%s (%d)", c->server->where,
		    coll, (int)doc_int(&reply, "writeErrors.0.code"));
	bson_destroy(&reply);
	bson_destroy(&cmd);
	return ok;
}

static bool
insert(
    struct conn *c, const char *coll, const bson_t *docs, bson_error_t *error)
{
	bson_t piece = BSON_INITIALIZER, doc;
	bson_iter_t it;
	uint32_t n = 0;
	bool ok = bson_iter_init(&it, docs);

	while (ok && doc_next(&it, &doc)) {
		if (n > 0 &&
		    (n == PIECE_DOCS || piece.len + doc.len > PIECE_BYTES)) {
			ok = insert_piece(c, coll, &piece, error);
			bson_reinit(&piece);
			n = 0;
		}
		array_add(&piece, &n, &doc);
	}
	ok = ok && (n == 0 || insert_piece(c, coll, &piece, error));
	bson_destroy(&piece);
	return ok;
}

static bool
merge(struct conn *c, const bson_t *const docs[2], bson_error_t *error)
{
	static const char *const fields[] = {
	    "tempUsersCollection", "tempRolesCollection"};
	bson_t cmd = BSON_INITIALIZER;
	bool ok;

	BSON_APPEND_INT32(&cmd, "_mergeAuthzCollections", 1);
	for (int i = 0; i < 2; i++) {
		char *ns = bson_strdup_printf("admin.%s", temporary[i]);

		if (!bson_empty(docs[i]))
			BSON_APPEND_UTF8(&cmd, fields[i], ns);
		bson_free(ns);
	}
	BSON_APPEND_BOOL(&cmd, "drop", false);
	BSON_APPEND_UTF8(&cmd, "db", "");
	ok = run(c, "admin", &cmd, error);
	bson_destroy(&cmd);
	if (!ok && error && error->code == CODE_NO_COMMAND)
		error_set(error, MM_EXIT_REFUSED, CODE_NO_COMMAND,
		    "%s: the server cannot take over accounts with their "
		    "hashes (no _mergeAuthzCollections)",
		    c->server->where);
	return ok;
}

static bool
add_once(struct conn *c, const bson_t *const docs[2], bson_error_t *error)
{
	bool ok = true;

	for (int i = 0; ok && i < 2; i++)
		if (!bson_empty(docs[i]))
			ok = clear(c, temporary[i], docs[i], error) &&
			    insert(c, temporary[i], docs[i], error);
	ok = ok && merge(c, docs, error);
	for (int i = 0; i < 2; i++)
		if (!bson_empty(docs[i]))
			ok = drop(c, temporary[i], ok ? error : NULL) && ok;
	return ok;
}

bool
accounts_add(struct conn *c, const bson_t *users, const bson_t *roles,
    bson_error_t *error)
{
	const bson_t *const docs[2] = {users, roles};
	int64_t since = bson_get_monotonic_time();
	bson_error_t why;

	if (bson_empty(users) && bson_empty(roles))
		return true;
	for (unsigned n = 0;; n++) {
		if (add_once(c, docs, &why))
			return true;
		if (conn_may_retry(c, &why) && conn_back_off(n, since))
			continue;
		if (error)
			*error = why;
		return false;
	}
}

bool
accounts_drop(struct conn *c, bool role, const char *db, const char *name,
    bson_error_t *error)
{
	int64_t since = bson_get_monotonic_time();
	bson_error_t why;

	for (unsigned n = 0;; n++) {
		bson_t cmd = BSON_INITIALIZER;
		bool ok;

		BSON_APPEND_UTF8(&cmd, role ? "dropRole" : "dropUser", name);
		ok = run(c, db, &cmd, &why);
		bson_destroy(&cmd);
		if (ok || why.code == CODE_USER_NOT_FOUND ||
		    why.code == CODE_ROLE_NOT_FOUND)
			return true;
		if (conn_may_retry(c, &why) && conn_back_off(n, since))
			continue;
		if (error)
			*error = why;
		return false;
	}
}
