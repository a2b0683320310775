/* mongosim: collMod. */
#include <string.h>

#include "commands.h"
#include "ddl.h"
#include "options.h"

/* What the entry keeps of before: {collectionOptions_old: {uuid, ...}, and
 * the _old fields of the reply}. */
static void
put_before(struct buf *o2, const struct coll *c, const bson_t *reply)
{
	size_t mark = out_open(o2, NULL, BSON_TYPE_DOCUMENT);
	size_t old = out_open(o2, "collectionOptions_old", BSON_TYPE_DOCUMENT);
	bson_iter_t it;

	out_bin(o2, "uuid", 4, c->uuid, 16);
	out_elements(o2, bson_get_data(&c->options), c->options.len);
	out_close(o2, old);
	bson_iter_init(&it, reply);
	while (bson_iter_next(&it)) {
		const char *key = bson_iter_key(&it);
		size_t n = strlen(key);

		if (n <= 4 || strcmp(key + n - 4, "_old") != 0)
			continue;
		if (BSON_ITER_HOLDS_BOOL(&it))
			out_bool(o2, key, bson_iter_bool(&it));
		else
			out_i64(o2, key, bson_iter_as_int64(&it));
	}
	out_close(o2, mark);
}

/* {name, expireAfterSeconds?, hidden?}, numbers as int64, by whatever the
 * user named the index. */
static void
put_index(struct buf *o, const char *name, const bson_t *request)
{
	size_t mark = out_open(o, "index", BSON_TYPE_DOCUMENT);
	bson_iter_t it;

	out_text(o, "name", name);
	if (bson_iter_init_find(&it, request, "expireAfterSeconds"))
		out_i64(o, "expireAfterSeconds", bson_iter_as_int64(&it));
	if (bson_iter_init_find(&it, request, "hidden"))
		out_bool(o, "hidden", bson_iter_as_bool(&it));
	out_close(o, mark);
}

/* The command as it came, without what belongs to the session. */
static void
put_command(struct buf *o, const struct request *r, const char *index)
{
	static const char *const leave_out[] = {"lsid", "txnNumber",
	    "writeConcern", "readConcern", "comment", "maxTimeMS"};
	size_t mark = out_open(o, NULL, BSON_TYPE_DOCUMENT);
	struct walk w;
	struct elem e;
	bson_t request;

	walk_init(&w, bson_get_data(&r->body), r->body.len);
	while (walk_next(&w, &e)) {
		bool skip = e.name[0] == '$';

		for (size_t i = 0; i < sizeof leave_out / sizeof *leave_out;
		     i++)
			skip = skip || strcmp(e.name, leave_out[i]) == 0;
		if (index && strcmp(e.name, "index") == 0 &&
		    arg_doc(r, "index", &request))
			put_index(o, index, &request);
		else if (!skip)
			buf_add(o, e.raw, e.raw_len);
	}
	out_close(o, mark);
}

static bool
change_index(struct coll *c, const bson_t *request, const char **name,
    bson_t *reply, bson_error_t *error)
{
	bson_iter_t it;
	bson_t changed;
	size_t i;
	bool ok;

	for (i = 0; i < c->n_indexes; i++)
		if (options_collmod_names(request, c->index[i].spec))
			break;
	if (i == c->n_indexes)
		return refuse(error, 27, "cannot find index %s for ns %s",
		    bson_iter_init_find(&it, request, "name") &&
			    BSON_ITER_HOLDS_UTF8(&it)
			? bson_iter_utf8(&it, NULL)
			: "",
		    c->ns);
	bson_destroy(reply);
	ok = options_collmod_index(
	    request, c->index[i].spec, &changed, reply, error);
	if (ok)
		coll_set_index(c, i, &changed);
	*name = c->index[i].name;
	bson_destroy(&changed);
	return ok;
}

static bool
mod_coll(struct request *r, struct coll *c, bson_error_t *error)
{
	struct buf o = BUF_INIT, o2 = BUF_INIT;
	bson_t changed, index, reply = BSON_INITIALIZER;
	const char *name = NULL;
	bool ok;

	ok = options_collmod(&r->body, &c->options, &changed, error);
	if (ok && arg_doc(r, "index", &index))
		ok = change_index(c, &index, &name, &reply, error);
	if (ok) {
		put_command(&o, r, name);
		put_before(&o2, c, &reply);
		coll_set_options(c, &changed);
		c->visible = ts_of(oplog_command(r->db, c->uuid, &o, &o2));
		out_elements(r->reply, bson_get_data(&reply), reply.len);
	}
	bson_destroy(&reply);
	bson_destroy(&changed);
	buf_release(&o);
	buf_release(&o2);
	return ok;
}

/* A view is a document of system.views. */
static bool
mod_view(struct request *r, const bson_t *view, bson_error_t *error)
{
	struct coll *c = catalog_find(r->db, "system.views");
	struct buf doc = BUF_INIT, o2 = BUF_INIT;
	struct log_entry e = {
	    .op = "u", .ns = c->ns, .uuid = c->uuid, .previous = OPTIME_NULL};
	size_t mark = out_open(&doc, NULL, BSON_TYPE_DOCUMENT);
	size_t key = out_open(&o2, NULL, BSON_TYPE_DOCUMENT);
	bson_t options = BSON_INITIALIZER, changed;
	struct optime at;
	struct elem id;
	bool ok;

	bson_copy_to_excluding_noinit(view, &options, "_id", (char *)NULL);
	ok = options_collmod(&r->body, &options, &changed, error);
	walk_find(bson_get_data(view), view->len, "_id", &id);
	buf_add(&doc, id.raw, id.raw_len);
	out_elements(&doc, bson_get_data(&changed), changed.len);
	out_close(&doc, mark);
	buf_add(&o2, id.raw, id.raw_len);
	out_close(&o2, key);
	if (ok) {
		at = oplog_next();
		ok = coll_update(c, coll_by_id(c, &id.value), doc.data, doc.len,
			 ts_of(at), NULL, error) != NULL;
		e.o = (struct bytes){doc.data, doc.len};
		e.o2 = (struct bytes){o2.data, o2.len};
		oplog_write(&e, at);
	}
	bson_destroy(&options);
	bson_destroy(&changed);
	buf_release(&doc);
	buf_release(&o2);
	return ok;
}

bool
cmd_coll_mod(struct request *r, bson_error_t *error)
{
	const char *name;
	struct coll *c;
	bson_t view;

	if (!arg_coll_name(r, &name, error))
		return false;
	if (!catalog_find(r->db, name) && catalog_view(r->db, name, &view))
		return mod_view(r, &view, error);
	c = ddl_coll(r, name, "ns does not exist", error);
	return c && mod_coll(r, c, error);
}
