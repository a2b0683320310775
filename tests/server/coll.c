#include "coll.h"

#include <string.h>

#include "base/error.h"
#include "collate.h"
#include "coll_work.h"
#include "history.h"
#include "out.h"
#include "server.h"
#include "trans.h"
#include "unique.h"

static void
key_of_doc(const void *item, struct key *key)
{
	const struct doc *d = item;

	while (d->len == 0) /* a tombstone is where its document was */
		d = d->older;
	doc_id(d, &key->v);
	key->rid = d->rid;
}

struct coll *
coll_new(const char *db, const char *name, const bson_t *options)
{
	static uint64_t serial;
	struct coll *c = bson_malloc0(sizeof *c);

	coll_set_name(c, db, name);
	uuid_make(c->uuid);
	bson_init(&c->options);
	order_init(&c->by_id, key_of_doc);
	coll_set_options(c, options);
	order_init(&c->natural, NULL);
	c->has_id = true;
	c->next_rid = 1;
	c->serial = ++serial;
	return c;
}

void
coll_set_name(struct coll *c, const char *db, const char *name)
{
	bson_free(c->ns);
	c->ns = bson_strdup_printf("%s.%s", db, name);
	c->db_len = strlen(db);
	c->name = c->ns + c->db_len + 1;
}

void
coll_set_options(struct coll *c, const bson_t *options)
{
	bson_iter_t it;

	bson_destroy(&c->options);
	bson_copy_to(options, &c->options);
	c->collator = c->by_id.collator = collate_of(options);
	c->capped = bson_iter_init_find(&it, options, "capped") &&
	    bson_iter_as_bool(&it);
	c->clustered = bson_has_field(options, "clusteredIndex");
	c->cap_size = bson_iter_init_find(&it, options, "size")
	    ? bson_iter_as_int64(&it)
	    : INT64_MAX;
	c->cap_max = bson_iter_init_find(&it, options, "max")
	    ? bson_iter_as_int64(&it)
	    : 0;
	if (c->cap_max <= 0)
		c->cap_max = INT64_MAX;
}

void
coll_free_chain(struct doc *d)
{
	while (d) {
		struct doc *older = d->older;

		bson_free(d);
		d = older;
	}
}

void
coll_clear(struct coll *c)
{
	struct order_at at;

	for (bool more = order_first(&c->natural, &at); more;
	     more = order_next(&c->natural, &at))
		coll_free_chain(order_item(&c->natural, &at));
	order_release(&c->natural);
	order_release(&c->by_id);
	for (size_t i = 0; i < c->n_indexes; i++)
		unique_clear(c->index[i].unique);
	c->n_docs = c->bytes = c->head = 0;
	c->changes++;
}

void
coll_free(struct coll *c)
{
	coll_clear(c);
	for (size_t i = 0; i < c->n_indexes; i++) {
		unique_free(c->index[i].unique);
		bson_destroy(c->index[i].spec);
	}
	bson_free(c->index);
	bson_destroy(&c->options);
	bson_free(c->ns);
	bson_free(c);
}

const struct doc *
coll_visible(const struct doc *d, uint64_t view)
{
	while (d && (d->ts >= MARK_BASE ? d->ts != sim.mark : d->ts > view))
		d = d->older;
	return d && d->len > 0 ? d : NULL;
}

void
doc_id(const struct doc *d, struct value *id)
{
	struct elem e;

	if (walk_find(d->data, d->len, "_id", &e))
		*id = e.value;
	else
		*id = (struct value){BSON_TYPE_EOD, d->data, 0};
}

static struct key
natural_key(const struct doc *d)
{
	return (struct key){.prefix = (uint64_t)d->rid, .rid = d->rid};
}

void
coll_id_key(
    const struct coll *c, const struct value *id, int64_t rid, struct key *key)
{
	static struct buf room;

	*key = (struct key){.v = *id, .rid = rid};
	collate_key(c->collator, &key->v, &room);
	key->prefix = key_prefix(&key->v);
}

static struct key
id_key(const struct coll *c, const struct doc *d)
{
	struct key k, probe;

	key_of_doc(d, &k);
	coll_id_key(c, &k.v, k.rid, &probe);
	return probe;
}

static bool
find_in(const struct order *o, const struct key *key, const struct doc *d,
    struct order_at *at)
{
	return order_seek(o, key, at) && order_item(o, at) == d;
}

bool
coll_last_of_id(
    const struct coll *c, const struct value *id, struct order_at *at)
{
	struct key key, k;

	coll_id_key(c, id, RID_MAX, &key);
	order_seek(&c->by_id, &key, at);
	if (!order_prev(&c->by_id, at))
		return false;
	key_of_doc(order_item(&c->by_id, at), &k);
	return collate_cmp_by(c->collator, &k.v, id) == 0;
}

struct doc *
coll_by_id(const struct coll *c, const struct value *id)
{
	struct order_at at;
	struct doc *d;

	if (!coll_last_of_id(c, id, &at))
		return NULL;
	d = order_item(&c->by_id, &at);
	return d->len > 0 ? d : NULL;
}

/* May another view still ask for this version, replaced at ts? */
static bool
needed(const struct coll *c, const struct doc *d, uint64_t ts)
{
	if (d->len == 0 || d->ts >= MARK_BASE || ts == 0 || c->is_oplog)
		return false;
	return sim.mark || sim.held || sim.members > 0 || sim.set.window > 0;
}

static struct doc *
new_doc(const uint8_t *data, size_t len, int64_t rid, uint64_t ts)
{
	struct doc *d = bson_malloc(sizeof *d + len);

	*d = (struct doc){.rid = rid, .ts = ts, .len = (uint32_t)len};
	if (len > 0)
		memcpy(d->data, data, len);
	return d;
}

void
coll_unlink(struct coll *c, struct doc *d)
{
	struct key key = natural_key(d);
	struct order_at at;

	if (find_in(&c->natural, &key, d, &at))
		order_remove(&c->natural, &at);
	if (!c->has_id)
		return;
	key = id_key(c, d);
	if (find_in(&c->by_id, &key, d, &at))
		order_remove(&c->by_id, &at);
}

void
coll_swap(struct coll *c, struct doc *old, struct doc *d)
{
	struct key key = natural_key(old);
	struct order_at at;

	if (find_in(&c->natural, &key, old, &at))
		order_replace(&c->natural, &at, &key, d);
	if (!c->has_id)
		return;
	key = id_key(c, old);
	if (find_in(&c->by_id, &key, old, &at))
		order_replace(&c->by_id, &at, &key, d);
}

void
coll_uniques_add(struct coll *c, const struct doc *d)
{
	for (size_t i = 0; i < c->n_indexes; i++)
		unique_add(c->index[i].unique, d);
}

void
coll_uniques_remove(struct coll *c, const struct doc *d)
{
	for (size_t i = 0; i < c->n_indexes; i++)
		unique_remove(c->index[i].unique, d);
}

static void
drop_oldest(struct coll *c, uint64_t ts)
{
	struct key key = {.prefix = (uint64_t)c->head};
	struct order_at at;

	for (bool more = order_seek(&c->natural, &key, &at); more;
	     more = order_next(&c->natural, &at)) {
		struct doc *d = order_item(&c->natural, &at);

		if (d->len == 0)
			continue;
		c->head = d->rid + 1;
		coll_remove(c, d, ts);
		return;
	}
}

bool
coll_check(const struct coll *c, const uint8_t *doc, size_t len,
    const struct doc *old, struct buf *info, bson_error_t *error)
{
	struct elem e;
	struct doc *other;

	if (c->has_id && !old && walk_find(doc, len, "_id", &e) &&
	    (other = coll_by_id(c, &e.value)) != NULL)
		return unique_duplicate_id(c, &e.value, info, error);
	for (size_t i = 0; i < c->n_indexes; i++)
		if (c->index[i].unique && !sim.relaxed &&
		    !unique_check(&c->index[i], c, doc, len, old, info, error))
			return false;
	return true;
}

bool
coll_insert(struct coll *c, const uint8_t *doc, size_t len, uint64_t ts,
    int64_t rid, struct buf *info, bson_error_t *error)
{
	struct key key;
	struct doc *d;

	if (!coll_check(c, doc, len, NULL, info, error))
		return false;
	d = new_doc(doc, len, rid ? rid : c->next_rid, ts);
	c->next_rid = d->rid + 1;
	key = natural_key(d);
	order_insert(&c->natural, &key, d);
	if (c->has_id) {
		key = id_key(c, d);
		order_insert(&c->by_id, &key, d);
	}
	if (ts >= MARK_BASE)
		trans_touch(c, d->rid);
	coll_uniques_add(c, d);
	c->n_docs++;
	c->changes++;
	c->bytes += (int64_t)len;
	while (c->capped && c->n_docs > 1 &&
	    (c->n_docs > c->cap_max || c->bytes > c->cap_size))
		drop_oldest(c, ts);
	return true;
}

/* The version that stays behind a new one: d itself, the one behind it, or
 * none; what is not needed is freed. */
static struct doc *
keep_behind(struct coll *c, struct doc *d, uint64_t ts)
{
	struct doc *older = d->older;

	if (needed(c, d, ts)) {
		if (ts < MARK_BASE)
			history_kept(c, d->rid, ts, sizeof *d + d->len);
		return d;
	}
	bson_free(d);
	return older;
}

struct doc *
coll_update(struct coll *c, struct doc *d, const uint8_t *doc, size_t len,
    uint64_t ts, struct buf *info, bson_error_t *error)
{
	struct doc *new;

	if (!coll_check(c, doc, len, d, info, error))
		return NULL;
	if (ts >= MARK_BASE)
		trans_touch(c, d->rid);
	new = new_doc(doc, len, d->rid, ts);
	coll_uniques_remove(c, d);
	coll_swap(c, d, new);
	c->changes++;
	c->bytes += (int64_t)len - d->len;
	new->older = keep_behind(c, d, ts);
	coll_uniques_add(c, new);
	return new;
}

void
coll_remove(struct coll *c, struct doc *d, uint64_t ts)
{
	struct doc *tomb;

	if (ts >= MARK_BASE)
		trans_touch(c, d->rid);
	c->n_docs--;
	c->changes++;
	c->bytes -= d->len;
	coll_uniques_remove(c, d);
	/* The oplog is read by position: it never keeps what it dropped. */
	if (c->is_oplog || (!needed(c, d, ts) && !d->older)) {
		coll_unlink(c, d);
		coll_free_chain(d);
		return;
	}
	tomb = new_doc(NULL, 0, d->rid, ts);
	tomb->older = d; /* so that its key can be read */
	coll_swap(c, d, tomb);
	tomb->older = keep_behind(c, d, ts);
}
