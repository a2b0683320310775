/* mongosim: versions of a document: which stay, which go. */
#include "coll_work.h"
#include "server.h"

void
coll_settle(struct coll *c)
{
	struct doc **gone;
	size_t n = 0;
	bool open = false;
	struct order_at at;

	if (!c->dirty)
		return;
	gone = bson_malloc(c->natural.count * sizeof *gone + 1);
	for (bool more = order_first(&c->natural, &at); more;
	     more = order_next(&c->natural, &at)) {
		struct doc *d = order_item(&c->natural, &at);

		if (d->ts >= MARK_BASE) {
			open = true;
		} else if (d->len == 0) {
			gone[n++] = d;
		} else {
			coll_free_chain(d->older);
			d->older = NULL;
		}
	}
	while (n > 0) {
		coll_unlink(c, gone[--n]);
		coll_free_chain(gone[n]);
	}
	bson_free(gone);
	c->dirty = open;
}

bool
coll_id_marked(const struct coll *c, const struct value *id)
{
	struct key key = {key_prefix(id), *id, RID_MIN};
	struct order_at at;
	struct value v;

	for (bool more = order_seek(&c->by_id, &key, &at); more;
	     more = order_next(&c->by_id, &at)) {
		const struct doc *d = order_item(&c->by_id, &at);

		/* A tombstone is where its document was. */
		doc_id(d->len > 0 ? d : d->older, &v);
		if (value_cmp(&v, id) != 0)
			return false;
		if (d->ts >= MARK_BASE && d->ts != sim.mark)
			return true;
	}
	return false;
}

void
coll_revert(struct coll *c, struct doc *d, uint64_t ts)
{
	struct doc *keep = d, *next;

	while (keep && keep->ts > ts)
		keep = keep->older;
	if (keep == d)
		return;
	if (d->len > 0) {
		coll_uniques_remove(c, d);
		c->n_docs--;
		c->bytes -= d->len;
	}
	if (keep)
		coll_swap(c, d, keep);
	else
		coll_unlink(c, d);
	for (; d != keep; d = next) {
		next = d->older;
		bson_free(d);
	}
	if (!keep || keep->len == 0)
		return;
	coll_uniques_add(c, keep);
	c->n_docs++;
	c->bytes += keep->len;
}

static void
confirm(struct coll *c, struct doc *d, uint64_t ts)
{
	d->ts = ts;
	if (d->older && coll_needed(d->older)) {
		c->dirty = true;
		return;
	}
	if (d->len == 0) {
		coll_unlink(c, d);
		coll_free_chain(d);
		return;
	}
	coll_free_chain(d->older);
	d->older = NULL;
}

void
coll_finish(struct coll *c, int64_t rid, uint64_t mark, uint64_t ts)
{
	struct key key = {.prefix = (uint64_t)rid, .rid = rid};
	struct order_at at;
	struct doc *d;

	if (!order_seek(&c->natural, &key, &at))
		return;
	d = order_item(&c->natural, &at);
	if (d->rid != rid || d->ts != mark)
		return;
	if (ts)
		confirm(c, d, ts);
	else
		coll_revert(c, d, MARK_BASE - 1);
}

void
coll_revert_all(struct coll *c, uint64_t ts)
{
	struct doc **all = bson_malloc(c->natural.count * sizeof *all + 1);
	struct order_at at;
	size_t n = 0;

	for (bool more = order_first(&c->natural, &at); more;
	     more = order_next(&c->natural, &at))
		all[n++] = order_item(&c->natural, &at);
	while (n > 0)
		coll_revert(c, all[--n], ts);
	bson_free(all);
}
