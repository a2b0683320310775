#include <string.h>

#include "trans.h"

static const char *
state_name(const struct trans *t, bool prepare)
{
	if (t->state == TRANS_ABORTED)
		return "aborted";
	return prepare ? "prepared" : "committed";
}

/* {_id, txnNum, lastWriteOpTime, lastWriteDate, state, startOpTime?}; not
 * logged. */
static void
put_table(const struct trans *t, const char *state, bool going_on)
{
	struct coll *c = catalog_find("config", "transactions");
	struct buf doc = BUF_INIT;
	size_t mark = out_open(&doc, NULL, BSON_TYPE_DOCUMENT);
	uint64_t ts = ts_of(t->last);
	struct elem id;
	struct doc *d;

	out_doc(&doc, "_id", t->lsid, t->lsid_len);
	out_i64(&doc, "txnNum", t->number);
	out_optime(&doc, "lastWriteOpTime", t->last);
	out_date(&doc, "lastWriteDate", sim.last_wall);
	out_text(&doc, "state", state);
	if (going_on)
		out_optime(&doc, "startOpTime", t->first);
	out_close(&doc, mark);
	walk_find(doc.data, doc.len, "_id", &id);
	d = coll_by_id(c, &id.value);
	if (d)
		coll_update(c, d, doc.data, doc.len, ts, NULL, NULL);
	else
		coll_insert(c, doc.data, doc.len, ts, 0, NULL, NULL);
	buf_release(&doc);
}

static void
write_entry(struct trans *t, const struct buf *o)
{
	struct log_entry e = {.op = "c",
	    .ns = "admin.$cmd",
	    .o = {o->data, o->len},
	    .lsid = {t->lsid, t->lsid_len},
	    .txn_number = t->number,
	    .previous = t->last,
	    .transaction = true};

	t->last = oplog_next();
	if (optime_is_null(t->first))
		t->first = t->last;
	oplog_write(&e, t->last);
}

/* As many operations as one entry takes, at least one; false: that was all. */
static bool
put_ops(const struct trans *t, size_t *at, struct buf *o)
{
	size_t mark = out_open(o, "applyOps", BSON_TYPE_ARRAY);

	for (uint32_t i = 0; *at < t->ops.len; i++) {
		uint32_t len = doc_len(t->ops.data + *at);

		if (i > 0 && (int64_t)(o->len + len) > sim.set.txn_entry_bytes)
			break;
		out_index(o, i, t->ops.data + *at, len);
		*at += len;
	}
	out_close(o, mark);
	return *at < t->ops.len;
}

struct optime
trans_log(struct trans *t, bool prepare)
{
	struct buf o = BUF_INIT;
	bool more = true, first = true;
	size_t at = 0;

	for (; more; first = false) {
		size_t mark;

		buf_clear(&o);
		mark = out_open(&o, NULL, BSON_TYPE_DOCUMENT);
		more = put_ops(t, &at, &o);
		if (!more && prepare)
			out_bool(&o, "prepare", true);
		if (more)
			out_bool(&o, "partialTxn", true);
		else if (!first)
			out_i64(&o, "count", t->n_ops);
		out_close(&o, mark);
		write_entry(t, &o);
		if (more && first)
			put_table(t, "inProgress", true);
	}
	put_table(t, state_name(t, prepare), prepare);
	buf_release(&o);
	return t->last;
}

struct optime
trans_log_end(struct trans *t, const struct buf *o)
{
	write_entry(t, o);
	put_table(t, state_name(t, false), false);
	return t->last;
}
