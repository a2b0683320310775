/* Documents go through the one function of common/model that every program
 * uses; the catalog does not: what the programs make of a command is judged
 * by what is done here. */
#include "play.h"

#include <string.h>

#include "catalog.h"
#include "model/txn.h"
#include "model/ns.h"
#include "oplog.h"
#include "out.h"
#include "server.h"
#include "txn_table.h"

struct play {
	struct txn *txn;
};

/* ---- memory for a large transaction ---- */

static void *
keep_open(void *arg, bson_error_t *error)
{
	(void)arg, (void)error;
	return bson_malloc0(sizeof(struct buf));
}

static bool
keep_append(void *spill, const void *data, size_t len, bson_error_t *error)
{
	(void)error;
	buf_add(spill, data, len);
	return true;
}

static bool
keep_read(void *spill, uint64_t at, void *data, size_t len, bson_error_t *error)
{
	const struct buf *b = spill;

	if (at > b->len || len > b->len - at)
		return error_set(error, MM_EXIT_INTERNAL, 0, "short spill");
	memcpy(data, b->data + at, len);
	return true;
}

static void
keep_close(void *spill)
{
	buf_release(spill);
	bson_free(spill);
}

/* ---- one change ---- */

static struct coll *
coll_for(const struct entry *e)
{
	struct coll *c = e->ui ? catalog_by_uuid(e->ui) : NULL;
	bson_t none = BSON_INITIALIZER;
	char db[128];
	const char *name;

	if (!c)
		c = catalog_find_ns(e->ns);
	if (c || e->op == ENTRY_DELETE || !ns_split(e->ns, db, &name))
		return c;
	c = catalog_add(db, name, &none);
	if (e->ui)
		memcpy(c->uuid, e->ui, 16);
	c->visible = ts_of(e->at);
	return c;
}

bool
play_change(const struct entry *e, bson_error_t *error)
{
	struct coll *c = coll_for(e);
	struct buf out = BUF_INIT;
	enum entry_effect effect;
	struct entry_note note;
	uint64_t ts = ts_of(e->at);
	struct value id;
	struct doc *d;
	bson_t pre;
	bool ok;

	if (!c)
		return true;
	if (!entry_key(e, &id, error))
		return false;
	d = coll_by_id(c, &id);
	if (d)
		bson_init_static(&pre, d->data, d->len);
	ok = entry_apply(e, d ? &pre : NULL, &out, &effect, &note, error);
	if (ok && effect == EFFECT_DELETED && d)
		coll_remove(c, d, ts);
	else if (ok && effect == EFFECT_STORED && d)
		ok = coll_update(c, d, out.data, out.len, ts, NULL, error);
	else if (ok && effect == EFFECT_STORED)
		ok = coll_insert(c, out.data, out.len, ts, 0, NULL, error);
	buf_release(&out);
	return ok;
}

static bool
play_one(const struct entry *e, bson_error_t *error)
{
	switch (e->op) {
	case ENTRY_NOOP:
		return true;
	case ENTRY_COMMAND:
		return play_command(e, error);
	default:
		return play_change(e, error);
	}
}

static bool
everything(void *arg, const struct entry *e)
{
	(void)arg, (void)e;
	return true;
}

static bool
emit(void *arg, const uint8_t *doc, size_t len, bson_error_t *error)
{
	struct entry e;

	(void)arg;
	return entry_parse(doc, len, &e, error) && play_one(&e, error);
}

struct play *
play_new(void)
{
	static const struct txn_spill spill = {
	    keep_open, keep_append, keep_read, keep_close};
	struct play *p = bson_malloc0(sizeof *p);
	struct txn_io io = {p, everything, emit, &spill};

	p->txn = txn_new(&io, OPTIME_NULL);
	return p;
}

void
play_free(struct play *p)
{
	if (p)
		txn_free(p->txn);
	bson_free(p);
}

bool
play_entry(struct play *p, const uint8_t *doc, size_t len, bson_error_t *error)
{
	struct entry e;

	if (!entry_parse(doc, len, &e, error))
		return false;
	switch (txn_feed(p->txn, &e, error)) {
	case TXN_TAKEN:
		return true;
	case TXN_PLAIN:
		return play_one(&e, error);
	default:
		return false;
	}
}

/* The entry is seen no sooner than what it does: all under one lock. */
bool
play_logged(struct play *p, const uint8_t *doc, size_t len, bson_error_t *error)
{
	struct entry e;

	if (!entry_parse(doc, len, &e, error) ||
	    !play_entry(p, doc, len, error))
		return false;
	oplog_add(doc, len, e.at, e.wall ? e.wall : (int64_t)e.at.secs * 1000);
	if (sim.term < e.at.term)
		sim.term = e.at.term;
	txn_table_play(&e);
	return true;
}
