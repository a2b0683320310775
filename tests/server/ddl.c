#include "ddl.h"

#include <stdlib.h>
#include <string.h>

#include "building.h"
#include "commands.h"
#include "cursor.h"
#include "options.h"

/* 0 where nothing is logged. Takes what is in the buffers. */
static uint64_t
log_command(const char *db, const struct coll *c, struct buf *o, struct buf *o2)
{
	uint64_t ts = ts_of(oplog_command(db, c ? c->uuid : NULL, o, o2));

	buf_release(o);
	if (o2)
		buf_release(o2);
	return ts;
}

static void
coll_db(const struct coll *c, char db[128])
{
	snprintf(db, 128, "%.*s", (int)c->db_len, c->ns);
}

struct coll *
ddl_create(const char *db, const char *name, const bson_t *options)
{
	struct coll *c = catalog_add(db, name, options);
	struct buf o = BUF_INIT;
	size_t mark = out_open(&o, NULL, BSON_TYPE_DOCUMENT);

	out_text(&o, "create", name);
	out_elements(&o, bson_get_data(options), options->len);
	if (c->n_indexes > 0)
		out_bson(&o, "idIndex", c->index[0].spec);
	out_close(&o, mark);
	c->visible = log_command(db, c, &o, NULL);
	return c;
}

static void
put_records(struct buf *o2, const struct coll *c)
{
	size_t mark = out_open(o2, NULL, BSON_TYPE_DOCUMENT);

	out_int(o2, "numRecords", c->n_docs);
	out_close(o2, mark);
}

void
ddl_drop(struct coll *c)
{
	struct buf o = BUF_INIT, o2 = BUF_INIT;
	size_t mark = out_open(&o, NULL, BSON_TYPE_DOCUMENT);
	char db[128];

	coll_db(c, db);
	out_text(&o, "drop", c->name);
	out_close(&o, mark);
	put_records(&o2, c);
	log_command(db, c, &o, &o2);
	catalog_remove(c);
}

void
ddl_index(struct coll *c, const bson_t *spec)
{
	struct buf o = BUF_INIT;
	size_t mark = out_open(&o, NULL, BSON_TYPE_DOCUMENT);
	char db[128];

	coll_db(c, db);
	out_text(&o, "createIndexes", c->name);
	out_elements(&o, bson_get_data(spec), spec->len);
	out_close(&o, mark);
	coll_add_index(c, spec);
	c->visible = log_command(db, c, &o, NULL);
}

void
ddl_not_temporary(struct coll *c)
{
	bson_t options = BSON_INITIALIZER;

	bson_copy_to_excluding_noinit(
	    &c->options, &options, "temp", (char *)NULL);
	coll_set_options(c, &options);
	bson_destroy(&options);
}

void
ddl_rename(
    struct coll *c, const char *db, const char *name, struct coll *target)
{
	struct buf o = BUF_INIT, o2 = BUF_INIT;
	size_t mark = out_open(&o, NULL, BSON_TYPE_DOCUMENT);
	char to[400];

	snprintf(to, sizeof to, "%s.%s", db, name);
	out_text(&o, "renameCollection", c->ns);
	out_text(&o, "to", to);
	out_bool(&o, "stayTemp", false);
	if (target) {
		out_bin(&o, "dropTarget", 4, target->uuid, 16);
		put_records(&o2, target);
	}
	out_close(&o, mark);
	c->visible = log_command(db, c, &o, target ? &o2 : NULL);
	if (target)
		catalog_remove(target);
	catalog_rename(c, db, name);
	ddl_not_temporary(c);
}

bool
ddl_insert(struct coll *c, const uint8_t *doc, size_t len, bool from_migrate,
    bson_error_t *error)
{
	struct log_entry e = {.op = "i",
	    .ns = c->ns,
	    .uuid = c->uuid,
	    .o = {doc, len},
	    .previous = OPTIME_NULL,
	    .from_migrate = from_migrate};
	struct optime at = oplog_begin(c);

	if (!coll_insert(c, doc, len, ts_of(at), 0, NULL, error))
		return false;
	oplog_write(&e, at);
	return true;
}

struct coll *
ddl_coll(struct request *r, const char *name, const char *missing,
    bson_error_t *error)
{
	struct coll *c = catalog_find(r->db, name);
	bson_t view;

	if (c)
		return c;
	if (catalog_view(r->db, name, &view))
		refuse(error, 166,
		    "Namespace %s.%s is a view, not a collection", r->db, name);
	else
		refuse(error, 26, "%s", missing);
	return NULL;
}

/* {_id: "db.view", viewOn, pipeline, collation}. */
static bool
create_view(const char *db, const char *name, const bson_t *options,
    bson_error_t *error)
{
	struct coll *c = catalog_find(db, "system.views");
	struct buf doc = BUF_INIT;
	size_t mark = out_open(&doc, NULL, BSON_TYPE_DOCUMENT);
	bson_t none = BSON_INITIALIZER;
	char ns[400];
	bool ok;

	if (!c)
		c = ddl_create(db, "system.views", &none);
	snprintf(ns, sizeof ns, "%s.%s", db, name);
	out_text(&doc, "_id", ns);
	out_elements(&doc, bson_get_data(options), options->len);
	out_close(&doc, mark);
	ok = ddl_insert(c, doc.data, doc.len, false, error);
	buf_release(&doc);
	return ok;
}

bool
cmd_create(struct request *r, bson_error_t *error)
{
	bson_t options, view;
	const char *name;
	bool ok;

	if (!arg_coll_name(r, &name, error))
		return false;
	ok = options_create(&r->body, &options, error);
	if (ok &&
	    (catalog_find(r->db, name) || catalog_view(r->db, name, &view)))
		ok = refuse(error, 48, "Collection already exists. NS: %s.%s",
		    r->db, name);
	if (ok && bson_has_field(&options, "viewOn"))
		ok = create_view(r->db, name, &options, error);
	else if (ok)
		ddl_create(r->db, name, &options);
	bson_destroy(&options);
	return ok;
}

static void
drop_view(struct request *r, const char *name, const bson_t *view)
{
	struct coll *c = catalog_find(r->db, "system.views");
	struct buf o = BUF_INIT;
	size_t mark = out_open(&o, NULL, BSON_TYPE_DOCUMENT);
	struct optime at = oplog_next();
	struct log_entry e = {
	    .op = "d", .ns = c->ns, .uuid = c->uuid, .previous = OPTIME_NULL};
	struct elem id;

	(void)name;
	walk_find(bson_get_data(view), view->len, "_id", &id);
	buf_add(&o, id.raw, id.raw_len);
	out_close(&o, mark);
	walk_find(o.data, o.len, "_id", &id);
	coll_remove(c, coll_by_id(c, &id.value), ts_of(at));
	e.o = (struct bytes){o.data, o.len};
	oplog_write(&e, at);
	buf_release(&o);
}

bool
cmd_drop(struct request *r, bson_error_t *error)
{
	const char *name;
	struct coll *c;
	char ns[400];
	bson_t view;

	if (!arg_coll_name(r, &name, error))
		return false;
	snprintf(ns, sizeof ns, "%s.%s", r->db, name);
	c = catalog_find(r->db, name);
	if (!c && catalog_view(r->db, name, &view)) {
		drop_view(r, name, &view);
	} else if (!c) {
		return refuse(error, 26, "ns not found");
	} else if (c->is_oplog) {
		return refuse(
		    error, 20, "can't drop live oplog while replicating");
	} else {
		building_abort(c);
		out_i32(r->reply, "nIndexesWas", (int32_t)c->n_indexes);
		ddl_drop(c);
	}
	out_text(r->reply, "ns", ns);
	return true;
}

bool
cmd_drop_database(struct request *r, bson_error_t *error)
{
	struct buf o = BUF_INIT;
	struct coll *c;
	size_t mark;

	if (strcmp(r->db, "local") == 0 || strcmp(r->db, "admin") == 0 ||
	    strcmp(r->db, "config") == 0)
		return refuse(error, 20,
		    "Dropping the '%s' database is prohibited.", r->db);
	if (!catalog_next(NULL, r->db))
		return true;
	while ((c = catalog_next(NULL, r->db)) != NULL) {
		building_abort(c);
		ddl_drop(c);
	}
	mark = out_open(&o, NULL, BSON_TYPE_DOCUMENT);
	out_i32(&o, "dropDatabase", 1);
	out_close(&o, mark);
	log_command(r->db, NULL, &o, NULL);
	out_text(r->reply, "dropped", r->db);
	return true;
}

bool
cmd_append_oplog_note(struct request *r, bson_error_t *error)
{
	bson_t data;

	if (!arg_doc(r, "data", &data))
		return refuse(error, 4, "Missing expected field \"data\"");
	oplog_note(bson_get_data(&data), data.len);
	return true;
}
