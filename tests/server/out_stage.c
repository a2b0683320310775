#include "out_stage.h"

#include <string.h>

#include "auth.h"
#include "ddl.h"
#include "feed.h"
#include "write.h"

bool
out_stage_find(const bson_t *pipeline, bson_iter_t *value)
{
	bson_iter_t it, stage;
	bool found = false;

	bson_iter_init(&it, pipeline);
	while (bson_iter_next(&it)) {
		found = BSON_ITER_HOLDS_DOCUMENT(&it) &&
		    bson_iter_recurse(&it, &stage) && bson_iter_next(&stage) &&
		    strcmp(bson_iter_key(&stage), "$out") == 0;
		if (found)
			*value = stage;
	}
	return found;
}

/* "coll" or {db, coll}. */
static bool
read_target(const struct request *r, const bson_iter_t *value, const char **db,
    const char **name, bson_error_t *error)
{
	bson_iter_t it;
	bson_t doc;

	*db = r->db;
	*name = "";
	if (BSON_ITER_HOLDS_UTF8(value))
		*name = bson_iter_utf8(value, NULL);
	else if (iter_doc(value, &doc)) {
		if (bson_iter_init_find(&it, &doc, "db"))
			*db = bson_iter_utf8(&it, NULL);
		if (bson_iter_init_find(&it, &doc, "coll"))
			*name = bson_iter_utf8(&it, NULL);
	}
	if (!*db || !*name || **name == '\0')
		return refuse(error, 16990,
		    "$out only supports a string or object argument");
	return catalog_check_name(*db, *name, error);
}

static bool
may_write(const struct request *r, const char *db, const char *name,
    bson_error_t *error)
{
	static const struct command writing = {
	    .name = "aggregate", .access = ACCESS_WRITE, .flags = CMD_CONCERN};
	struct coll *c = catalog_find(db, name);
	bson_t view;

	if (!auth_may(r, db, name, "insert") ||
	    !auth_may(r, db, name, "remove"))
		return refuse(error, 13,
		    "not authorized on %s to execute command { aggregate }",
		    db);
	if (!write_block_allows(r, &writing, error))
		return false;
	if (sim.secondary)
		return refuse(error, 10107, "not primary");
	if (feed_pending())
		return refuse(
		    error, 238, "no writes while a recording is being fed");
	if (sim.trans)
		return refuse(error, 263,
		    "Stage not supported inside of a multi-document "
		    "transaction: $out");
	if (c && c->capped)
		return refuse(error, 17152,
		    "namespace '%s' is capped so it can't be used for $out",
		    c->ns);
	return !catalog_view(db, name, &view) ||
	    refuse(error, 166, "Namespace %s.%s is a view, not a collection",
		db, name);
}

static struct coll *
temporary(const char *db, const struct coll *target)
{
	bson_t options = BSON_INITIALIZER;
	char id[UUID_TEXT], name[80];
	uint8_t uuid[16];
	struct coll *c;

	uuid_make(uuid);
	uuid_text(uuid, id);
	snprintf(name, sizeof name, "tmp.agg_out.%s", id);
	BSON_APPEND_BOOL(&options, "temp", true);
	if (target)
		bson_concat(&options, &target->options);
	c = ddl_create(db, name, &options);
	for (size_t i = 1; target && i < target->n_indexes; i++)
		ddl_index(c, target->index[i].spec);
	bson_destroy(&options);
	return c;
}

static bool
put_doc(struct coll *c, const uint8_t *doc, size_t len, bson_error_t *error)
{
	struct buf fixed = BUF_INIT;
	bool ok = write_fix(doc, len, false, &fixed, error) &&
	    ddl_insert(c, fixed.data, fixed.len, false, error);

	buf_release(&fixed);
	return ok;
}

bool
out_stage_run(struct request *r, struct cursor *cur, const bson_iter_t *value,
    bson_error_t *error)
{
	struct coll *target, *tmp;
	const char *db, *name;
	bool ok = true;

	if (!read_target(r, value, &db, &name, error) ||
	    !may_write(r, db, name, error))
		return false;
	target = catalog_find(db, name);
	tmp = temporary(db, target);
	for (size_t at = 0; ok && at < cur->docs.len;
	     at += doc_len(cur->docs.data + at))
		ok = put_doc(tmp, cur->docs.data + at,
		    doc_len(cur->docs.data + at), error);
	if (ok)
		ddl_rename(tmp, db, name, target);
	else
		ddl_drop(tmp);
	buf_clear(&cur->docs);
	r->wrote = true;
	return ok;
}
