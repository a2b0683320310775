#include "account.h"

#include <string.h>

#include "builtin.h"
#include "request.h"

static struct user *users;

static bool
find(const char *coll, const char *db, const char *name, bson_t *doc)
{
	struct coll *c = catalog_find("admin", coll);
	struct buf id = BUF_INIT;
	struct doc *d = NULL;
	struct elem e;
	size_t mark;
	char *text;

	if (!c)
		return false;
	text = bson_strdup_printf("%s.%s", db, name);
	mark = out_open(&id, NULL, BSON_TYPE_DOCUMENT);
	out_text(&id, "_id", text);
	out_close(&id, mark);
	if (walk_find(id.data, id.len, "_id", &e))
		d = coll_by_id(c, &e.value);
	buf_release(&id);
	bson_free(text);
	return d && bson_init_static(doc, d->data, d->len);
}

bool
user_doc(const char *db, const char *name, bson_t *doc)
{
	return find("system.users", db, name, doc);
}

bool
role_doc(const char *db, const char *name, bson_t *doc)
{
	return find("system.roles", db, name, doc);
}

bool
role_there(const char *db, const char *name)
{
	bson_t doc;

	return builtin_role(db, name) || role_doc(db, name, &doc);
}

static void
read_id(const bson_t *doc, uint8_t id[16])
{
	bson_subtype_t subtype;
	const uint8_t *data;
	bson_iter_t it;
	uint32_t len = 0;

	memset(id, 0, 16);
	if (bson_iter_init_find(&it, doc, "userId") &&
	    BSON_ITER_HOLDS_BINARY(&it))
		bson_iter_binary(&it, &subtype, &len, &data);
	if (len == 16)
		memcpy(id, data, 16);
}

struct user *
user_of(const char *db, const char *name)
{
	struct user *u;
	uint8_t id[16];
	bson_t doc;

	if (!user_doc(db, name, &doc))
		return NULL;
	read_id(&doc, id);
	for (u = users; u; u = u->next)
		if (strcmp(u->db, db) == 0 && strcmp(u->name, name) == 0 &&
		    memcmp(u->id, id, 16) == 0)
			return u;
	u = bson_malloc0(sizeof *u);
	u->db = bson_strdup(db);
	u->name = bson_strdup(name);
	u->full = bson_strdup_printf("%s@%s", name, db);
	memcpy(u->id, id, 16);
	u->next = users;
	users = u;
	return u;
}

static void
make_stamp(uint64_t stamp[4])
{
	static const char *const names[] = {"system.users", "system.roles"};

	for (size_t i = 0; i < 2; i++) {
		const struct coll *c = catalog_find("admin", names[i]);

		stamp[i] = c ? c->serial : 0;
		stamp[2 + i] = c ? c->changes + 1 : 0;
	}
}

static void
refresh(struct user *u)
{
	struct role_names names = {0};
	uint64_t stamp[4];
	uint8_t id[16];
	bson_t doc;

	make_stamp(stamp);
	if (memcmp(stamp, u->stamp, sizeof stamp) == 0)
		return;
	memcpy(u->stamp, stamp, sizeof stamp);
	privileges_release(&u->may);
	u->there = user_doc(u->db, u->name, &doc);
	if (!u->there)
		return;
	read_id(&doc, id);
	u->there = memcmp(id, u->id, 16) == 0;
	role_names_of(&doc, &names);
	role_names_follow(&names);
	role_names_allow(&names, &u->may);
	role_names_release(&names);
}

bool
user_there(struct user *u)
{
	refresh(u);
	return u->there;
}

bool
user_may(struct user *u, const struct resource *target, const char *action)
{
	return user_there(u) && privileges_allow(&u->may, target, action);
}

static bool
parse_name(const bson_iter_t *it, const char *db, struct role_name *name)
{
	bson_iter_t sub;
	bson_t doc;

	*name = (struct role_name){0};
	if (BSON_ITER_HOLDS_UTF8(it)) {
		*name = (struct role_name){db, bson_iter_utf8(it, NULL)};
		return true;
	}
	if (!iter_doc(it, &doc))
		return false;
	if (bson_iter_init_find(&sub, &doc, "role") &&
	    BSON_ITER_HOLDS_UTF8(&sub))
		name->role = bson_iter_utf8(&sub, NULL);
	if (bson_iter_init_find(&sub, &doc, "db") && BSON_ITER_HOLDS_UTF8(&sub))
		name->db = bson_iter_utf8(&sub, NULL);
	return name->role && name->db;
}

bool
role_names_parse(const bson_t *array, const char *db, bool check,
    struct role_names *names, bson_error_t *error)
{
	struct role_name name;
	bson_iter_t it;

	if (!bson_iter_init(&it, array))
		return false;
	while (bson_iter_next(&it)) {
		if (!parse_name(&it, db, &name))
			return refuse(error, 9,
			    "Missing expected field \"role\" or \"db\"");
		if (check && !role_there(name.db, name.role))
			return refuse(error, 31, "Could not find role: %s@%s",
			    name.role, name.db);
		role_names_add(names, name.db, name.role);
	}
	return true;
}

void
role_names_of(const bson_t *doc, struct role_names *names)
{
	bson_error_t error;
	bson_iter_t it;
	bson_t array;

	if (bson_iter_init_find(&it, doc, "roles") && iter_doc(&it, &array))
		role_names_parse(&array, "", false, names, &error);
}

bool
role_names_has(const struct role_names *names, const char *db, const char *role)
{
	for (size_t i = 0; i < names->n; i++)
		if (strcmp(names->item[i].db, db) == 0 &&
		    strcmp(names->item[i].role, role) == 0)
			return true;
	return false;
}

void
role_names_add(struct role_names *names, const char *db, const char *role)
{
	if (role_names_has(names, db, role))
		return;
	names->item =
	    bson_realloc(names->item, (names->n + 1) * sizeof *names->item);
	names->item[names->n++] = (struct role_name){db, role};
}

void
role_names_cut(struct role_names *names, const struct role_names *less)
{
	size_t kept = 0;

	for (size_t i = 0; i < names->n; i++)
		if (!role_names_has(
			less, names->item[i].db, names->item[i].role))
			names->item[kept++] = names->item[i];
	names->n = kept;
}

void
role_names_follow(struct role_names *names)
{
	bson_t doc;

	for (size_t i = 0; i < names->n; i++)
		if (role_doc(names->item[i].db, names->item[i].role, &doc))
			role_names_of(&doc, names);
}

void
role_names_allow(const struct role_names *names, struct privileges *p)
{
	bson_error_t error;
	bson_iter_t it;
	bson_t doc, array;

	for (size_t i = 0; i < names->n; i++) {
		const struct role_name *n = &names->item[i];

		if (builtin_role(n->db, n->role))
			builtin_add(n->db, n->role, p);
		else if (role_doc(n->db, n->role, &doc) &&
		    bson_iter_init_find(&it, &doc, "privileges") &&
		    iter_doc(&it, &array))
			privileges_parse(&array, false, p, &error);
	}
}

void
role_names_put(const struct role_names *names, struct buf *out, const char *key)
{
	size_t array = out_open(out, key, BSON_TYPE_ARRAY);
	char text[INDEX_TEXT];

	for (size_t i = 0; i < names->n; i++) {
		size_t doc = out_open(
		    out, index_text((uint32_t)i, text), BSON_TYPE_DOCUMENT);

		out_text(out, "role", names->item[i].role);
		out_text(out, "db", names->item[i].db);
		out_close(out, doc);
	}
	out_close(out, array);
}

void
role_names_release(struct role_names *names)
{
	bson_free(names->item);
	*names = (struct role_names){0};
}
