#include <string.h>

#include "trans.h"
#include "txn_table.h"

static const char *
state_name(const struct trans *t, bool prepare)
{
	if (t->state == TRANS_ABORTED)
		return "aborted";
	return prepare ? "prepared" : "committed";
}

static void
put_table(const struct trans *t, const char *state, bool going_on)
{
	struct txn_row row = {.lsid = t->lsid,
	    .lsid_len = t->lsid_len,
	    .number = t->number,
	    .last = t->last,
	    .start = going_on ? t->first : OPTIME_NULL,
	    .wall = sim.last_wall,
	    .state = state};

	txn_table_put(&row);
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
