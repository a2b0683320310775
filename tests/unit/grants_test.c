/* Rights of applications: planned, taken away, given back. */
#include <string.h>

#include "model/grants.h"
#include "model/grants_only.h"
#include "tap.h"

/* Selected: all of shop, and crm.orders of crm. */
static bool
sel_ns(const void *arg, const char *ns)
{
	(void)arg;
	return strncmp(ns, "shop.", 5) == 0 || strcmp(ns, "crm.orders") == 0;
}

static bool
sel_any(const void *arg, const char *db)
{
	(void)arg;
	return strcmp(db, "shop") == 0 || strcmp(db, "crm") == 0;
}

static bool
sel_whole(const void *arg, const char *db)
{
	(void)arg;
	return strcmp(db, "shop") == 0;
}

static const char *const collections[] = {"crm.orders", "crm.people", "crm.x"};
static const char *const keep[] = {"admin.mover"};
static const struct grants_scope scope = {
    sel_ns, sel_any, sel_whole, NULL, collections, 3, keep, 1};

static bson_error_t error;

static bson_t *
plan(const char *users, const char *roles)
{
	bson_t *u = tap_json5(users), *r = tap_json5(roles);
	bson_t *out = bson_new();

	if (!grants_plan(&scope, u, r, out, &error)) {
		bson_destroy(out);
		out = NULL;
	}
	bson_destroy(u);
	bson_destroy(r);
	return out;
}

/* One change or open entry as JSON, or "". */
static char *
entry(const bson_t *doc, const char *path)
{
	bson_iter_t it, at;
	const uint8_t *data;
	uint32_t len;
	bson_t view;

	if (!doc || !bson_iter_init(&it, doc) ||
	    !bson_iter_find_descendant(&it, path, &at))
		return bson_strdup("");
	bson_iter_document(&at, &len, &data);
	if (!bson_init_static(&view, data, len))
		abort();
	return bson_as_canonical_extended_json(&view, NULL);
}

static bool
has(const bson_t *doc, const char *path, const char *want)
{
	char *json = entry(doc, path);
	bool found = strstr(json, want) != NULL;

	if (!found)
		tap_note("%s: %s", path, json);
	bson_free(json);
	return found;
}

static bool
absent(const bson_t *doc, const char *path)
{
	char *json = entry(doc, path);
	bool none = *json == '\0';

	if (!none)
		tap_note("%s: %s", path, json);
	bson_free(json);
	return none;
}

static void
test_users(void)
{
	bson_t *p =
	    plan("{'0': {'user': 'app', 'db': 'shop', 'roles': [{'role': "
		 "'readWrite', 'db': 'shop'}, {'role': 'readWrite', 'db': "
		 "'other'}]}, '1': {'user': 'reader', 'db': 'shop', 'roles': "
		 "[{'role': 'read', 'db': 'shop'}]}, '2': {'user': 'mover', "
		 "'db': 'admin', 'roles': [{'role': 'root', 'db': 'admin'}]}, "
		 "'3': {'user': 'dba', 'db': 'admin', 'roles': [{'role': "
		 "'readWriteAnyDatabase', 'db': 'admin'}, {'role': 'root', "
		 "'db': 'admin'}]}, '4': {'user': "
		 "'crm', 'db': 'crm', 'roles': [{'role': 'readWrite', 'db': "
		 "'crm'}]}}",
		"{}");

	OK(p && has(p, "changes.0", "\"name\" : \"app\""),
	    "a user with readWrite of a selected database");
	OK(has(p, "changes.0",
	       "\"after\" : [ \"R other.readWrite\", \"R shop.read\" ]"),
	    "has read of it instead, and keeps what it has elsewhere");
	OK(absent(p, "changes.1"), "readers and others are left alone");
	OK(has(p, "open.0", "admin.dba") &&
		has(p, "open.0", "R admin.readWriteAnyDatabase"),
	    "who reaches every database is named");
	OK(has(p, "open.0", "\"R admin.root\" ]"),
	    "once, with all that makes it so");
	OK(has(p, "open.1", "crm.crm"),
	    "so is a built-in role of a database that is selected in part");
	OK(has(p, "kept.0", "admin.mover") && absent(p, "open.2"),
	    "our own account goes on");
	bson_destroy(p);
}

static void
test_roles(void)
{
	bson_t *p = plan(
	    "{'0': {'user': 'app', 'db': 'shop', 'roles': [{'role': 'outer', "
	    "'db': 'admin'}]}}",
	    "{'0': {'role': 'outer', 'db': 'admin', 'privileges': [], "
	    "'roles': [{'role': 'inner', 'db': 'shop'}]}, '1': {'role': "
	    "'inner', 'db': 'shop', 'privileges': [{'resource': {'db': "
	    "'shop', 'collection': ''}, 'actions': ['find', 'insert', "
	    "'update']}, {'resource': {'db': 'crm', 'collection': ''}, "
	    "'actions': ['find', 'remove']}, {'resource': {'db': 'crm', "
	    "'system_buckets': 'x'}, 'actions': ['collMod']}, {'resource': "
	    "{'db': 'crm', 'collection': 'orders'}, 'actions': ['insert']}, "
	    "{'resource': {'cluster': true}, 'actions': ['listDatabases']}], "
	    "'roles': []}, '2': {'role': 'unused', 'db': 'shop', "
	    "'privileges': [{'resource': {'db': 'shop', 'collection': ''}, "
	    "'actions': ['insert']}], 'roles': []}}");
	char *json = entry(p, "changes.0");
	const char *after = strstr(json, "after");

	OK(has(p, "changes.0", "\"name\" : \"inner\"") &&
		absent(p, "changes.1"),
	    "a role that a role has is narrowed, one that nobody has is not");
	OK(after && !strstr(after, "P insert") && !strstr(after, "P update") &&
		strstr(after, "P find"),
	    "what writes goes, what reads stays");
	OK(after && strstr(after, "P listDatabases") &&
		strstr(after, "\\\"system_buckets\\\" : \\\"x\\\" }"),
	    "what is not about data stays, nor about data that can be moved");
	OK(after &&
		!strstr(after,
		    "P remove { \\\"db\\\" : \\\"crm\\\", "
		    "\\\"collection\\\" : \\\"\\\" }") &&
		strstr(after,
		    "P remove { \\\"db\\\" : \\\"crm\\\", "
		    "\\\"collection\\\" : \\\"people\\\" }") &&
		!strstr(after,
		    "P remove { \\\"db\\\" : \\\"crm\\\", "
		    "\\\"collection\\\" : \\\"orders\\\" }"),
	    "of a database in part the other collections stay writable");
	bson_free(json);
	bson_destroy(p);

	p = plan("{'0': {'user': 'app', 'db': 'shop', 'roles': [{'role': 'w', "
		 "'db': 'shop'}]}, '1': {'user': 'mover', 'db': 'admin', "
		 "'roles': [{'role': 'w', 'db': 'shop'}]}}",
	    "{'0': {'role': 'w', 'db': 'shop', 'privileges': [{'resource': "
	    "{'db': 'shop', 'collection': 'a'}, 'actions': ['insert']}], "
	    "'roles': []}}");
	OK(!p && error_status(&error) == MM_EXIT_REFUSED &&
		strstr(error.message, "shop.w"),
	    "a role shared with our account is refused: %s", error.message);
}

static const char role_before[] =
    "{'role': 'w', 'db': 'shop', 'privileges': [{'resource': {'db': 'shop', "
    "'collection': 'a'}, 'actions': ['insert', 'find']}], 'roles': "
    "[{'role': 'dbOwner', 'db': 'shop'}]}";
static const char role_after[] =
    "{'role': 'w', 'db': 'shop', 'privileges': [{'resource': {'db': 'shop', "
    "'collection': 'a'}, 'actions': ['find']}], 'roles': [{'role': 'read', "
    "'db': 'shop'}]}";

struct tried {
	enum grants_step step;
	char *json; /* of the command, "" for none */
};

static struct tried
try(bool undo, const bson_t *change, const char *present)
{
	bson_t *now = present ? tap_json5(present) : NULL, command;
	struct tried t;

	t.step = undo ? grants_undo(change, now, &command, &error)
		      : grants_block(change, now, &command, &error);
	if (t.step == GRANTS_DO) {
		t.json = bson_as_canonical_extended_json(&command, NULL);
		bson_destroy(&command);
	} else {
		t.json = bson_strdup("");
	}
	if (now)
		bson_destroy(now);
	return t;
}

#define TRY(undo, present, cond, ...)                                          \
	do {                                                                   \
		struct tried t = try(undo, &change, present);                  \
		bool good = (cond);                                            \
                                                                               \
		if (!good)                                                     \
			tap_note("%d %s", t.step, t.json);                     \
		OK(good, __VA_ARGS__);                                         \
		bson_free(t.json);                                             \
	} while (0)

static void
test_there_and_back(void)
{
	char *roles = bson_strdup_printf("{'0': %s}", role_before);
	bson_t *p = plan("{'0': {'user': 'app', 'db': 'shop', 'roles': "
			 "[{'role': 'w', 'db': 'shop'}]}}",
	    roles);
	bson_iter_t it, at;
	const uint8_t *data;
	uint32_t len;
	bson_t change;

	bson_free(roles);
	if (!bson_iter_init(&it, p) ||
	    !bson_iter_find_descendant(&it, "changes.0", &at))
		abort();
	bson_iter_document(&at, &len, &data);
	if (!bson_init_static(&change, data, len))
		abort();

	TRY(false, role_before,
	    t.step == GRANTS_DO &&
		strcmp(t.json,
		    "{ \"updateRole\" : \"w\", \"privileges\" : [ { "
		    "\"resource\" : { \"db\" : \"shop\", \"collection\" : "
		    "\"a\" }, \"actions\" : [ \"find\" ] } ], \"roles\" : [ { "
		    "\"role\" : \"read\", \"db\" : \"shop\" } ] }") == 0,
	    "blocking is one command for the role");
	TRY(false, role_after, t.step == GRANTS_DONE, "done once is enough");
	TRY(false, NULL, t.step == GRANTS_DONE, "a role that is gone");
	TRY(false,
	    "{'role': 'w', 'db': 'shop', 'privileges': [], 'roles': "
	    "[{'role': 'readWrite', 'db': 'shop'}]}",
	    t.step == GRANTS_REFUSED, "one that was edited is not touched: %s",
	    error.message);
	TRY(true, role_after,
	    t.step == GRANTS_DO && strstr(t.json, "\"insert\"") &&
		strstr(t.json, "dbOwner") &&
		!strstr(t.json, "\"role\" : \"read\""),
	    "everything is given back");
	TRY(true, role_before, t.step == GRANTS_DONE, "once");
	TRY(true, NULL, t.step == GRANTS_DONE, "not to a role that is gone");
	TRY(true,
	    "{'role': 'w', 'db': 'shop', 'privileges': [{'resource': {'db': "
	    "'shop', 'collection': 'a'}, 'actions': ['find']}, {'resource': "
	    "{'db': 'logs', 'collection': ''}, 'actions': ['insert']}], "
	    "'roles': [{'role': 'read', 'db': 'shop'}, {'role': 'read', "
	    "'db': 'more'}]}",
	    t.step == GRANTS_DO && strstr(t.json, "logs") &&
		strstr(t.json, "more") && strstr(t.json, "dbOwner"),
	    "what somebody has added meanwhile stays");
	TRY(true,
	    "{'role': 'w', 'db': 'shop', 'privileges': [], 'roles': "
	    "[{'role': 'read', 'db': 'shop'}]}",
	    t.step == GRANTS_REFUSED && strstr(error.message, "P find"),
	    "where somebody has taken away, it is not given back: %s",
	    error.message);
	bson_destroy(p);
}

static void
test_digest(void)
{
	bson_t *a = tap_json5(role_before), *b = tap_json5(role_after);
	bson_t *c = tap_json5(
	    "{'roles': [{'role': 'dbOwner', 'db': 'shop'}], 'privileges': "
	    "[{'resource': {'db': 'shop', 'collection': 'a'}, 'actions': "
	    "['find', 'insert']}]}");
	char x[65], y[65], z[65];

	grants_digest(a, x);
	grants_digest(b, y);
	grants_digest(c, z);
	OK(strcmp(x, y) != 0 && strcmp(x, z) == 0,
	    "the digest is of the rights, in any order");
	bson_destroy(a);
	bson_destroy(b);
	bson_destroy(c);
}

static void
test_readers(void)
{
	struct grants_scope both = scope;
	bson_t *u = tap_json5(
		   "{'0': {'user': 'a', 'db': 'shop', 'roles': [{'role': "
		   "'read', 'db': 'shop'}, {'role': 'read', 'db': 'x'}]}, "
		   "'1': {'user': 'b', 'db': 'admin', 'roles': [{'role': "
		   "'clerk', 'db': 'admin'}, {'role': 'readAnyDatabase', 'db': "
		   "'admin'}]}}"),
	       *r = tap_json5(
		   "{'0': {'role': 'clerk', 'db': 'admin', 'privileges': "
		   "[{'resource': {'db': 'crm', 'collection': ''}, 'actions': "
		   "['find', 'listCollections']}], 'roles': [{'role': 'read', "
		   "'db': 'shop'}]}}");
	bson_t p = BSON_INITIALIZER;

	both.readers = true;
	OK(grants_plan(&both, u, r, &p, &error), "readers are planned");
	OK(has(&p, "changes.0", "\"after\" : [ \"R x.read\" ]"),
	    "nothing is put in the place of read");
	OK(has(&p, "changes.1", "\"name\" : \"clerk\""),
	    "a role is narrowed, too");
	OK(has(&p, "changes.1", "P find") && has(&p, "changes.1", "people") &&
		has(&p, "changes.1", "P listCollections"),
	    "other collections can be read on");
	OK(has(&p, "open.0", "readAnyDatabase"), "who reads all is named");
	bson_destroy(&p);
	bson_destroy(u);
	bson_destroy(r);
}

static const struct {
	const char *account;
	bool only;
} accounts[] = {
    {"{'user': 'a', 'roles': [{'db': 'shop', 'role': 'readWrite'}]}", true},
    {"{'user': 'a', 'roles': [{'db': 'shop', 'role': 'readWrite'}, {'db': "
     "'other', 'role': 'read'}]}",
	false},
    {"{'user': 'a', 'roles': [{'db': 'crm', 'role': 'read'}]}", false},
    {"{'user': 'a', 'roles': [{'db': 'admin', 'role': 'root'}]}", false},
    {"{'user': 'a', 'roles': [{'db': 'admin', 'role': 'seller'}]}", true},
    {"{'user': 'a', 'roles': [{'db': 'admin', 'role': 'people'}]}", false},
    {"{'user': 'a', 'roles': [{'db': 'admin', 'role': 'nested'}]}", false},
    {"{'user': 'a', 'roles': []}", false},
    {"{'role': 'r', 'privileges': [{'resource': {'cluster': true}, "
     "'actions': ['inprog']}]}",
	false},
    {"{'role': 'r', 'privileges': [{'resource': {'db': '', 'collection': ''}, "
     "'actions': ['find']}]}",
	false},
    {"{'role': 'r', 'privileges': [{'resource': {'db': 'shop', 'collection': "
     "''}, 'actions': ['find']}]}",
	true},
};

static void
test_only(void)
{
	bson_t *roles = tap_json5(
	    "{'0': {'role': 'seller', 'db': 'admin', 'privileges': "
	    "[{'resource': {'db': 'crm', 'collection': 'orders'}, 'actions': "
	    "['find', 'insert']}], 'roles': []},"
	    "'1': {'role': 'people', 'db': 'admin', 'privileges': "
	    "[{'resource': {'db': 'crm', 'collection': 'people'}, 'actions': "
	    "['find']}], 'roles': []},"
	    "'2': {'role': 'nested', 'db': 'admin', 'privileges': [], 'roles': "
	    "[{'role': 'seller', 'db': 'admin'}, {'role': 'people', 'db': "
	    "'admin'}]}}");

	for (size_t i = 0; i < sizeof accounts / sizeof *accounts; i++) {
		bson_t *doc = tap_json5(accounts[i].account);

		OK(grants_only(doc, roles, sel_ns, sel_whole, NULL) ==
			accounts[i].only,
		    "%s: %s", accounts[i].only ? "only" : "more",
		    accounts[i].account);
		bson_destroy(doc);
	}
	bson_destroy(roles);
}

int
main(void)
{
	test_users();
	test_roles();
	test_there_and_back();
	test_digest();
	test_readers();
	test_only();
	return tap_done();
}
