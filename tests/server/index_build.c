#include "index_build.h"

#include <string.h>

#include "building.h"
#include "ddl.h"
#include "unique.h"

/* An empty collection gets one entry an index. */
static void
build_empty(struct building *b)
{
	for (size_t i = 0; i < b->n; i++)
		ddl_index(b->coll, &b->spec[i]);
}

/* startIndexBuild, commitIndexBuild; abortIndexBuild with its cause. */
static void
log_step(const struct building *b, const char *step, const bson_error_t *cause)
{
	struct buf o = BUF_INIT;
	size_t mark = out_open(&o, NULL, BSON_TYPE_DOCUMENT), sub;

	out_text(&o, step, b->coll->name);
	out_bin(&o, "indexBuildUUID", 4, b->id, 16);
	sub = out_open(&o, "indexes", BSON_TYPE_ARRAY);
	for (size_t i = 0; i < b->n; i++)
		out_index(&o, (uint32_t)i, bson_get_data(&b->spec[i]),
		    b->spec[i].len);
	out_close(&o, sub);
	if (cause) {
		sub = out_open(&o, "cause", BSON_TYPE_DOCUMENT);
		out_bool(&o, "ok", false);
		out_i32(&o, "code", (int32_t)cause->code);
		out_text(&o, "codeName", code_name((int)cause->code));
		out_text(&o, "errmsg", cause->message);
		buf_add(&o, b->info->data, b->info->len);
		out_close(&o, sub);
	}
	out_close(&o, mark);
	b->coll->visible = ts_of(oplog_command(b->db, b->coll->uuid, &o, NULL));
	buf_release(&o);
}

/* The server keeps a document about each build that is under way. */
static struct coll *
book(void)
{
	return catalog_find("config", "system.indexBuilds");
}

static void
put_id(struct buf *doc, const struct building *b)
{
	out_bin(doc, "_id", 4, b->id, 16);
}

static void
book_begin(const struct building *b)
{
	struct buf doc = BUF_INIT;
	size_t mark = out_open(&doc, NULL, BSON_TYPE_DOCUMENT), names;
	char text[INDEX_TEXT];
	bson_iter_t it;

	put_id(&doc, b);
	out_bin(&doc, "collectionUUID", 4, b->coll->uuid, 16);
	out_text(&doc, "commitQuorum", "votingMembers");
	names = out_open(&doc, "indexNames", BSON_TYPE_ARRAY);
	for (size_t i = 0; i < b->n; i++)
		if (bson_iter_init_find(&it, &b->spec[i], "name"))
			out_text(&doc, index_text((uint32_t)i, text),
			    bson_iter_utf8(&it, NULL));
	out_close(&doc, names);
	out_close(&doc, mark);
	ddl_insert(book(), doc.data, doc.len, false, NULL);
	buf_release(&doc);
}

static void
put_ready(struct buf *doc)
{
	size_t mark = out_open(doc, "commitReadyMembers", BSON_TYPE_ARRAY);

	out_text(doc, "0", sim.set.host);
	out_close(doc, mark);
}

static void
put_delta(struct buf *o)
{
	bool v2 = sim.set.fcv >= 49;
	size_t mark = out_open(o, NULL, BSON_TYPE_DOCUMENT), diff = 0, set;

	out_i32(o, "$v", v2 ? 2 : 1);
	if (v2)
		diff = out_open(o, "diff", BSON_TYPE_DOCUMENT);
	set = out_open(o, v2 ? "i" : "$set", BSON_TYPE_DOCUMENT);
	put_ready(o);
	out_close(o, set);
	if (v2)
		out_close(o, diff);
	out_close(o, mark);
}

static struct doc *
booked(const struct building *b)
{
	struct buf doc = BUF_INIT;
	struct doc *found = NULL;
	struct elem id;
	size_t mark = out_open(&doc, NULL, BSON_TYPE_DOCUMENT);

	put_id(&doc, b);
	out_close(&doc, mark);
	if (walk_find(doc.data, doc.len, "_id", &id))
		found = coll_by_id(book(), &id.value);
	buf_release(&doc);
	return found;
}

/* The entry about the document of this build: an update, or its removal. */
static void
log_book(const struct building *b, const char *op, const struct buf *delta,
    struct optime at)
{
	struct buf key = BUF_INIT;
	size_t mark = out_open(&key, NULL, BSON_TYPE_DOCUMENT);
	struct coll *c = book();
	struct log_entry e = {
	    .op = op, .ns = c->ns, .uuid = c->uuid, .previous = OPTIME_NULL};

	put_id(&key, b);
	out_close(&key, mark);
	e.o = (struct bytes){key.data, key.len};
	if (delta) {
		e.o2 = e.o;
		e.o = (struct bytes){delta->data, delta->len};
	}
	oplog_write(&e, at);
	buf_release(&key);
}

static void
book_ready(const struct building *b)
{
	struct optime at = oplog_next();
	struct doc *d = booked(b);
	struct buf doc = BUF_INIT, delta = BUF_INIT;
	size_t mark = out_open(&doc, NULL, BSON_TYPE_DOCUMENT);

	out_elements(&doc, d->data, d->len);
	put_ready(&doc);
	out_close(&doc, mark);
	coll_update(book(), d, doc.data, doc.len, ts_of(at), NULL, NULL);
	put_delta(&delta);
	log_book(b, "u", &delta, at);
	buf_release(&doc);
	buf_release(&delta);
}

static void
book_end(const struct building *b)
{
	struct optime at = oplog_next();

	coll_remove(book(), booked(b), ts_of(at));
	log_book(b, "d", NULL, at);
}

/* Would a unique index hold over what is there? It is put in to see. */
static bool
check(struct building *b, const bson_t *spec, bson_error_t *error)
{
	struct coll *c = b->coll;
	struct index *index;
	struct order_at at;
	bool ok = true;

	coll_add_index(c, spec);
	index = &c->index[c->n_indexes - 1];
	unique_clear(index->unique);
	for (bool more = order_first(&c->natural, &at);
	     more && ok && index->unique; more = order_next(&c->natural, &at)) {
		struct doc *d = order_item(&c->natural, &at);

		if (d->len == 0)
			continue;
		ok = unique_check(
		    index, c, d->data, d->len, NULL, b->info, error);
		unique_add(index->unique, d);
	}
	return ok;
}

bool
index_build_failed(
    struct building *b, const bson_error_t *why, bson_error_t *error)
{
	char id[UUID_TEXT], uuid[UUID_TEXT];

	log_step(b, "abortIndexBuild", why);
	book_end(b);
	return refuse(error, (int)why->code,
	    "Index build failed: %s: Collection %s ( %s ) :: caused by :: %s",
	    uuid_text(b->id, id), b->coll->ns, uuid_text(b->coll->uuid, uuid),
	    why->message);
}

void
index_build_begin(struct building *b)
{
	uuid_make(b->id);
	book_begin(b);
	log_step(b, "startIndexBuild", NULL);
}

bool
index_build_end(struct building *b, bson_error_t *error)
{
	size_t before = b->coll->n_indexes;
	bson_error_t why;
	bool ok = true;

	for (size_t i = 0; i < b->n && ok; i++)
		ok = check(b, &b->spec[i], &why);
	if (!ok) {
		while (b->coll->n_indexes > before)
			coll_drop_index(b->coll, before);
		return index_build_failed(b, &why, error);
	}
	book_ready(b);
	log_step(b, "commitIndexBuild", NULL);
	book_end(b);
	return true;
}

bool
index_build(struct request *r, struct coll *c, const bson_t *spec, size_t n,
    const struct building_hold *hold, bson_error_t *error)
{
	struct building b = {.coll = c, .spec = spec, .n = n, .info = &r->info};

	if (c->n_docs == 0) {
		build_empty(&b);
		return true;
	}
	memcpy(b.uuid, c->uuid, 16);
	snprintf(b.db, sizeof b.db, "%s", r->db);
	snprintf(b.ns, sizeof b.ns, "%s", c->ns);
	b.name = b.ns + c->db_len + 1;
	b.hold = *hold;
	b.at = hold->at;
	if (hold->stands)
		return building_run(r, &b, error);
	index_build_begin(&b);
	return index_build_end(&b, error);
}
