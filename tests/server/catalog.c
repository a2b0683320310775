#include "catalog.h"

#include <string.h>
#include <uthash.h>

#include "base/error.h"
#include "options.h"
#include "out.h"
#include "server.h"
#include "unique.h"

struct node {
	struct coll *coll;
	UT_hash_handle hh; /* by coll->ns */
	UT_hash_handle by_serial;
};

static struct node *nodes, *serials;

static struct node *
node_of(const char *ns)
{
	struct node *n;

	HASH_FIND_STR(nodes, ns, n);
	return n;
}

struct coll *
catalog_find_ns(const char *ns)
{
	struct node *n = node_of(ns);

	return n ? n->coll : NULL;
}

struct coll *
catalog_find(const char *db, const char *name)
{
	char ns[512];

	if ((size_t)snprintf(ns, sizeof ns, "%s.%s", db, name) >= sizeof ns)
		return NULL;
	return catalog_find_ns(ns);
}

struct coll *
catalog_by_uuid(const uint8_t uuid[16])
{
	for (struct node *n = nodes; n; n = n->hh.next)
		if (memcmp(n->coll->uuid, uuid, 16) == 0)
			return n->coll;
	return NULL;
}

struct coll *
catalog_by_serial(uint64_t serial)
{
	struct node *n;

	HASH_FIND(by_serial, serials, &serial, sizeof serial, n);
	return n ? n->coll : NULL;
}

struct coll *
catalog_next(const struct coll *c, const char *db)
{
	struct node *n = c ? node_of(c->ns)->hh.next : nodes;

	for (; n; n = n->hh.next)
		if (!db ||
		    (n->coll->db_len == strlen(db) &&
			memcmp(n->coll->ns, db, n->coll->db_len) == 0))
			return n->coll;
	return NULL;
}

static void
add_node(struct coll *c)
{
	struct node *n = bson_malloc0(sizeof *n);

	n->coll = c;
	HASH_ADD_KEYPTR(hh, nodes, c->ns, strlen(c->ns), n);
	HASH_ADD_KEYPTR(by_serial, serials, &c->serial, sizeof c->serial, n);
}

static void
remove_node(const struct coll *c)
{
	struct node *n = node_of(c->ns);

	HASH_DEL(nodes, n);
	HASH_DELETE(by_serial, serials, n);
	bson_free(n);
}

struct coll *
catalog_add(const char *db, const char *name, const bson_t *options)
{
	struct coll *c = coll_new(db, name, options);
	bson_iter_t it;
	bson_t spec;

	c->has_id = !bson_iter_init_find(&it, options, "autoIndexId") ||
	    bson_iter_as_bool(&it);
	if (c->has_id) {
		options_id_index(options, &spec);
		coll_add_index(c, &spec);
		bson_destroy(&spec);
	}
	add_node(c);
	return c;
}

void
catalog_remove(struct coll *c)
{
	remove_node(c);
	coll_free(c);
}

void
catalog_rename(struct coll *c, const char *db, const char *name)
{
	remove_node(c);
	coll_set_name(c, db, name);
	add_node(c);
}

static void
set_spec(struct index *index, const bson_t *spec)
{
	bson_iter_t it;

	index->spec = bson_copy(spec);
	index->name = bson_iter_init_find(&it, index->spec, "name")
	    ? bson_iter_utf8(&it, NULL)
	    : "";
}

void
coll_add_index(struct coll *c, const bson_t *spec)
{
	struct unique *unique = unique_new(spec);
	struct order_at at;

	c->index =
	    bson_realloc(c->index, (c->n_indexes + 1) * sizeof *c->index);
	set_spec(&c->index[c->n_indexes], spec);
	if (c->n_indexes == 0 && c->has_id) {
		unique_free(unique); /* _id is the collection's own */
		unique = NULL;
	}
	c->index[c->n_indexes++].unique = unique;
	if (!unique)
		return;
	for (bool more = order_first(&c->natural, &at); more;
	     more = order_next(&c->natural, &at)) {
		const struct doc *d = order_item(&c->natural, &at);

		if (d->len > 0)
			unique_add(unique, d);
	}
}

void
coll_drop_index(struct coll *c, size_t i)
{
	bson_destroy(c->index[i].spec);
	unique_free(c->index[i].unique);
	c->n_indexes--;
	memmove(&c->index[i], &c->index[i + 1],
	    (c->n_indexes - i) * sizeof *c->index);
}

void
coll_set_index(struct coll *c, size_t i, const bson_t *spec)
{
	bson_destroy(c->index[i].spec);
	set_spec(&c->index[i], spec);
}

struct index *
coll_index_named(const struct coll *c, const char *name)
{
	for (size_t i = 0; i < c->n_indexes; i++)
		if (strcmp(c->index[i].name, name) == 0)
			return &c->index[i];
	return NULL;
}

bool
catalog_view(const char *db, const char *name, bson_t *view)
{
	struct coll *c = catalog_find(db, "system.views");
	struct buf ns = BUF_INIT;
	struct value id;
	struct doc *d;
	uint32_t n = (uint32_t)(strlen(db) + strlen(name) + 2);

	if (!c)
		return false;
	buf_reserve(&ns, n + 4);
	n = BSON_UINT32_TO_LE(n);
	buf_add(&ns, &n, 4);
	buf_add(&ns, db, strlen(db));
	buf_add_byte(&ns, '.');
	buf_add(&ns, name, strlen(name) + 1);
	id = (struct value){BSON_TYPE_UTF8, ns.data, (uint32_t)ns.len};
	d = coll_by_id(c, &id);
	buf_release(&ns);
	return d && bson_init_static(view, d->data, d->len);
}

static bool
known_system(const char *db, const char *name)
{
	static const char *const any[] = {
	    "system.js", "system.views", "system.profile", NULL};
	static const char *const admin[] = {"system.users", "system.roles",
	    "system.version", "system.keys", "system.backup_users", NULL};

	for (size_t i = 0; any[i]; i++)
		if (strcmp(name, any[i]) == 0)
			return true;
	for (size_t i = 0; strcmp(db, "admin") == 0 && admin[i]; i++)
		if (strcmp(name, admin[i]) == 0)
			return true;
	return strcmp(db, "config") == 0 || strcmp(db, "local") == 0 ||
	    strncmp(name, "system.buckets.", 15) == 0;
}

bool
catalog_check_name(const char *db, const char *name, bson_error_t *error)
{
	if (*name == '\0' || *name == '.' || strchr(name, '$') ||
	    strlen(db) + strlen(name) + 1 > 255) {
		bson_set_error(
		    error, 0, 73, "Invalid collection name: %s", name);
		return false;
	}
	if (*db == '\0' || strpbrk(db, "/\\. \"$") || strlen(db) > 63) {
		bson_set_error(error, 0, 73, "Invalid database name: '%s'", db);
		return false;
	}
	if (strncmp(name, "system.", 7) == 0 && !known_system(db, name)) {
		bson_set_error(
		    error, 0, 73, "Invalid system namespace: %s.%s", db, name);
		return false;
	}
	return true;
}

static struct coll *
add_plain(const char *db, const char *name)
{
	bson_t none = BSON_INITIALIZER;

	return catalog_add(db, name, &none);
}

static void
insert_plain(const char *db, const char *name, bson_t *doc)
{
	struct coll *c = catalog_find(db, name);
	bson_error_t error;

	coll_insert(c ? c : add_plain(db, name), bson_get_data(doc), doc->len,
	    1, 0, NULL, &error);
	bson_destroy(doc);
}

void
catalog_init(void)
{
	insert_plain("admin", "system.version",
	    BCON_NEW("_id", "featureCompatibilityVersion", "version",
		BCON_UTF8(sim.set.fcv_text)));
	if (sim.set.pose && strcmp(sim.set.pose, "shard") == 0)
		insert_plain("admin", "system.version",
		    BCON_NEW("_id", "shardIdentity", "shardName", "shard0",
			"clusterId", BCON_OID(&sim.set_id),
			"configsvrConnectionString", "config/127.0.0.1:27019"));
	add_plain("config", "transactions");
	add_plain("config", "system.sessions");
	add_plain("config", "system.indexBuilds");
	add_plain("local", "startup_log");
	insert_plain("local", "system.replset",
	    BCON_NEW(
		"_id", BCON_UTF8(sim.set.set_name), "version", BCON_INT32(1)));
}
