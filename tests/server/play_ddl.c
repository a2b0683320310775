/* Commands of an oplog, applied to the catalog by the UUIDs they name. */
#include <string.h>

#include "catalog.h"
#include "ddl.h"
#include "model/ns.h"
#include "options.h"
#include "play.h"

static bool
is(const struct entry *e, const char *name)
{
	return strcmp(e->command, name) == 0;
}

/* The collection that the first field of the command names. */
static struct coll *
coll_of(const struct entry *e, const char **name, char db[128])
{
	struct coll *c = e->ui ? catalog_by_uuid(e->ui) : NULL;
	bson_iter_t it;

	snprintf(db, 128, "%.*s", (int)e->db_len, e->ns);
	*name = "";
	if (bson_iter_init(&it, &e->o) && bson_iter_next(&it) &&
	    BSON_ITER_HOLDS_UTF8(&it))
		*name = bson_iter_utf8(&it, NULL);
	if (c)
		return c;
	return is(e, "renameCollection") ? catalog_find_ns(*name)
					 : catalog_find(db, *name);
}

struct coll *
play_target(const struct entry *e)
{
	const char *name;
	char db[128];

	return coll_of(e, &name, db);
}

static void
create(const struct entry *e, const char *db, const char *name)
{
	bson_t options = BSON_INITIALIZER;
	struct coll *there = catalog_find(db, name), *c;

	if (e->ui && catalog_by_uuid(e->ui))
		return;
	if (there)
		catalog_remove(there);
	bson_copy_to_excluding_noinit(
	    &e->o, &options, "create", "idIndex", (char *)NULL);
	c = catalog_add(db, name, &options);
	if (e->ui)
		memcpy(c->uuid, e->ui, 16);
	c->visible = ts_of(e->at);
	bson_destroy(&options);
}

static void
drop_database(const char *db)
{
	struct coll *c;

	while ((c = catalog_next(NULL, db)) != NULL)
		catalog_remove(c);
}

static void
rename_coll(const struct entry *e, struct coll *c)
{
	char db[128];
	const char *name, *to;
	struct coll *there;
	bson_iter_t it;

	if (!bson_iter_init_find(&it, &e->o, "to") ||
	    !BSON_ITER_HOLDS_UTF8(&it))
		return;
	to = bson_iter_utf8(&it, NULL);
	there = catalog_find_ns(to);
	if (!ns_split(to, db, &name) || there == c)
		return;
	if (there)
		catalog_remove(there);
	catalog_rename(c, db, name);
	c->visible = ts_of(e->at);
	if (!bson_iter_init_find(&it, &e->o, "stayTemp") ||
	    !bson_iter_as_bool(&it))
		ddl_not_temporary(c);
}

static void
add_index(struct coll *c, const bson_t *spec)
{
	bson_iter_t it;

	if (bson_iter_init_find(&it, spec, "name") &&
	    BSON_ITER_HOLDS_UTF8(&it) &&
	    !coll_index_named(c, bson_iter_utf8(&it, NULL)))
		coll_add_index(c, spec);
}

static void
add_indexes(struct coll *c, const bson_t *o)
{
	bson_t list, spec;
	bson_iter_t it;

	if (!bson_iter_init_find(&it, o, "indexes") || !iter_doc(&it, &list))
		return;
	bson_iter_init(&it, &list);
	while (bson_iter_next(&it))
		if (iter_doc(&it, &spec))
			add_index(c, &spec);
}

static void
create_index(struct coll *c, const bson_t *o)
{
	bson_t spec = BSON_INITIALIZER;

	bson_copy_to_excluding_noinit(o, &spec, "createIndexes", (char *)NULL);
	add_index(c, &spec);
	bson_destroy(&spec);
}

static void
drop_index(struct coll *c, const bson_t *o)
{
	const char *name = "";
	bson_iter_t it;

	if (bson_iter_init_find(&it, o, "index") && BSON_ITER_HOLDS_UTF8(&it))
		name = bson_iter_utf8(&it, NULL);
	for (size_t i = c->n_indexes; i-- > 1;)
		if (strcmp(name, "*") == 0 ||
		    strcmp(name, c->index[i].name) == 0)
			coll_drop_index(c, i);
}

static bool
mod_index(struct coll *c, const bson_t *request, bson_error_t *error)
{
	bson_t changed, reply;
	bool ok = true;

	for (size_t i = 0; ok && i < c->n_indexes; i++) {
		if (!options_collmod_names(request, c->index[i].spec))
			continue;
		ok = options_collmod_index(
		    request, c->index[i].spec, &changed, &reply, error);
		if (ok)
			coll_set_index(c, i, &changed);
		bson_destroy(&changed);
		bson_destroy(&reply);
	}
	return ok;
}

static bool
mod(struct coll *c, const bson_t *o, bson_error_t *error)
{
	bson_t changed, index;
	bson_iter_t it;
	bool ok = options_collmod(o, &c->options, &changed, error);

	if (ok)
		coll_set_options(c, &changed);
	bson_destroy(&changed);
	if (ok && bson_iter_init_find(&it, o, "index") && iter_doc(&it, &index))
		ok = mod_index(c, &index, error);
	return ok;
}

bool
play_command(const struct entry *e, bson_error_t *error)
{
	const char *name;
	char db[128];
	struct coll *c = coll_of(e, &name, db);

	if (c)
		c->visible = ts_of(e->at);
	if (is(e, "create"))
		create(e, db, name);
	else if (is(e, "dropDatabase"))
		drop_database(db);
	else if (is(e, "startIndexBuild") || is(e, "abortIndexBuild"))
		return true;
	else if (!c)
		return is(e, "drop") ||
		    refuse(error, 26, "%s of an unknown collection %s.%s",
			e->command, db, name);
	else if (is(e, "drop"))
		catalog_remove(c);
	else if (is(e, "renameCollection"))
		rename_coll(e, c);
	else if (is(e, "createIndexes"))
		create_index(c, &e->o);
	else if (is(e, "commitIndexBuild"))
		add_indexes(c, &e->o);
	else if (is(e, "dropIndexes") || is(e, "deleteIndexes"))
		drop_index(c, &e->o);
	else if (is(e, "collMod"))
		return mod(c, &e->o, error);
	else
		return refuse(error, 238,
		    "mongosim cannot apply the command %s", e->command);
	return true;
}
