#include "oplog.h"

#include <string.h>

#include "catalog.h"
#include "history.h"
#include "members.h"
#include "out.h"
#include "server.h"
#include "trans.h"

#define RING_BYTES ((int64_t)1 << 30)

static struct coll *ring;
static struct optime clock_now;

struct optime
oplog_next(void)
{
	uint32_t now = (uint32_t)(server_now() / 1000);

	if (now > clock_now.secs) {
		clock_now.secs = now;
		clock_now.inc = 0;
	}
	clock_now.inc++;
	clock_now.term = sim.term;
	return clock_now;
}

struct optime
oplog_begin(const struct coll *c)
{
	if (sim.mark)
		return (struct optime){
		    (uint32_t)(sim.mark >> 32), (uint32_t)sim.mark, 1};
	return strncmp(c->ns, "local.", 6) == 0 ? OPTIME_NULL : oplog_next();
}

static void
put_session(struct buf *b, const struct log_entry *e)
{
	if (!e->transaction)
		out_i32(b, "stmtId", e->stmt);
	out_optime(b, "prevOpTime", e->previous);
	if (!optime_is_null(e->post_image))
		out_optime(b, "postImageOpTime", e->post_image);
}

static void
put_times(struct buf *b, struct optime at, int64_t wall)
{
	out_ts(b, "ts", ts_of(at));
	if (at.term >= 0)
		out_i64(b, "t", at.term);
	out_date(b, "wall", wall);
	out_i64(b, "v", 2);
}

static void
put_entry(
    struct buf *b, const struct log_entry *e, struct optime at, int64_t wall)
{
	size_t mark = out_open(b, NULL, BSON_TYPE_DOCUMENT);

	if (e->lsid.data) {
		out_doc(b, "lsid", e->lsid.data, e->lsid.len);
		out_i64(b, "txnNumber", e->txn_number);
	}
	out_text(b, "op", e->op);
	out_text(b, "ns", e->ns);
	if (e->uuid)
		out_bin(b, "ui", 4, e->uuid, 16);
	out_doc(b, "o", e->o.data, e->o.len);
	if (e->o2.data)
		out_doc(b, "o2", e->o2.data, e->o2.len);
	if (!optime_is_null(e->pre_image))
		out_optime(b, "preImageOpTime", e->pre_image);
	if (!sim.mark)
		put_times(b, at, wall);
	if (e->lsid.data)
		put_session(b, e);
	if (e->from_migrate)
		out_bool(b, "fromMigrate", true);
	out_close(b, mark);
}

/* With the mark of no transaction nobody sees it. */
#define HOLE (MARK_BASE | 0x80000000)
static struct optime hidden;

static struct doc *
doc_at(struct optime at)
{
	struct key key = {.prefix = ts_of(at), .rid = (int64_t)ts_of(at)};
	struct order_at place;
	struct doc *d = NULL;

	if (order_seek(&ring->natural, &key, &place))
		d = order_item(&ring->natural, &place);
	return d && d->rid == key.rid ? d : NULL;
}

static void
hide(struct optime at)
{
	doc_at(at)->ts = HOLE;
	hidden = at;
	sim.hole = false;
}

bool
oplog_fill(void)
{
	struct doc *d = doc_at(hidden);

	if (!d || d->ts != HOLE)
		return false;
	d->ts = (uint64_t)d->rid;
	return true;
}

void
oplog_add(const uint8_t *doc, size_t len, struct optime at, int64_t wall)
{
	coll_insert(ring, doc, len, ts_of(at), (int64_t)ts_of(at), NULL, NULL);
	if (optime_cmp(clock_now, at) < 0)
		clock_now = at;
	if (sim.hole)
		hide(at);
	sim.last = at;
	sim.last_wall = wall;
	members_commit();
	server_wake();
}

void
oplog_write(const struct log_entry *e, struct optime at)
{
	static struct buf b; /* under the lock */
	int64_t wall = server_now();

	if (optime_is_null(at))
		return;
	buf_clear(&b);
	put_entry(&b, e, at, wall);
	if (sim.mark)
		trans_op(b.data, b.len);
	else
		oplog_add(b.data, b.len, at, wall);
}

struct optime
oplog_write_as(const bson_t *fields, const bson_t *behind)
{
	struct buf b = BUF_INIT;
	size_t mark = out_open(&b, NULL, BSON_TYPE_DOCUMENT);
	struct optime at = oplog_next();
	int64_t wall = server_now();

	out_elements(&b, bson_get_data(fields), fields->len);
	put_times(&b, at, wall);
	if (behind)
		out_elements(&b, bson_get_data(behind), behind->len);
	out_close(&b, mark);
	oplog_add(b.data, b.len, at, wall);
	buf_release(&b);
	return at;
}

struct optime
oplog_command(const char *db, const uint8_t *uuid, const struct buf *o,
    const struct buf *o2)
{
	char ns[128];
	struct log_entry e = {.op = "c",
	    .ns = ns,
	    .uuid = uuid,
	    .o = {o->data, o->len},
	    .previous = OPTIME_NULL};
	struct optime at;
	struct coll *c;

	if (strcmp(db, "local") == 0)
		return OPTIME_NULL;
	if (sim.mark && uuid) {
		at = oplog_begin(ring);
		c = catalog_by_uuid(uuid);
		c->owner = sim.mark;
		trans_touch(c, 0);
	} else {
		at = oplog_next();
	}
	snprintf(ns, sizeof ns, "%s.$cmd", db);
	if (o2)
		e.o2 = (struct bytes){o2->data, o2->len};
	oplog_write(&e, at);
	return at;
}

struct optime
oplog_note(const uint8_t *o, size_t len)
{
	struct log_entry e = {
	    .op = "n", .ns = "", .o = {o, len}, .previous = OPTIME_NULL};
	struct optime at = oplog_next();

	oplog_write(&e, at);
	return at;
}

static void
note_text(const char *text)
{
	bson_t *o = BCON_NEW("msg", BCON_UTF8(text));

	oplog_note(bson_get_data(o), o->len);
	bson_destroy(o);
}

void
oplog_drop_oldest(int64_t n)
{
	struct order_at at;

	for (; n > 0 && ring->n_docs > 1; n--)
		if (order_first(&ring->natural, &at))
			coll_remove(ring, order_item(&ring->natural, &at), 0);
}

void
oplog_tick(void)
{
	if (!sim.set.feed && sim.set.idle_ms > 0 &&
	    server_now() - sim.last_wall >= sim.set.idle_ms)
		note_text("periodic noop");
}

void
oplog_clear(struct optime first)
{
	coll_clear(ring);
	clock_now = (struct optime){0};
	sim.last = sim.committed = OPTIME_NULL;
	history_start(ts_of(first));
}

void
oplog_restart(struct optime at)
{
	bson_t *o = BCON_NEW("msg", "start of the recording");
	struct log_entry e = {.op = "n",
	    .ns = "",
	    .previous = OPTIME_NULL,
	    .o = {bson_get_data(o), o->len}};

	oplog_clear(at);
	clock_now = at;
	sim.term = at.term;
	oplog_write(&e, at);
	sim.last_wall = sim.committed_wall = (int64_t)at.secs * 1000;
	bson_destroy(o);
}

void
oplog_init(void)
{
	bson_t *options = BCON_NEW("capped", BCON_BOOL(true), "size",
	    BCON_INT64(RING_BYTES), "autoIndexId", BCON_BOOL(false));
	bson_t *first = BCON_NEW("msg", "initiating set");
	bson_t *term = BCON_NEW("msg", "new primary");
	struct log_entry e = {.op = "n",
	    .ns = "",
	    .previous = OPTIME_NULL,
	    .o = {bson_get_data(first), first->len}};
	struct optime at;

	ring = catalog_add("local", "oplog.rs", options);
	ring->is_oplog = true;
	ring->cap_max = sim.set.oplog_entries;
	at = oplog_next();
	at.term = -1;
	oplog_write(&e, at);
	history_start(ts_of(at));
	oplog_note(bson_get_data(term), term->len);
	bson_destroy(options);
	bson_destroy(first);
	bson_destroy(term);
}
