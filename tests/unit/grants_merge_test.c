/* A side that is closed already is planned again; whom setUserWriteBlockMode
 * does not stop. */
#include <stdlib.h>
#include <string.h>

#include "base/doc.h"
#include "model/grants.h"
#include "shop_scope.h"
#include "tap.h"

static const bson_t none = BSON_INITIALIZER;
static bson_error_t error;

/* ------------------------------------------------------- an account, played */

enum { ROLES = 5, RW = 1, ADMIN = 2, READ = 4, OTHER = 8, MORE = 16 };

static const char *const role_db[ROLES] = {
    "shop", "shop", "shop", "other", "more"};
static const char *const role_name[ROLES] = {
    "readWrite", "dbAdmin", "read", "readWrite", "read"};

/* As usersInfo has a user with these roles. */
static bson_t *
users(unsigned set)
{
	bson_t *out = bson_new(), user, list, role;
	char room[16];
	const char *key;
	uint32_t n = 0;

	BSON_APPEND_DOCUMENT_BEGIN(out, "0", &user);
	BSON_APPEND_UTF8(&user, "user", "app");
	BSON_APPEND_UTF8(&user, "db", "shop");
	BSON_APPEND_ARRAY_BEGIN(&user, "roles", &list);
	for (unsigned i = 0; i < ROLES; i++) {
		if (!(set & 1u << i))
			continue;
		bson_uint32_to_string(n++, &key, room, sizeof room);
		BSON_APPEND_DOCUMENT_BEGIN(&list, key, &role);
		BSON_APPEND_UTF8(&role, "role", role_name[i]);
		BSON_APPEND_UTF8(&role, "db", role_db[i]);
		bson_append_document_end(&list, &role);
	}
	bson_append_array_end(&user, &list);
	bson_append_document_end(out, &user);
	return out;
}

/* What updateUser gives it. */
static unsigned
roles_of(const bson_t *command)
{
	unsigned set = 0;
	char path[32];
	bson_t role;

	for (unsigned k = 0; k < ROLES; k++) {
		snprintf(path, sizeof path, "roles.%u", k);
		if (!doc_sub(command, path, &role))
			break;
		for (unsigned i = 0; i < ROLES; i++)
			if (strcmp(doc_text(&role, "db"), role_db[i]) == 0 &&
			    strcmp(doc_text(&role, "role"), role_name[i]) == 0)
				set |= 1u << i;
	}
	return set;
}

static bool
merged(unsigned set, const bson_t *recorded, bson_t *out)
{
	bson_t *u = users(set), plan = BSON_INITIALIZER;
	bool ok = grants_plan(&shop_scope, u, &none, &plan, &error) &&
	    grants_merge(&plan, recorded, u, &none, out, &error);

	bson_destroy(&plan);
	bson_destroy(u);
	return ok;
}

/* The set after that step; refused: false. */
static bool
step(bool undo, const bson_t *plan, unsigned *set)
{
	bson_t change, command, user, *u = users(*set);
	enum grants_step got = GRANTS_DONE;

	doc_sub(u, "0", &user);
	if (doc_sub(plan, "changes.0", &change))
		got = (undo ? grants_undo : grants_block)(
		    &change, &user, &command, &error);
	if (got == GRANTS_DO) {
		*set = roles_of(&command);
		bson_destroy(&command);
	}
	bson_destroy(u);
	return got != GRANTS_REFUSED;
}

/* Attempts that are begun, killed and given up on a side that stays closed,
 * and a person who gives rights meanwhile; then it is opened. */
static bool
play(unsigned seed)
{
	unsigned set, owed;
	bson_t recorded = BSON_INITIALIZER;
	bool ok = true;

	srandom(seed);
	owed = set = (unsigned)random() % (1u << ROLES);
	for (int i = 0; ok && i < 5; i++) {
		unsigned add = random() % 2 ? OTHER : MORE;
		bson_t plan = BSON_INITIALIZER;

		ok = merged(set, &recorded, &plan);
		bson_destroy(&recorded);
		bson_steal(&recorded, &plan);
		if (random() % 3 > 0)
			ok = ok && step(false, &recorded, &set) &&
			    (set & (RW | ADMIN)) == 0;
		if (random() % 3 == 0 && !(set & add)) {
			set |= add;
			owed |= add;
		}
		if (random() % 4 == 0) {
			set |= RW;
			owed |= RW;
		}
	}
	ok = ok && step(true, &recorded, &set) && set == owed;
	if (!ok)
		tap_note(
		    "seed %u: %x, owed %x: %s", seed, set, owed, error.message);
	bson_destroy(&recorded);
	return ok;
}

static void
test_attempts(void)
{
	unsigned bad = 0;

	for (unsigned seed = 1; seed <= 3000; seed++)
		bad += !play(seed);
	OK(bad == 0, "everybody has what he is owed after any attempts");
}

static void
test_refused(void)
{
	bson_t first = BSON_INITIALIZER, second = BSON_INITIALIZER;
	unsigned set = RW | OTHER;

	OK(merged(set, &none, &first) && step(false, &first, &set) &&
		set == (READ | OTHER),
	    "closed");
	OK(!merged(READ, &first, &second) &&
		error_status(&error) == MM_EXIT_REFUSED &&
		strstr(error.message, "shop.app"),
	    "somebody has taken more away: %s", error.message);
	bson_destroy(&first);
	bson_destroy(&second);
}

/* ---------------------------------------------------------------- withheld */

static void
test_union(void)
{
	bson_t *a = tap_json5("{'changes': [{'kind': 'user', 'db': 'shop', "
			      "'name': 'app', 'before': ['R shop.readWrite'], "
			      "'after': ['R shop.read']}]}");
	bson_t *b = tap_json5(
	    "{'changes': [{'kind': 'user', 'db': 'shop', 'name': 'app', "
	    "'before': ['R shop.dbOwner'], 'after': []}, {'kind': 'role', "
	    "'db': 'shop', 'name': 'app', 'before': [], 'after': []}]}");
	bson_t out = BSON_INITIALIZER, last;

	grants_union(a, b, &out);
	OK(strcmp(doc_text(&out, "changes.0.before.0"), "R shop.readWrite") ==
		    0 &&
		strcmp(doc_text(&out, "changes.1.kind"), "role") == 0 &&
		!doc_sub(&out, "changes.2", &last),
	    "of an account that both change the first counts");
	bson_destroy(&out);
	bson_destroy(a);
	bson_destroy(b);
}

static void
test_gone(void)
{
	bson_t *recorded = tap_json5(
	    "{'changes': [{'kind': 'role', 'db': 'shop', 'name': 'w', "
	    "'before': ['R shop.readWrite'], 'after': []}]}");
	bson_t out = BSON_INITIALIZER;
	char x[65], y[65];
	bson_t *u = users(RW), *v = users(READ);

	OK(grants_merge(&none, recorded, &none, &none, &out, &error) &&
		strcmp(doc_text(&out, "changes.0.name"), "w") == 0,
	    "a role that is gone stays in the plan");
	bson_destroy(&out);
	bson_init(&out);
	merged(RW, &none, &out);
	grants_token(&out, u, &none, x);
	grants_token(&out, v, &none, y);
	OK(strcmp(x, y) != 0, "the token tells a change");
	grants_token(&out, &none, u, y);
	OK(strcmp(x, y) != 0, "and one that is gone");
	bson_destroy(&out);
	bson_destroy(recorded);
	bson_destroy(u);
	bson_destroy(v);
}

/* ----------------------------------------------------------------- passing */

static void
test_bypass(void)
{
	bson_t *u = tap_json5(
	    "{'0': {'user': 'mover', 'db': 'admin', 'roles': [{'role': "
	    "'root', 'db': 'admin'}]}, '1': {'user': 'copier', 'db': 'x', "
	    "'roles': [{'role': 'restore', 'db': 'admin'}, {'role': 'root', "
	    "'db': 'admin'}]}, '2': {'user': 'dba', 'db': 'admin', 'roles': "
	    "[{'role': 'readWriteAnyDatabase', 'db': 'admin'}]}, '3': "
	    "{'user': 'far', 'db': 'x', 'roles': [{'role': 'outer', 'db': "
	    "'admin'}]}}");
	bson_t *r = tap_json5(
	    "{'0': {'role': 'outer', 'db': 'admin', 'roles': [{'role': "
	    "'inner', 'db': 'admin'}]}, '1': {'role': 'inner', 'db': 'admin', "
	    "'privileges': [{'resource': {'cluster': true}, 'actions': "
	    "['bypassWriteBlockingMode']}], 'roles': []}}");
	bson_t out = BSON_INITIALIZER, third;

	grants_bypass(shop_scope.keep, 1, u, r, &out);
	OK(strcmp(doc_text_or(&out, "open.0.name", ""), "x.copier") == 0 &&
		strcmp(doc_text_or(&out, "open.1.name", ""), "x.far") == 0 &&
		!doc_sub(&out, "open.2", &third),
	    "who may bypass it is named, once, by role in role");
	OK(strcmp(doc_text_or(&out, "open.1.why.0", ""), "R admin.outer") == 0,
	    "and why");
	bson_destroy(&out);
	bson_destroy(u);
	bson_destroy(r);
}

int
main(void)
{
	test_attempts();
	test_refused();
	test_union();
	test_gone();
	test_bypass();
	return tap_done();
}
