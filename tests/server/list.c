/* mongosim: listDatabases, listCollections, listIndexes, statistics. */
#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "building.h"
#include "commands.h"
#include "match.h"
#include "stages.h"

static bool
doc_matches(const struct buf *docs, size_t mark, const bson_t *filter,
    bool *yes, bson_error_t *error)
{
	bson_t doc;

	bson_init_static(&doc, docs->data + mark, docs->len - mark);
	return match_doc(filter, &doc, yes, error);
}

struct database {
	char name[128];
	int64_t bytes;
};

static int
cmp_database(const void *a, const void *b)
{
	return strcmp(((const struct database *)a)->name,
	    ((const struct database *)b)->name);
}

static struct database *
databases(size_t *n)
{
	struct database *list = NULL;
	size_t i;

	*n = 0;
	for (struct coll *c = catalog_next(NULL, NULL); c;
	     c = catalog_next(c, NULL)) {
		for (i = 0; i < *n; i++)
			if (strlen(list[i].name) == c->db_len &&
			    memcmp(list[i].name, c->ns, c->db_len) == 0)
				break;
		if (i == *n) {
			list = bson_realloc(list, (*n + 1) * sizeof *list);
			snprintf(list[i].name, sizeof list[i].name, "%.*s",
			    (int)c->db_len, c->ns);
			list[(*n)++].bytes = 0;
		}
		list[i].bytes += c->bytes + 4096 * (int64_t)(1 + c->n_indexes);
	}
	if (*n > 0)
		qsort(list, *n, sizeof *list, cmp_database);
	return list;
}

bool
cmd_list_databases(struct request *r, bson_error_t *error)
{
	bool name_only = arg_bool(r, "nameOnly"), yes = true, ok = true;
	bool all = auth_may_all(r, "listDatabases");
	bson_t filter = BSON_INITIALIZER;
	char text[INDEX_TEXT];
	struct database *list;
	int64_t total = 0;
	uint32_t shown = 0;
	size_t n, array;

	arg_doc(r, "filter", &filter);
	array = out_open(r->reply, "databases", BSON_TYPE_ARRAY);
	list = databases(&n);
	for (size_t i = 0; i < n && ok; i++) {
		size_t start = r->reply->len, mark;

		if (!all && !auth_sees(r, list[i].name))
			continue;
		mark = out_open(
		    r->reply, index_text(shown, text), BSON_TYPE_DOCUMENT);
		out_text(r->reply, "name", list[i].name);
		if (!name_only) {
			out_double(
			    r->reply, "sizeOnDisk", (double)list[i].bytes);
			out_bool(r->reply, "empty", false);
		}
		out_close(r->reply, mark);
		ok = doc_matches(r->reply, mark, &filter, &yes, error);
		if (!yes)
			r->reply->len = start;
		else
			shown++, total += list[i].bytes;
	}
	bson_free(list);
	out_close(r->reply, array);
	if (!name_only) {
		out_double(r->reply, "totalSize", (double)total);
		out_int(r->reply, "totalSizeMb", total >> 20);
	}
	return ok;
}

static void
put_coll(struct buf *b, const struct coll *c, bool name_only)
{
	size_t mark = out_open(b, NULL, BSON_TYPE_DOCUMENT), info;

	out_text(b, "name", c->name);
	out_text(b, "type", "collection");
	if (!name_only) {
		out_bson(b, "options", &c->options);
		info = out_open(b, "info", BSON_TYPE_DOCUMENT);
		out_bool(b, "readOnly", false);
		out_bin(b, "uuid", 4, c->uuid, 16);
		out_close(b, info);
		if (c->has_id && !c->clustered)
			out_bson(b, "idIndex", c->index[0].spec);
	}
	out_close(b, mark);
}

static void
put_view(struct buf *b, const struct doc *d, size_t db_len, bool name_only)
{
	size_t mark = out_open(b, NULL, BSON_TYPE_DOCUMENT), sub;
	struct walk w;
	struct elem e;

	walk_init(&w, d->data, d->len);
	walk_next(&w, &e);
	out_text(b, "name", (const char *)e.value.data + 4 + db_len + 1);
	out_text(b, "type", "view");
	if (!name_only) {
		sub = out_open(b, "options", BSON_TYPE_DOCUMENT);
		while (walk_next(&w, &e))
			buf_add(b, e.raw, e.raw_len);
		out_close(b, sub);
		sub = out_open(b, "info", BSON_TYPE_DOCUMENT);
		out_bool(b, "readOnly", true);
		out_close(b, sub);
	}
	out_close(b, mark);
}

struct listing {
	struct buf *docs;
	size_t db_len;
	bool name_only;
};

static bool
list_view(void *ctx, const struct doc *d)
{
	struct listing *l = ctx;

	put_view(l->docs, d, l->db_len, l->name_only);
	return true;
}

/* A real server, too, looks a collection up that the filter names. */
static const char *
wanted_name(const bson_t *filter)
{
	bson_iter_t it;

	return bson_iter_init_find(&it, filter, "name") &&
		BSON_ITER_HOLDS_UTF8(&it)
	    ? bson_iter_utf8(&it, NULL)
	    : NULL;
}

static void
list_all(struct request *r, const bson_t *filter, struct buf *docs)
{
	struct listing l = {docs, strlen(r->db), arg_bool(r, "nameOnly")};
	const char *name = wanted_name(filter);
	struct coll *one = name ? catalog_find(r->db, name) : NULL;
	struct coll *views = catalog_find(r->db, "system.views");
	struct plan plan = {.kind = PLAN_NATURAL, .covered = true};

	if (one)
		put_coll(docs, one, l.name_only);
	for (struct coll *c = name ? NULL : catalog_next(NULL, r->db); c;
	     c = catalog_next(c, r->db))
		put_coll(docs, c, l.name_only);
	if (views && !one)
		scan_each(views, &plan, NULL, VIEW_LOCAL, list_view, &l, NULL);
}

/* The documents as a cursor reply in the server's order for lists: id first.
 * A list that does not fit one batch gets a cursor. */
static bool
reply_list(struct request *r, const char *ns, struct buf *docs,
    const bson_t *filter, bson_error_t *error)
{
	struct cursor *cur = cursor_new(ns, NULL);
	struct batch batch = {.max_docs = -1};
	struct buf first = BUF_INIT;
	bson_t sub;
	bson_iter_t it;
	size_t mark, array;
	bool yes;

	cur->list = true;
	cur->owner = r->conn->user;
	for (size_t at = 0, len; at < docs->len; at += len) {
		bson_t doc;

		len = doc_len(docs->data + at);
		bson_init_static(&doc, docs->data + at, len);
		if (!match_doc(filter, &doc, &yes, error)) {
			cursor_free(cur);
			return false;
		}
		if (yes)
			buf_add(&cur->docs, docs->data + at, len);
	}
	if (arg_doc(r, "cursor", &sub) &&
	    bson_iter_init_find(&it, &sub, "batchSize"))
		batch.max_docs = bson_iter_as_int64(&it);
	array = out_open(&first, NULL, BSON_TYPE_ARRAY);
	cursor_fill(cur, NULL, &batch, &first, error);
	out_close(&first, array);
	if (!cur->eof)
		cursor_register(cur);
	mark = out_open(r->reply, "cursor", BSON_TYPE_DOCUMENT);
	out_i64(r->reply, "id", cur->id);
	out_text(r->reply, "ns", ns);
	out_array(r->reply, "firstBatch", first.data, first.len);
	out_close(r->reply, mark);
	buf_release(&first);
	if (!cur->id)
		cursor_free(cur);
	return true;
}

bool
cmd_list_collections(struct request *r, bson_error_t *error)
{
	bson_t filter = BSON_INITIALIZER;
	struct buf docs = BUF_INIT;
	char ns[400];
	bool ok;

	arg_doc(r, "filter", &filter);
	snprintf(ns, sizeof ns, "%s.$cmd.listCollections", r->db);
	list_all(r, &filter, &docs);
	ok = reply_list(r, ns, &docs, &filter, error);
	buf_release(&docs);
	return ok;
}

bool
cmd_list_indexes(struct request *r, bson_error_t *error)
{
	bson_t filter = BSON_INITIALIZER, view;
	struct buf docs = BUF_INIT;
	const char *name;
	struct coll *c;
	bool ok;

	if (!arg_coll_name(r, &name, error))
		return false;
	c = catalog_find(r->db, name);
	if (!c && catalog_view(r->db, name, &view))
		return refuse(error, 166,
		    "Namespace %s.%s is a view, not a collection", r->db, name);
	if (!c)
		return refuse(
		    error, 26, "ns does not exist: %s.%s", r->db, name);
	for (size_t i = 0; i < c->n_indexes; i++)
		buf_add(&docs, bson_get_data(c->index[i].spec),
		    c->index[i].spec->len);
	building_put_specs(&docs, c);
	ok = reply_list(r, c->ns, &docs, &filter, error);
	buf_release(&docs);
	return ok;
}
