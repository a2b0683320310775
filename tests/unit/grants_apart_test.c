/* Whose transactions cannot have written to a selection. */
#include <string.h>

#include "base/doc.h"
#include "model/grants.h"
#include "shop_scope.h"
#include "tap.h"

#define ROLE(db, name) "{'role': '" name "', 'db': '" db "'}"
#define USER(db, name, roles)                                                  \
	"{'user': '" name "', 'db': '" db "', 'roles': [" roles "]}"
#define DO(db, coll, action)                                                   \
	"{'resource': {'db': '" db "', 'collection': '" coll                   \
	"'}, 'actions': ['" action "']}"

/* Everybody who can write does so in a way of their own. */
static const char *const before_users =
    "{'0': " USER("shop", "app", ROLE("shop", "readWrite")) ", '1': " USER(
	"other", "biz", ROLE("other", "readWrite")) ", '2': " USER("admin",
	"dba", ROLE("admin", "root")) ", '3': " USER("admin", "mover",
	ROLE("admin", "root")) ", '4': " USER("other", "deep",
	ROLE("admin", "outer")) ", '5': " USER("shop", "reader",
	ROLE("shop", "read")) ", '6': " USER("other", "circle",
	ROLE("admin", "a")) ", '7': " USER("other", "nobody", "") "}";
static const char *const before_roles =
    "{'0': {'role': 'outer', 'db': 'admin', 'privileges': [], 'roles': [" ROLE(
	"admin",
	"inner") "]},"
		 "'1': {'role': 'inner', 'db': 'admin', 'privileges': [" DO(
		     "shop", "numbers",
		     "insert") "], 'roles': []},"
			       "'2': {'role': 'a', 'db': 'admin', "
			       "'privileges': [" DO("other", "",
				   "insert") "], 'roles': [" ROLE("admin",
				   "b") "]},"
					"'3': {'role': 'b', 'db': 'admin', "
					"'privileges': [], 'roles': [" ROLE(
					    "admin", "a") "]}}";
/* The same once they are blocked. */
static const char *const after_users =
    "{'0': " USER("shop", "app", ROLE("shop", "read")) ", '1': " USER(
	"other", "biz", ROLE("other", "readWrite")) ", '2': " USER("other",
	"deep", ROLE("admin", "outer")) ", '3': " USER("shop", "reader",
	ROLE("shop", "read")) "}";
static const char *const after_roles =
    "{'0': {'role': 'outer', 'db': 'admin', 'privileges': [], 'roles': [" ROLE(
	"admin", "inner") "]},"
			  "'1': {'role': 'inner', 'db': 'admin', 'privileges': "
			  "[], 'roles': []}}";

static char names[200];

static void
add(void *arg, const bson_t *user)
{
	(void)arg;
	strcat(names, *names ? " " : "");
	strcat(names, doc_text(user, "user"));
}

/* Their names; the plan of now goes to `made` (NULL: nobody wants it). */
static const char *
apart(const char *u, const char *r, const bson_t *recorded, bson_t *made)
{
	bson_t *users = tap_json5(u), *roles = tap_json5(r);
	bson_t plan = BSON_INITIALIZER;
	bson_error_t error;

	names[0] = '\0';
	if (!grants_plan(&shop_scope, users, roles, &plan, &error))
		strcpy(names, error.message);
	else
		grants_apart(&plan, recorded, users, roles, add, NULL);
	if (made)
		bson_concat(made, &plan);
	bson_destroy(&plan);
	bson_destroy(users);
	bson_destroy(roles);
	return names;
}

int
main(void)
{
	bson_t made = BSON_INITIALIZER;

	OK(strcmp(apart(before_users, before_roles, NULL, &made),
	       "biz reader circle nobody") == 0,
	    "who cannot write, through whatever roles: %s", names);
	OK(strcmp(apart(after_users, after_roles, &made, NULL), "biz reader") ==
		0,
	    "what was taken counts: %s", names);
	OK(strcmp(apart(after_users, after_roles, NULL, NULL),
	       "app biz deep reader") == 0,
	    "and it is the plan that says so: %s", names);
	bson_destroy(&made);
	return tap_done();
}
