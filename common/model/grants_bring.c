/* A right is ours when it is about the selection alone. What people made as a
 * role is ours as far as it has rights that are, so those are found first, and
 * again until none is added: roles may have roles. */
#include "model/grants_bring.h"

#include <string.h>

#include "base/array.h"
#include "base/doc.h"
#include "model/grants_right.h"

enum reach {
	REACH_NONE, /* others' */
	REACH_OURS,
	REACH_MORE /* the selection, and more than that */
};

struct choice {
	const struct ns_rules *rules;
	struct textset made; /* rights of having a role that people made */
	struct textset ours; /* those of them that go with the selection */
};

static bool
is_role(const bson_t *account)
{
	return doc_text(account, "role") != NULL;
}

static const char *
name_of(const bson_t *account)
{
	return doc_text_or(account, is_role(account) ? "role" : "user", "");
}

static char *
as_right(const bson_t *role)
{
	return right_role(
	    doc_text_or(role, "db", ""), doc_text_or(role, "role", ""));
}

/* --------------------------------------------------------------- reach */

static enum reach
reach_of_db(const struct choice *c, const char *db)
{
	if (ns_db_whole(c->rules, db))
		return REACH_OURS;
	return ns_db_selected(c->rules, db) ? REACH_MORE : REACH_NONE;
}

/* Roles of a server that are about every database. */
static bool
of_all(const char *name)
{
	static const char *const all[] = {
	    "root", "__system", "restore", "backup", "clusterAdmin"};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (strcmp(name, all[i]) == 0)
			return true;
	return strstr(name, "AnyDatabase") != NULL;
}

static enum reach
reach_of_role(const struct choice *c, const bson_t *ref)
{
	const char *db = doc_text_or(ref, "db", "");
	char *right = as_right(ref);
	enum reach reach;

	if (textset_has(&c->made, right))
		reach = textset_has(&c->ours, right) ? REACH_OURS : REACH_NONE;
	else if (strcmp(db, "admin") == 0)
		reach = of_all(doc_text_or(ref, "role", "")) ? REACH_MORE
							     : REACH_NONE;
	else
		reach = reach_of_db(c, db);
	bson_free(right);
	return reach;
}

static enum reach
reach_of_privilege(const struct choice *c, const bson_t *p)
{
	const char *db = doc_text(p, "resource.db");
	const char *coll = doc_text(p, "resource.collection");
	enum reach reach;
	char *ns;

	if (doc_bool(p, "resource.anyResource"))
		return REACH_MORE;
	if (!db || !coll)
		return REACH_NONE; /* of the cluster */
	if (!*db)
		return REACH_MORE;
	if (!*coll)
		return reach_of_db(c, db);
	if (ns_db_whole(c->rules, db))
		return REACH_OURS;
	ns = bson_strdup_printf("%s.%s", db, coll);
	reach = ns_selected(c->rules, ns) ? REACH_OURS : REACH_NONE;
	bson_free(ns);
	return reach;
}

typedef enum reach reach_fn(const struct choice *c, const bson_t *right);

/* Those of the array `field` that have this reach, appended to `to` (NULL:
 * nowhere). How many. */
static unsigned
filter(const struct choice *c, const bson_t *account, const char *field,
    reach_fn *reach_of, enum reach want, bson_t *to)
{
	bson_t list, right;
	bson_iter_t it;
	unsigned n = 0;

	if (!doc_sub(account, field, &list) || !bson_iter_init(&it, &list))
		return 0;
	while (doc_next(&it, &right))
		if (reach_of(c, &right) == want) {
			if (to)
				array_add(to, &n, &right);
			else
				n++;
		}
	return n;
}

static unsigned
count(const struct choice *c, const bson_t *account, enum reach want)
{
	return filter(c, account, "roles", reach_of_role, want, NULL) +
	    (is_role(account) ? filter(c, account, "privileges",
				    reach_of_privilege, want, NULL)
			      : 0);
}

/* The database alone is selected in part: somebody there, who is to have some
 * other right on it. */
static bool
has_part(const struct choice *c, const bson_t *account)
{
	bson_t list, right;
	bson_iter_t it;

	if (!doc_sub(account, "roles", &list) || !bson_iter_init(&it, &list))
		return false;
	while (doc_next(&it, &right))
		if (strcmp(doc_text_or(&right, "db", ""), "admin") != 0 &&
		    reach_of_role(c, &right) == REACH_MORE)
			return true;
	return false;
}

static bool
goes_with(const struct choice *c, const bson_t *account)
{
	return ns_db_whole(c->rules, doc_text_or(account, "db", "")) ||
	    count(c, account, REACH_OURS) > 0 || has_part(c, account);
}

static void
choose_roles(struct choice *c, const bson_t *roles)
{
	bson_iter_t it;
	bson_t role;
	size_t before;

	if (bson_iter_init(&it, roles))
		while (doc_next(&it, &role))
			textset_take(&c->made, as_right(&role));
	do {
		before = c->ours.n;
		if (!bson_iter_init(&it, roles))
			return;
		while (doc_next(&it, &role))
			if (goes_with(c, &role))
				textset_take(&c->ours, as_right(&role));
	} while (c->ours.n > before);
}

static void
choice_release(struct choice *c)
{
	textset_release(&c->made);
	textset_release(&c->ours);
}

/* -------------------------------------------------------------- select */

static const char *const carried[] = {"userId", "user", "role", "db",
    "credentials", "customData", "authenticationRestrictions"};

static void
copy_fields(const bson_t *from, bson_t *to)
{
	bson_iter_t it;

	for (size_t i = 0; i < sizeof carried / sizeof *carried; i++)
		if (bson_iter_init_find(&it, from, carried[i]))
			bson_append_iter(to, carried[i], -1, &it);
}

static void
select_one(
    const struct choice *c, const bson_t *account, bson_t *out, uint32_t *n)
{
	bson_t doc = BSON_INITIALIZER, list;

	copy_fields(account, &doc);
	if (is_role(account)) {
		BSON_APPEND_ARRAY_BEGIN(&doc, "privileges", &list);
		filter(c, account, "privileges", reach_of_privilege, REACH_OURS,
		    &list);
		bson_append_array_end(&doc, &list);
	}
	BSON_APPEND_ARRAY_BEGIN(&doc, "roles", &list);
	filter(c, account, "roles", reach_of_role, REACH_OURS, &list);
	bson_append_array_end(&doc, &list);
	array_add(out, n, &doc);
	bson_destroy(&doc);
}

/* The rights that stay behind. */
static void
note_left(
    const struct choice *c, const bson_t *account, bson_t *left, uint32_t *n)
{
	bson_t doc = BSON_INITIALIZER, rest = BSON_INITIALIZER, list;
	struct textset rights = {0};

	BSON_APPEND_ARRAY_BEGIN(&rest, "roles", &list);
	filter(c, account, "roles", reach_of_role, REACH_MORE, &list);
	bson_append_array_end(&rest, &list);
	BSON_APPEND_ARRAY_BEGIN(&rest, "privileges", &list);
	if (is_role(account))
		filter(c, account, "privileges", reach_of_privilege, REACH_MORE,
		    &list);
	bson_append_array_end(&rest, &list);
	rights_read(&rest, &rights);
	if (rights.n > 0) {
		BSON_APPEND_UTF8(
		    &doc, "kind", is_role(account) ? "role" : "user");
		BSON_APPEND_UTF8(&doc, "db", doc_text_or(account, "db", ""));
		BSON_APPEND_UTF8(&doc, "name", name_of(account));
		rights_append(&doc, "rights", &rights);
		array_add(left, n, &doc);
	}
	textset_release(&rights);
	bson_destroy(&rest);
	bson_destroy(&doc);
}

static void
select_all(const struct choice *c, const bson_t *accounts, bson_t *out,
    bson_t *left, uint32_t *n_left)
{
	uint32_t n = 0;
	bson_iter_t it;
	bson_t account;

	if (!bson_iter_init(&it, accounts))
		return;
	while (doc_next(&it, &account)) {
		if (goes_with(c, &account))
			select_one(c, &account, out, &n);
		note_left(c, &account, left, n_left);
	}
}

void
bring_select(const struct ns_rules *r, const bson_t *users, const bson_t *roles,
    struct bring *b)
{
	struct choice c = {.rules = r};
	uint32_t n_left = 0;

	bson_init(&b->users);
	bson_init(&b->roles);
	bson_init(&b->left);
	choose_roles(&c, roles);
	select_all(&c, roles, &b->roles, &b->left, &n_left);
	select_all(&c, users, &b->users, &b->left, &n_left);
	choice_release(&c);
}

void
bring_release(struct bring *b)
{
	bson_destroy(&b->users);
	bson_destroy(&b->roles);
	bson_destroy(&b->left);
}

/* --------------------------------------------------------------- check */

static bool
check_one(const struct choice *c, const bson_t *account, bool role,
    bson_error_t *error)
{
	if (!doc_text(account, "db") || !*name_of(account) ||
	    is_role(account) != role)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "a document is no %s", role ? "role" : "user");
	if (count(c, account, REACH_NONE) == 0 &&
	    count(c, account, REACH_MORE) == 0)
		return true;
	return error_set(error, MM_EXIT_REFUSED, 0,
	    "%s \"%s.%s\" would get rights beyond the selection",
	    role ? "role" : "user", doc_text(account, "db"), name_of(account));
}

static bool
check_all(const struct choice *c, const bson_t *accounts, bool role,
    bson_error_t *error)
{
	bson_iter_t it;
	bson_t account;
	bool ok = bson_iter_init(&it, accounts);

	while (ok && doc_next(&it, &account))
		ok = check_one(c, &account, role, error);
	return ok;
}

bool
bring_check(const struct ns_rules *r, const bson_t *users, const bson_t *roles,
    bson_error_t *error)
{
	struct choice c = {.rules = r};
	bson_iter_t it;
	bson_t role;
	bool ok;

	/* A role without rights is in the stream for its name's sake. */
	if (bson_iter_init(&it, roles))
		while (doc_next(&it, &role)) {
			textset_take(&c.made, as_right(&role));
			textset_take(&c.ours, as_right(&role));
		}
	ok = check_all(&c, roles, true, error) &&
	    check_all(&c, users, false, error);
	choice_release(&c);
	return ok;
}
