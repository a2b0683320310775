#include "engine/users_new.h"

#include <string.h>

#include "base/array.h"
#include "base/doc.h"
#include "base/msg.h"
#include "model/textset.h"
#include "mongo/accounts.h"
#include "mongo/withheld.h"

#define KINDS 2 /* users, roles */

static const char *const kinds[KINDS] = {"user", "role"};

struct users_new {
	struct conn *conn;
	const char *job;
	bool skip;
	struct rights there;         /* secret */
	struct textset names[KINDS]; /* _id of those there */
	struct textset ours;         /* "kind _id": with withheld rights */
	struct textset added;        /* "kind _id" */
	bson_t make[KINDS];          /* documents */
	bson_t changes;
	bson_t replace[KINDS]; /* those of ours that have changed since */
	uint32_t n_make[KINDS], n_changes, n_replace[KINDS];
	unsigned taken, kept;
};

typedef bool each_fn(
    struct users_new *u, const bson_t *doc, int kind, bson_error_t *error);

static bool
each(struct users_new *u, const bson_t *docs, int kind, each_fn *fn,
    bson_error_t *error)
{
	bson_iter_t it;
	bson_t doc;

	if (!bson_iter_init(&it, docs))
		return true;
	while (doc_next(&it, &doc)) {
		if (!fn(u, &doc, kind, error))
			return false;
	}
	return true;
}

static char *
full_name(int kind, const char *id)
{
	return bson_strdup_printf("%s %s", kinds[kind], id);
}

static bool
note_there(
    struct users_new *u, const bson_t *doc, int kind, bson_error_t *error)
{
	(void)error;
	textset_add(&u->names[kind], doc_text_or(doc, "_id", ""));
	return true;
}

static bool
note_ours(
    struct users_new *u, const bson_t *change, int kind, bson_error_t *error)
{
	char *id = bson_strdup_printf("%s.%s", doc_text_or(change, "db", ""),
	    doc_text_or(change, "name", ""));

	(void)error;
	kind = strcmp(doc_text_or(change, "kind", ""), "role") == 0;
	textset_take(&u->ours, full_name(kind, id));
	bson_free(id);
	return true;
}

static bool
read_there(struct users_new *u, bson_error_t *error)
{
	bson_t plan, list;
	bool ok = accounts_read(u->conn, &u->there, error);

	if (!ok)
		return false;
	each(u, &u->there.users, 0, note_there, NULL);
	each(u, &u->there.roles, 1, note_there, NULL);
	ok = withheld_read(u->conn, u->job, &plan, error);
	if (ok && doc_sub(&plan, "changes", &list))
		each(u, &list, 0, note_ours, NULL);
	bson_destroy(&plan);
	return ok;
}

struct users_new *
users_new_begin(struct conn *c, const char *job, bool skip, bson_error_t *error)
{
	struct users_new *u =
	    bson_aligned_alloc0(BSON_ALIGNOF(struct users_new), sizeof *u);

	u->conn = c;
	u->job = job;
	u->skip = skip;
	bson_init(&u->changes);
	for (int k = 0; k < KINDS; k++) {
		bson_init(&u->make[k]);
		bson_init(&u->replace[k]);
	}
	if (read_there(u, error))
		return u;
	users_new_free(u);
	return NULL;
}

void
users_new_free(struct users_new *u)
{
	if (!u)
		return;
	rights_release(&u->there);
	bson_destroy(&u->changes);
	textset_release(&u->ours);
	textset_release(&u->added);
	for (int k = 0; k < KINDS; k++) {
		textset_release(&u->names[k]);
		bson_destroy(&u->make[k]);
		bson_destroy(&u->replace[k]);
	}
	bson_free(u);
}

/* ----------------------------------------------------------- what is there */

static bool
find(const bson_t *docs, const char *id, bson_t *doc)
{
	bson_iter_t it;

	if (!bson_iter_init(&it, docs))
		return false;
	while (doc_next(&it, doc)) {
		if (strcmp(doc_text_or(doc, "_id", ""), id) == 0)
			return true;
	}
	return false;
}

static bool
empty_list(const bson_t *doc, const char *field)
{
	bson_t list;

	return !doc_sub(doc, field, &list) || bson_empty(&list);
}

static bool
without_rights(const bson_t *doc)
{
	return empty_list(doc, "roles") && empty_list(doc, "privileges");
}

/* What makes an account that account: all fields but rights and userId, which
 * a server may give anew. */
static bool
same_account(const bson_t *a, const bson_t *b)
{
	static const char *const fields[] = {
	    "credentials", "customData", "authenticationRestrictions"};

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		bson_t x, y;
		bool has_x = doc_sub(a, fields[i], &x),
		     has_y = doc_sub(b, fields[i], &y);

		if (has_x != has_y || (has_x && !bson_equal(&x, &y)))
			return false;
	}
	return true;
}

/* ------------------------------------------------------------------ adding */

/* The name is somebody's. */
static bool
taken(struct users_new *u, int kind, const char *id)
{
	if (u->skip)
		msg_warn("%s \"%s\" is there already: left as it is",
		    kinds[kind], id);
	else
		msg_error("%s \"%s\" is there already, and was not made by "
			  "this job",
		    kinds[kind], id);
	u->taken++;
	return true;
}

bool
users_new_add(struct users_new *u, bool role, const bson_t *doc,
    const bson_t *change, bson_error_t *error)
{
	const char *id = doc_text_or(doc, "_id", "");
	char *full = full_name(role, id);
	bool twice = textset_has(&u->added, full),
	     ours = textset_has(&u->ours, full);
	bson_t there;

	textset_take(&u->added, full);
	if (twice)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "two %ss would become \"%s\"", kinds[role], id);
	if (!textset_has(&u->names[role], id)) {
		array_add(&u->make[role], &u->n_make[role], doc);
	} else {
		if (!find(role ? &u->there.roles : &u->there.users, id, &there))
			return true;
		if (!ours || !without_rights(&there))
			return taken(u, role, id);
		u->kept++;
		if (!same_account(doc, &there)) {
			array_add(&u->replace[role], &u->n_replace[role], doc);
			array_add(&u->make[role], &u->n_make[role], doc);
		}
	}
	array_add(&u->changes, &u->n_changes, change);
	return true;
}

/* ------------------------------------------------------------------ making */

static bool
withhold(
    struct users_new *u, const bson_t *change, int kind, bson_error_t *error)
{
	(void)kind;
	return withheld_add(u->conn, u->job, change, error);
}

static bool
remove_old(
    struct users_new *u, const bson_t *doc, int kind, bson_error_t *error)
{
	msg_info("%s \"%s\" has changed on the source: made anew", kinds[kind],
	    doc_text_or(doc, "_id", ""));
	return accounts_drop(u->conn, kind, doc_text_or(doc, "db", ""),
	    doc_text_or(doc, kinds[kind], ""), error);
}

static bool
is_made(struct users_new *u, const bson_t *doc, int kind, bson_error_t *error)
{
	const char *id = doc_text_or(doc, "_id", "");
	bson_t there;

	if (find(kind ? &u->there.roles : &u->there.users, id, &there) &&
	    same_account(doc, &there) && without_rights(&there))
		return true;
	return error_set(error, MM_EXIT_REFUSED, 0,
	    "the target did not make %s \"%s\" as it is on the source",
	    kinds[kind], id);
}

/* The server says yes to what it has passed over. */
static bool
look(struct users_new *u, bson_error_t *error)
{
	rights_release(&u->there);
	return accounts_read(u->conn, &u->there, error) &&
	    each(u, &u->make[1], 1, is_made, error) &&
	    each(u, &u->make[0], 0, is_made, error);
}

bool
users_new_make(struct users_new *u, struct users_count *n, bson_error_t *error)
{
	if (u->taken > 0 && !u->skip)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "%u names are taken on the target: nothing was made "
		    "(--on-duplicate skip leaves them as they are)",
		    u->taken);
	if (!each(u, &u->changes, 0, withhold, error) ||
	    !each(u, &u->replace[0], 0, remove_old, error) ||
	    !each(u, &u->replace[1], 1, remove_old, error) ||
	    !accounts_add(u->conn, &u->make[0], &u->make[1], error) ||
	    !look(u, error))
		return false;
	n->users = u->n_make[0];
	n->roles = u->n_make[1];
	n->there = u->kept + (u->skip ? u->taken : 0);
	return true;
}
