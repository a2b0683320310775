/* Accounts that go with a selection, and their names on the target. */
#include <string.h>

#include "base/doc.h"
#include "model/grants_bring.h"
#include "tap.h"

static bson_error_t error;

static struct ns_rules *
rules(const char *filters)
{
	bson_t *doc = tap_json5(filters);
	struct ns_rules *r = ns_rules_read(doc, &error);

	bson_destroy(doc);
	if (!r)
		abort();
	return r;
}

/* All of shop, and crm.orders. */
static const char selection[] =
    "{'include': ['shop.*', 'crm.orders'], 'exclude': [],"
    " 'rename': [{'from': 'shop.*', 'to': 'store.*'},"
    " {'from': 'crm.orders', 'to': 'crm2.orders'}]}";

static const char roles[] =
    "{'0': {'_id': 'admin.top', 'role': 'top', 'db': 'admin', 'privileges':"
    " [{'resource': {'db': 'shop', 'collection': ''}, 'actions': ['find']},"
    "  {'resource': {'db': 'crm', 'collection': 'orders'}, 'actions':"
    "   ['insert', 'find']},"
    "  {'resource': {'db': 'crm', 'collection': ''}, 'actions': ['find']},"
    "  {'resource': {'db': 'bank', 'collection': ''}, 'actions': ['find']},"
    "  {'resource': {'cluster': true}, 'actions': ['inprog']},"
    "  {'resource': {'anyResource': true}, 'actions': ['find']}],"
    "  'roles': [{'role': 'under', 'db': 'admin'},"
    "   {'role': 'root', 'db': 'admin'}]},"
    " '1': {'_id': 'admin.under', 'role': 'under', 'db': 'admin',"
    "  'privileges': [], 'roles': [{'role': 'read', 'db': 'shop'}]},"
    " '2': {'_id': 'admin.far', 'role': 'far', 'db': 'admin', 'privileges':"
    "  [], 'roles': [{'role': 'read', 'db': 'bank'}]}}";

static const char users[] =
    "{'0': {'_id': 'x.a', 'user': 'a', 'db': 'x', 'credentials': {'S': 1},"
    "  'secret': 1, 'roles': [{'role': 'top', 'db': 'admin'},"
    "   {'role': 'far', 'db': 'admin'}, {'role': 'read', 'db': 'bank'}]},"
    " '1': {'_id': 'shop.none', 'user': 'none', 'db': 'shop', 'roles': []},"
    " '2': {'_id': 'crm.part', 'user': 'part', 'db': 'crm', 'roles':"
    "  [{'role': 'readWrite', 'db': 'crm'}]},"
    " '3': {'_id': 'admin.all', 'user': 'all', 'db': 'admin', 'roles':"
    "  [{'role': 'readWriteAnyDatabase', 'db': 'admin'}]},"
    " '4': {'_id': 'bank.b', 'user': 'b', 'db': 'bank', 'roles':"
    "  [{'role': 'far', 'db': 'admin'}, {'role': 'read', 'db': 'bank'}]}}";

static bool
is(const bson_t *got, const char *want)
{
	bson_t *doc = tap_json5(want);
	bool same = tap_same_doc(got, doc);

	bson_destroy(doc);
	return same;
}

static void
choose(struct bring *b)
{
	struct ns_rules *r = rules(selection);
	bson_t *u = tap_json5(users), *p = tap_json5(roles);

	bring_select(r, u, p, b);
	OK(is(&b->roles,
	       "{'0': {'role': 'top', 'db': 'admin', 'privileges': ["
	       "{'resource': {'db': 'shop', 'collection': ''}, 'actions':"
	       " ['find']}, {'resource': {'db': 'crm', 'collection': 'orders'},"
	       " 'actions': ['insert', 'find']}], 'roles':"
	       " [{'role': 'under', 'db': 'admin'}]},"
	       "'1': {'role': 'under', 'db': 'admin', 'privileges': [],"
	       " 'roles': [{'role': 'read', 'db': 'shop'}]}}"),
	    "roles, with what is about the selection; one through another");
	OK(is(&b->users,
	       "{'0': {'user': 'a', 'db': 'x', 'credentials': {'S': 1},"
	       " 'roles': [{'role': 'top', 'db': 'admin'}]},"
	       "'1': {'user': 'none', 'db': 'shop', 'roles': []},"
	       "'2': {'user': 'part', 'db': 'crm', 'roles': []}}"),
	    "users of the selection, and no field but known ones");
	OK(bson_count_keys(&b->left) == 3 &&
		strcmp(doc_text(&b->left, "0.name"), "top") == 0 &&
		strstr(doc_text(&b->left, "0.rights.0"), "anyResource") &&
		strstr(doc_text(&b->left, "0.rights.1"), "crm") &&
		strcmp(doc_text(&b->left, "0.rights.2"), "R admin.root") == 0 &&
		strcmp(doc_text(&b->left, "1.rights.0"), "R crm.readWrite") ==
		    0 &&
		strcmp(doc_text(&b->left, "2.name"), "all") == 0,
	    "what reaches further stays, and is told");
	OK(bring_check(r, &b->users, &b->roles, &error),
	    "what was chosen is allowed: %s", error.message);
	OK(!bring_check(r, u, &b->roles, &error) &&
		error_status(&error) == MM_EXIT_REFUSED &&
		strstr(error.message, "\"x.a\""),
	    "a right of others is not: %s", error.message);
	OK(!bring_check(r, &b->roles, &b->users, &error) &&
		error_status(&error) == MM_EXIT_STREAM,
	    "a user is no role");
	bson_destroy(u);
	bson_destroy(p);
	ns_rules_free(r);
}

static void
map(const char *filters, const char *account, bool role, const char *doc,
    const char *first_right)
{
	struct ns_rules *r = rules(filters);
	bson_t *from = tap_json5(account), d = BSON_INITIALIZER,
	       c = BSON_INITIALIZER;
	bool ok = bring_map(r, from, role, &d, &c, &error);

	if (doc)
		OK(ok && is(&d, doc) &&
			strcmp(doc_text(&c, "before.0"), first_right) == 0 &&
			!doc_text(&c, "after.0"),
		    "mapped: %s", doc);
	else
		OK(!ok && error_status(&error) == MM_EXIT_REFUSED,
		    "refused: %s", error.message);
	bson_destroy(from);
	bson_destroy(&d);
	bson_destroy(&c);
	ns_rules_free(r);
}

int
main(void)
{
	struct bring b;

	choose(&b);
	bring_release(&b);
	map(selection,
	    "{'user': 'a', 'db': 'shop', 'credentials': {'S': 1}, 'roles':"
	    " [{'role': 'read', 'db': 'shop'}, {'role': 'r', 'db': 'admin'}]}",
	    false,
	    "{'_id': 'store.a', 'user': 'a', 'credentials': {'S': 1},"
	    " 'db': 'store', 'roles': []}",
	    "R admin.r");
	map(selection,
	    "{'role': 'r', 'db': 'admin', 'privileges': [{'resource': {'db':"
	    " 'crm', 'collection': 'orders'}, 'actions': ['find']}], 'roles':"
	    " []}",
	    true,
	    "{'_id': 'admin.r', 'role': 'r', 'db': 'admin', 'privileges': [],"
	    " 'roles': []}",
	    "P find { \"db\" : \"crm2\", \"collection\" : \"orders\" }");
	map(selection,
	    "{'role': 'r', 'db': 'crm', 'privileges': [{'resource': {'db':"
	    " 'crm', 'collection': 'orders'}, 'actions': ['find']}], 'roles':"
	    " []}",
	    true, NULL, NULL);
	return tap_done();
}
