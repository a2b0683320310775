/* mongosim: versions of a document: which stay, which go. */
#include "coll_work.h"
#include "collate.h"
#include "history.h"
#include "server.h"

void
coll_trim(struct coll *c, int64_t rid, uint64_t oldest)
{
	struct key key = {.prefix = (uint64_t)rid, .rid = rid};
	struct order_at at;
	struct doc *d, *keep;

	if (!order_seek(&c->natural, &key, &at))
		return;
	d = keep = order_item(&c->natural, &at);
	if (d->rid != rid)
		return;
	while (keep && keep->ts > oldest) /* a mark, too */
		keep = keep->older;
	if (!keep)
		return;
	if (keep == d && d->len == 0) {
		coll_unlink(c, d);
		coll_free_chain(d);
		return;
	}
	coll_free_chain(keep->older);
	keep->older = NULL;
}

/* One transaction at most has a mark on slots of an _id, and they are its
 * last. */
bool
coll_id_marked(const struct coll *c, const struct value *id)
{
	struct order_at at;
	const struct doc *d;

	if (!coll_last_of_id(c, id, &at))
		return false;
	d = order_item(&c->by_id, &at);
	return d->ts >= MARK_BASE && d->ts != sim.mark;
}

const struct doc *
coll_id_visible(const struct coll *c, const struct value *id, uint64_t view)
{
	struct order_at at;
	struct value v;

	for (bool more = coll_last_of_id(c, id, &at); more;
	     more = order_prev(&c->by_id, &at)) {
		const struct doc *d = order_item(&c->by_id, &at);
		const struct doc *seen = coll_visible(d, view);

		/* A tombstone is where its document was. */
		doc_id(d->len > 0 ? d : d->older, &v);
		if (collate_cmp_by(c->collator, &v, id) != 0)
			return NULL;
		/* What was before a removal that the view knows is over. */
		if (seen || (d->len == 0 && d->ts <= view))
			return seen;
	}
	return NULL;
}

void
coll_revert(struct coll *c, struct doc *d, uint64_t ts)
{
	struct doc *keep = d, *next;

	while (keep && keep->ts > ts)
		keep = keep->older;
	if (keep == d)
		return;
	c->head = 0;
	c->changes++;
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
	if (d->older)
		history_kept(c, d->rid, ts, sizeof *d->older + d->older->len);
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
