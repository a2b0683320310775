#include "txn_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
note_op(struct got *g, const struct entry *e)
{
	char *was = g->text, *what;
	bson_iter_t it;

	if (e->op == ENTRY_COMMAND) {
		bson_iter_init(&it, &e->o);
		bson_iter_next(&it);
		what = bson_strdup_printf("c %.*s %s %s", (int)e->db_len, e->ns,
		    e->command, bson_iter_utf8(&it, NULL));
	} else {
		bson_iter_init_find(
		    &it, e->op == ENTRY_UPDATE ? &e->o2 : &e->o, "_id");
		what = bson_strdup_printf("%s %s %d",
		    e->op == ENTRY_INSERT       ? "i"
			: e->op == ENTRY_UPDATE ? "u"
						: "d",
		    e->ns, bson_iter_int32(&it));
	}
	g->text =
	    *was ? bson_strdup_printf("%s;%s", was, what) : bson_strdup(what);
	bson_free(was);
	bson_free(what);
}

static bool
selected(void *arg, const struct entry *op)
{
	struct got *g = arg;

	return !g->db ||
	    (strlen(g->db) == op->db_len &&
		strncmp(g->db, op->ns, op->db_len) == 0);
}

static bool
emit(void *arg, const uint8_t *doc, size_t len, bson_error_t *error)
{
	struct got *g = arg;
	struct entry e;

	if (g->fail_emit)
		return error_set(error, MM_EXIT_IO, 0, "emit fails");
	if (!value_sound(doc, len) || !entry_parse(doc, len, &e, error))
		return error_set(error, MM_EXIT_INTERNAL, 0, "not an entry");
	if (e.txn_index == 0) {
		g->in_order &= g->last == g->ops;
		g->ops = 0;
	}
	g->in_order &= e.txn_index == g->ops;
	g->ops++;
	g->last = e.txn_last ? g->ops : -1;
	note_op(g, &e);
	return true;
}

struct spill {
	struct got *g;
	struct buf data;
};

static void *
spill_open(void *arg, bson_error_t *error)
{
	struct spill *s;

	if (((struct got *)arg)->fail_spill) {
		error_set(error, MM_EXIT_IO, 0, "no space");
		return NULL;
	}
	s = bson_malloc0(sizeof *s);
	s->g = arg;
	s->g->open_spills++;
	return s;
}

static bool
spill_append(void *spill, const void *data, size_t len, bson_error_t *error)
{
	struct spill *s = spill;

	(void)error;
	buf_add(&s->data, data, len);
	s->g->spilled += len;
	return true;
}

static bool
spill_read(
    void *spill, uint64_t at, void *data, size_t len, bson_error_t *error)
{
	struct spill *s = spill;

	if (at > s->data.len || len > s->data.len - at)
		return error_set(error, MM_EXIT_IO, 0, "beyond the spill");
	memcpy(data, s->data.data + at, len);
	return true;
}

static void
spill_close(void *spill)
{
	struct spill *s = spill;

	s->g->open_spills--;
	buf_release(&s->data);
	bson_free(s);
}

static const struct txn_spill spills = {
    spill_open, spill_append, spill_read, spill_close};

struct txn *
txn_case_new(struct got *g, uint32_t applied)
{
	struct txn_io io = {g, selected, emit, &spills};

	memset(g, 0, sizeof *g);
	g->text = bson_strdup("");
	g->in_order = true;
	return txn_new(&io, (struct optime){applied, 1, 1});
}

/* ------------------------------------------------- entries from vectors */

/* "i d.x 1", "c d create y" as fields of doc. */
static void
append_op(bson_t *doc, const char *text)
{
	char op[8], ns[32], a[32], b[32] = "";
	bson_t o;

	sscanf(text, "%7s %31s %31s %31s", op, ns, a, b);
	if (*op == 'c')
		strcat(ns, ".$cmd");
	BSON_APPEND_UTF8(doc, "op", op);
	BSON_APPEND_UTF8(doc, "ns", ns);
	BSON_APPEND_DOCUMENT_BEGIN(doc, "o", &o);
	if (*op == 'c')
		BSON_APPEND_UTF8(&o, a, b);
	else if (*op == 'u')
		BCON_APPEND(&o, "$v", BCON_INT32(2), "diff", "{", "u", "{", "a",
		    BCON_INT32(1), "}", "}");
	else
		BSON_APPEND_INT32(&o, "_id", atoi(a));
	bson_append_document_end(doc, &o);
	if (*op == 'u')
		BCON_APPEND(doc, "o2", "{", "_id", BCON_INT32(atoi(a)), "}");
}

int
txn_case_number(const bson_t *doc, const char *field, int otherwise)
{
	bson_iter_t it;

	return bson_iter_init_find(&it, doc, field)
	    ? (int)bson_iter_as_int64(&it)
	    : otherwise;
}

static void
append_list(bson_t *o, bson_iter_t *ao)
{
	bson_iter_t it;
	bson_t list, op;

	BSON_APPEND_ARRAY_BEGIN(o, "applyOps", &list);
	bson_iter_recurse(ao, &it);
	while (bson_iter_next(&it)) {
		BSON_APPEND_DOCUMENT_BEGIN(&list, bson_iter_key(&it), &op);
		append_op(&op, bson_iter_utf8(&it, NULL));
		bson_append_document_end(&list, &op);
	}
	bson_append_array_end(o, &list);
}

static bson_t *
entry_of(const bson_t *in)
{
	bson_t *e = bson_new(), o;
	bson_iter_t it;

	if (bson_iter_init_find(&it, in, "lsid"))
		BCON_APPEND(e, "lsid", "{", "id",
		    BCON_UTF8(bson_iter_utf8(&it, NULL)), "}");
	if (txn_case_number(in, "txn", -1) >= 0)
		BSON_APPEND_INT64(
		    e, "txnNumber", txn_case_number(in, "txn", -1));
	if (txn_case_number(in, "multi", 0))
		BSON_APPEND_INT32(e, "multiOpType", 1);
	if (bson_iter_init_find(&it, in, "op")) {
		append_op(e, bson_iter_utf8(&it, NULL));
	} else {
		BCON_APPEND(e, "op", "c", "ns", "admin.$cmd");
		BSON_APPEND_DOCUMENT_BEGIN(e, "o", &o);
		if (bson_iter_init_find(&it, in, "ao"))
			append_list(&o, &it);
		if (txn_case_number(in, "commit", 0))
			BCON_APPEND(&o, "commitTransaction", BCON_INT32(1),
			    "commitTimestamp",
			    BCON_TIMESTAMP(
				(uint32_t)txn_case_number(in, "commit", 0), 1));
		if (txn_case_number(in, "abort", 0))
			BSON_APPEND_INT32(&o, "abortTransaction", 1);
		if (txn_case_number(in, "partial", 0))
			BSON_APPEND_BOOL(&o, "partialTxn", true);
		if (txn_case_number(in, "prepare", 0))
			BSON_APPEND_BOOL(&o, "prepare", true);
		if (txn_case_number(in, "count", 0))
			BSON_APPEND_INT64(
			    &o, "count", txn_case_number(in, "count", 0));
		bson_append_document_end(e, &o);
	}
	BSON_APPEND_TIMESTAMP(
	    e, "ts", (uint32_t)txn_case_number(in, "ts", 0), 1);
	BCON_APPEND(e, "t", BCON_INT64(1), "v", BCON_INT32(2), "wall",
	    BCON_DATE_TIME(5));
	if (txn_case_number(in, "prev", -1) == 0)
		BCON_APPEND(e, "prevOpTime", "{", "ts", BCON_TIMESTAMP(0, 0),
		    "t", BCON_INT64(-1), "}");
	else if (txn_case_number(in, "prev", -1) > 0)
		BCON_APPEND(e, "prevOpTime", "{", "ts",
		    BCON_TIMESTAMP((uint32_t)txn_case_number(in, "prev", 0), 1),
		    "t", BCON_INT64(1), "}");
	return e;
}

bool
txn_case_feed(struct txn *t, struct got *g, const bson_t *in, uint32_t applied,
    bson_error_t *error)
{
	bson_t *doc = entry_of(in);
	struct entry e;
	enum txn_got got = TXN_ERROR;

	if (entry_parse(bson_get_data(doc), doc->len, &e, error))
		got = txn_feed(t, &e, error);
	if (got == TXN_PLAIN && e.at.secs > applied && selected(g, &e))
		note_op(g, &e);
	bson_destroy(doc);
	return got != TXN_ERROR;
}
