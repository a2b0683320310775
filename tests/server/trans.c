#include "trans.h"

#include <string.h>

#define LIFE_MS 60000

const char trans_conflict[] =
    "WriteConflict error: this operation conflicted with another operation. "
    "Please retry your operation or multi-document transaction.";

static struct trans *open_ones;

struct trans *
trans_new(const uint8_t *lsid, size_t len, int64_t number)
{
	static uint32_t marks;
	struct trans *t = bson_malloc0(sizeof *t);

	t->mark = MARK_BASE | (++marks & 0x7fffffff);
	t->since = ts_of(sim.last);
	t->number = number;
	t->started = server_tick();
	t->lsid = lsid;
	t->lsid_len = len;
	t->first = t->last = OPTIME_NULL;
	t->next = open_ones;
	open_ones = t;
	return t;
}

static void
close_one(struct trans *t, enum trans_state state)
{
	struct trans **p = &open_ones;

	while (*p && *p != t)
		p = &(*p)->next;
	if (*p)
		*p = t->next;
	t->state = state;
	buf_release(&t->ops);
	bson_free(t->touched);
	t->touched = NULL;
	t->n_touched = 0;
	server_wake();
}

static bool
is_open(const struct trans *t)
{
	return t->state == TRANS_OPEN || t->state == TRANS_PREPARED;
}

void
trans_free(struct trans *t)
{
	if (t && is_open(t))
		trans_abort(t);
	bson_free(t);
}

struct trans *
trans_next(const struct trans *t)
{
	return t ? t->next : open_ones;
}

bool
trans_pending(const struct coll *c)
{
	for (const struct trans *t = open_ones; t; t = t->next)
		for (size_t i = 0; i < t->n_touched; i++)
			if (!c || memcmp(t->touched[i].uuid, c->uuid, 16) == 0)
				return true;
	return false;
}

void
trans_abort_open(void)
{
	struct trans *t = open_ones, *next;

	for (; t; t = next) {
		next = t->next;
		if (t->state == TRANS_OPEN)
			trans_abort(t);
	}
}

void
trans_expire(void)
{
	struct trans *t = open_ones, *next;

	for (; t; t = next) {
		next = t->next;
		if (t->state == TRANS_OPEN &&
		    server_tick() - t->started > LIFE_MS)
			trans_abort(t);
	}
}

void
trans_touch(const struct coll *c, int64_t rid)
{
	struct trans *t = sim.trans;
	size_t n = t->n_touched;

	if ((n & (n - 1)) == 0)
		t->touched = bson_realloc(
		    t->touched, (n ? n * 2 : 1) * sizeof *t->touched);
	memcpy(t->touched[n].uuid, c->uuid, 16);
	t->touched[n].rid = rid;
	t->n_touched++;
}

void
trans_op(const uint8_t *op, size_t len)
{
	buf_add(&sim.trans->ops, op, len);
	sim.trans->n_ops++;
}

static bool
conflict(bson_error_t *error)
{
	if (sim.trans)
		sim.trans->conflict = true;
	return refuse(error, 112, "%s", trans_conflict);
}

static bool
has_unique(const struct coll *c)
{
	for (size_t i = 0; i < c->n_indexes; i++)
		if (c->index[i].unique)
			return true;
	return false;
}

bool
trans_may_write(struct coll *c, bson_error_t *error)
{
	if (!open_ones)
		return true;
	if (c->owner && c->owner != sim.mark)
		return conflict(error);
	if (!sim.trans)
		return true;
	if (c->capped)
		return refuse(error, 263,
		    "Collection '%s' is a capped collection. Writes in "
		    "transactions are not allowed on capped collections.",
		    c->ns);
	/* The values it takes and gives up are known at its end: until then
	 * the collection is its own. */
	if (has_unique(c)) {
		for (struct trans *t = open_ones; t; t = t->next)
			for (size_t i = 0; t != sim.trans && i < t->n_touched;
			     i++)
				if (memcmp(t->touched[i].uuid, c->uuid, 16) ==
				    0)
					return conflict(error);
		c->owner = sim.mark;
		trans_touch(c, -1);
	}
	return true;
}

bool
trans_may_change(const struct doc *d, bson_error_t *error)
{
	if (!open_ones || d->ts == sim.mark)
		return true;
	if (d->ts >= MARK_BASE || (sim.trans && d->ts > sim.trans->since))
		return conflict(error);
	return true;
}

bool
trans_may_insert(
    struct coll *c, const uint8_t *doc, size_t len, bson_error_t *error)
{
	struct elem id;

	if (!open_ones)
		return true;
	return trans_may_write(c, error) &&
	    (!walk_find(doc, len, "_id", &id) ||
		!coll_id_marked(c, &id.value) || conflict(error));
}

bool
trans_again(const struct request *r, const bson_error_t *error)
{
	return error->code == 112 && !sim.trans &&
	    server_wait(request_deadline(r));
}

/* Its versions get that timestamp; 0: they go. */
static void
finish(struct trans *t, uint64_t ts)
{
	for (size_t i = t->n_touched; i-- > 0;) {
		struct coll *c = catalog_by_uuid(t->touched[i].uuid);

		if (!c)
			continue;
		if (t->touched[i].rid > 0)
			coll_finish(c, t->touched[i].rid, t->mark, ts);
		if (c->owner == t->mark)
			c->owner = 0;
		if (t->touched[i].rid == 0 && ts)
			c->visible = ts;
		else if (t->touched[i].rid == 0)
			catalog_remove(c);
	}
}

/* Entries are written outside of the transaction. */
static struct trans *
leave(void)
{
	struct trans *t = sim.trans;

	sim.trans = NULL;
	sim.mark = 0;
	return t;
}

void
trans_commit(struct trans *t)
{
	leave();
	if (t->n_ops > 0)
		finish(t, ts_of(trans_log(t, false)));
	else
		finish(t, 0);
	close_one(t, TRANS_COMMITTED);
}

void
trans_end(struct trans *t, uint64_t ts)
{
	leave();
	finish(t, ts);
	close_one(t, TRANS_COMMITTED);
}

void
trans_prepare(struct trans *t)
{
	leave();
	trans_log(t, true);
	t->state = TRANS_PREPARED;
}

void
trans_commit_prepared(struct trans *t, uint64_t commit_ts)
{
	struct buf o = BUF_INIT;
	size_t mark = out_open(&o, NULL, BSON_TYPE_DOCUMENT);

	leave();
	out_i32(&o, "commitTransaction", 1);
	out_ts(&o, "commitTimestamp", commit_ts);
	out_close(&o, mark);
	t->state = TRANS_COMMITTED;
	finish(t, ts_of(trans_log_end(t, &o)));
	close_one(t, TRANS_COMMITTED);
	buf_release(&o);
}

void
trans_abort(struct trans *t)
{
	struct buf o = BUF_INIT;
	size_t mark;

	leave();
	if (t->state == TRANS_PREPARED) {
		mark = out_open(&o, NULL, BSON_TYPE_DOCUMENT);
		out_i32(&o, "abortTransaction", 1);
		out_close(&o, mark);
		t->state = TRANS_ABORTED;
		trans_log_end(t, &o);
		buf_release(&o);
	}
	finish(t, 0);
	close_one(t, TRANS_ABORTED);
}
