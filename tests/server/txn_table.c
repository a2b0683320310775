#include "txn_table.h"

#include <string.h>

#include "catalog.h"
#include "out.h"
#include "server.h"

static struct doc *
find_row(const struct coll *c, const uint8_t *lsid, size_t len)
{
	struct value id = {BSON_TYPE_DOCUMENT, lsid, (uint32_t)len};

	return coll_by_id(c, &id);
}

void
txn_table_put(const struct txn_row *row)
{
	struct coll *c = catalog_find("config", "transactions");
	struct buf doc = BUF_INIT;
	size_t mark = out_open(&doc, NULL, BSON_TYPE_DOCUMENT);
	uint64_t ts = ts_of(row->last);
	struct doc *d;

	out_doc(&doc, "_id", row->lsid, row->lsid_len);
	out_i64(&doc, "txnNum", row->number);
	out_optime(&doc, "lastWriteOpTime", row->last);
	out_date(&doc, "lastWriteDate", row->wall);
	if (row->state)
		out_text(&doc, "state", row->state);
	if (!optime_is_null(row->start))
		out_optime(&doc, "startOpTime", row->start);
	out_close(&doc, mark);
	d = find_row(c, row->lsid, row->lsid_len);
	if (d)
		coll_update(c, d, doc.data, doc.len, ts, NULL, NULL);
	else
		coll_insert(c, doc.data, doc.len, ts, 0, NULL, NULL);
	buf_release(&doc);
}

static int64_t
number_of(const struct value *v)
{
	int64_t n = 0;
	int32_t word = 0;

	if (v->type == BSON_TYPE_INT32) {
		memcpy(&word, v->data, 4);
		return (int32_t)BSON_UINT32_FROM_LE((uint32_t)word);
	}
	memcpy(&n, v->data, 8);
	return (int64_t)BSON_UINT64_FROM_LE((uint64_t)n);
}

/* The first entry of the transaction that e goes on with. */
static struct optime
start_of(const struct entry *e)
{
	struct coll *c = catalog_find("config", "transactions");
	struct doc *d = find_row(c, e->lsid.data, e->lsid.len);
	struct optime start;
	bson_t doc;

	return d && bson_init_static(&doc, d->data, d->len) &&
		optime_read(&doc, "startOpTime", &start)
	    ? start
	    : e->at;
}

static bool
is(const struct entry *e, const char *name)
{
	return e->command && strcmp(e->command, name) == 0;
}

void
txn_table_play(const struct entry *e)
{
	struct txn_row row = {.number = 0, .start = OPTIME_NULL};
	bson_iter_t it;

	if (!e->lsid.type || !e->txn_number.type)
		return;
	row.lsid = e->lsid.data;
	row.lsid_len = e->lsid.len;
	row.number = number_of(&e->txn_number);
	row.last = e->at;
	row.wall = e->wall;
	if (is(e, "applyOps")) {
		row.state = "committed";
		if (e->txn_pending)
			row.state =
			    bson_iter_init_find(&it, &e->o, "prepare") &&
				bson_iter_as_bool(&it)
			    ? "prepared"
			    : "inProgress";
		if (e->txn_pending)
			row.start = start_of(e);
	} else if (is(e, "commitTransaction")) {
		row.state = "committed";
	} else if (is(e, "abortTransaction")) {
		row.state = "aborted";
	}
	txn_table_put(&row);
}
