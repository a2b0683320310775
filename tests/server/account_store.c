#include "account_store.h"

#include <string.h>

#include "auth.h"
#include "change.h"
#include "ddl.h"

static const struct {
	const char *coll, *field, *index;
} kinds[] = {{"system.users", "user", "user_1_db_1"},
    {"system.roles", "role", "role_1_db_1"}};

struct coll *
store_coll(enum kind kind)
{
	struct coll *c = catalog_find("admin", kinds[kind].coll);
	bson_t none = BSON_INITIALIZER;
	bson_t *spec;

	if (c)
		return c;
	c = ddl_create("admin", kinds[kind].coll, &none);
	spec = BCON_NEW("v", BCON_INT32(2), "unique", BCON_BOOL(true), "key",
	    "{", kinds[kind].field, BCON_INT32(1), "db", BCON_INT32(1), "}",
	    "name", BCON_UTF8(kinds[kind].index));
	ddl_index(c, spec);
	bson_destroy(spec);
	return c;
}

bool
store_add(struct request *r, enum kind kind, const struct buf *doc,
    bson_error_t *error)
{
	struct write w = {.r = r};

	return write_insert(
	    &w, store_coll(kind), doc->data, doc->len, NULL, error);
}

static struct doc *
doc_of(enum kind kind, const char *db, const char *name, struct coll **c)
{
	bson_t doc;
	struct elem id;

	*c = catalog_find("admin", kinds[kind].coll);
	if (!(kind == KIND_USER ? user_doc(db, name, &doc)
				: role_doc(db, name, &doc)) ||
	    !walk_find(bson_get_data(&doc), doc.len, "_id", &id))
		return NULL;
	return coll_by_id(*c, &id.value);
}

static bool
set_in(struct request *r, struct coll *c, struct doc *d, const struct buf *set,
    bson_error_t *error)
{
	struct write w = {.r = r};
	struct buf doc = BUF_INIT, info = BUF_INIT;
	size_t mark = out_open(&doc, NULL, BSON_TYPE_DOCUMENT), u, sub;
	struct change s;
	bson_t whole;
	bool ok;

	u = out_open(&doc, "u", BSON_TYPE_DOCUMENT);
	sub = out_open(&doc, "$set", BSON_TYPE_DOCUMENT);
	buf_add(&doc, set->data, set->len);
	out_close(&doc, sub);
	out_close(&doc, u);
	out_close(&doc, mark);
	change_init(&s);
	bson_init_static(&whole, doc.data, doc.len);
	ok = bson_iter_init_find(&s.u, &whole, "u") &&
	    change_update(&w, c, d, &s, &info, error);
	buf_release(&doc);
	buf_release(&info);
	return ok;
}

bool
store_set(struct request *r, enum kind kind, const char *db, const char *name,
    const struct buf *set, bson_error_t *error)
{
	struct coll *c;
	struct doc *d = doc_of(kind, db, name, &c);

	return d && (set->len == 0 || set_in(r, c, d, set, error));
}

bool
store_remove(
    struct request *r, enum kind kind, const char *db, const char *name)
{
	struct write w = {.r = r};
	struct coll *c;
	struct doc *d = doc_of(kind, db, name, &c);
	struct change s;

	change_init(&s);
	if (d)
		change_remove(&w, c, d, &s);
	return d != NULL;
}

static bool
forget_in(struct request *r, struct coll *c, struct doc *d,
    const struct role_names *gone, bson_error_t *error)
{
	struct role_names names = {0};
	struct buf set = BUF_INIT;
	bson_t doc;
	size_t before;
	bool ok = true;

	bson_init_static(&doc, d->data, d->len);
	role_names_of(&doc, &names);
	before = names.n;
	role_names_cut(&names, gone);
	if (names.n < before) {
		role_names_put(&names, &set, "roles");
		ok = set_in(r, c, d, &set, error);
	}
	buf_release(&set);
	role_names_release(&names);
	return ok;
}

bool
store_forget_role(
    struct request *r, const char *db, const char *role, bson_error_t *error)
{
	struct role_name one = {db, role};
	struct role_names gone = {&one, 1};
	struct order_at at;

	for (int kind = KIND_USER; kind <= KIND_ROLE; kind++) {
		struct coll *c = catalog_find("admin", kinds[kind].coll);

		if (!c)
			continue;
		for (bool more = order_first(&c->natural, &at); more;
		     more = order_next(&c->natural, &at)) {
			struct doc *d = order_item(&c->natural, &at);

			if (d->len > 0 && !forget_in(r, c, d, &gone, error))
				return false;
		}
	}
	return true;
}

bool
store_may_roles(
    const struct request *r, const struct role_names *names, const char *action)
{
	for (size_t i = 0; i < names->n; i++)
		if (!auth_may(r, names->item[i].db, NULL, action))
			return false;
	return true;
}

bool
store_may_privileges(
    const struct request *r, const struct privileges *p, const char *action)
{
	for (size_t i = 0; i < p->n; i++) {
		const char *db = p->item[i].where.db;

		if (!auth_may(r, db ? db : "admin", NULL, action))
			return false;
	}
	return true;
}
