#include "accounts.h"

#include <string.h>

#include "ddl.h"

static int64_t version;

int64_t
account_version(void)
{
	return version;
}

static struct doc *
find(const char *coll, const char *db, const char *name)
{
	struct coll *c = catalog_find("admin", coll);
	struct value id;
	struct doc *d;
	char *text;
	bson_t *key;
	struct elem e;

	if (!c)
		return NULL;
	text = bson_strdup_printf("%s.%s", db, name);
	key = BCON_NEW("_id", BCON_UTF8(text));
	walk_find(bson_get_data(key), key->len, "_id", &e);
	id = e.value;
	d = coll_by_id(c, &id);
	bson_destroy(key);
	bson_free(text);
	return d;
}

bool
account_find(const char *coll, const char *db, const char *name, bson_t *doc)
{
	struct doc *d = find(coll, db, name);

	return d && bson_init_static(doc, d->data, d->len);
}

static void
log_change(const struct coll *c, const char *op, const struct doc *old,
    const uint8_t *o, size_t len, struct optime at)
{
	struct log_entry e = {.op = op,
	    .ns = c->ns,
	    .uuid = c->uuid,
	    .o = {o, len},
	    .previous = OPTIME_NULL};
	struct buf key = BUF_INIT;
	size_t mark = out_open(&key, NULL, BSON_TYPE_DOCUMENT);
	struct value id;

	doc_id(old, &id);
	out_value(&key, "_id", &id);
	out_close(&key, mark);
	if (o)
		e.o2 = (struct bytes){key.data, key.len};
	else
		e.o = (struct bytes){key.data, key.len};
	oplog_write(&e, at);
	buf_release(&key);
}

bool
account_save(const char *coll, const bson_t *doc, bson_error_t *error)
{
	struct coll *c = catalog_find("admin", coll);
	bson_t none = BSON_INITIALIZER;
	const uint8_t *data = bson_get_data(doc);
	struct optime at;
	struct doc *d;
	struct elem id;

	version++;
	if (!c)
		c = ddl_create("admin", coll, &none);
	walk_find(data, doc->len, "_id", &id);
	d = coll_by_id(c, &id.value);
	if (!d)
		return ddl_insert(c, data, doc->len, false, error);
	at = oplog_begin(c);
	d = coll_update(c, d, data, doc->len, ts_of(at), NULL, error);
	if (d)
		log_change(c, "u", d, data, doc->len, at);
	return d != NULL;
}

bool
account_remove(const char *coll, const char *db, const char *name)
{
	struct coll *c = catalog_find("admin", coll);
	struct doc *d = find(coll, db, name);
	struct optime at;

	if (!d)
		return false;
	version++;
	at = oplog_begin(c);
	log_change(c, "d", d, NULL, 0, at);
	coll_remove(c, d, ts_of(at));
	return true;
}

void
account_each(const char *coll, const char *db, account_fn *fn, void *ctx)
{
	struct coll *c = catalog_find("admin", coll);
	struct order_at at;
	bson_iter_t it;
	bson_t doc;

	if (!c)
		return;
	for (bool more = order_first(&c->by_id, &at); more;
	     more = order_next(&c->by_id, &at)) {
		const struct doc *d =
		    coll_visible(order_item(&c->by_id, &at), VIEW_LOCAL);

		if (d && bson_init_static(&doc, d->data, d->len) &&
		    (!db ||
			(bson_iter_init_find(&it, &doc, "db") &&
			    strcmp(bson_iter_utf8(&it, NULL), db) == 0)))
			fn(ctx, &doc);
	}
}

static void
append(bson_t *list, const bson_t *doc)
{
	char text[INDEX_TEXT];

	BSON_APPEND_DOCUMENT(
	    list, index_text(bson_count_keys(list), text), doc);
}

bool
account_roles(
    const char *db, const bson_t *given, bson_t *out, bson_error_t *error)
{
	bson_iter_t it, field;
	bson_t doc;

	bson_init(out);
	bson_iter_init(&it, given);
	while (bson_iter_next(&it)) {
		const char *role = NULL, *of = db;
		bson_t *made;

		if (BSON_ITER_HOLDS_UTF8(&it)) {
			role = bson_iter_utf8(&it, NULL);
		} else if (iter_doc(&it, &doc)) {
			if (bson_iter_init_find(&field, &doc, "role") &&
			    BSON_ITER_HOLDS_UTF8(&field))
				role = bson_iter_utf8(&field, NULL);
			if (bson_iter_init_find(&field, &doc, "db") &&
			    BSON_ITER_HOLDS_UTF8(&field))
				of = bson_iter_utf8(&field, NULL);
		}
		if (!role)
			return refuse(error, 2,
			    "Role names must be either strings or objects");
		if (!roles_known(of, role))
			return refuse(
			    error, 31, "Could not find role: %s@%s", role, of);
		made = BCON_NEW("role", BCON_UTF8(role), "db", BCON_UTF8(of));
		append(out, made);
		bson_destroy(made);
	}
	return true;
}

static bool
holds(const bson_t *list, const bson_t *doc)
{
	bson_iter_t it;
	bson_t one;

	bson_iter_init(&it, list);
	while (bson_iter_next(&it))
		if (iter_doc(&it, &one) && bson_equal(&one, doc))
			return true;
	return false;
}

void
account_merge(const bson_t *list, const bson_t *more, bool without, bson_t *out)
{
	bson_iter_t it;
	bson_t doc;

	bson_init(out);
	bson_iter_init(&it, list);
	while (bson_iter_next(&it))
		if (iter_doc(&it, &doc) && !(without && holds(more, &doc)))
			append(out, &doc);
	bson_iter_init(&it, more);
	while (!without && bson_iter_next(&it))
		if (iter_doc(&it, &doc) && !holds(out, &doc))
			append(out, &doc);
}
