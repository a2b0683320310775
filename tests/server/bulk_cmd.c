/* mongosim: bulkWrite (8.0): inserts, updates and deletes of any collections,
 * each done as the command of its own that it stands for. */
#include <string.h>

#include "auth.h"
#include "ops.h"
#include "write.h"

#define NS "admin.$cmd.bulkWrite"

static const struct command kinds[] = {
    {"insert", cmd_insert, ACCESS_WRITE, CMD_CONCERN},
    {"update", cmd_update, ACCESS_WRITE, CMD_CONCERN},
    {"delete", cmd_delete, ACCESS_WRITE, CMD_CONCERN}};

struct bulk_op {
	const struct command *kind;
	const char *name; /* its own */
	char db[128];
	const char *coll;
	bson_t doc; /* of `ops`, as it came */
};

struct tally {
	struct buf items;
	uint32_t n_items;
	int64_t errors, inserted, matched, modified, upserted, deleted;
};

static bool
find_ns(const struct request *r, int64_t at, struct bulk_op *op)
{
	struct doc_list list;
	const uint8_t *doc;
	const char *ns, *dot;
	bson_iter_t it;
	size_t len;
	bson_t d;

	if (!doc_list_init(r, "nsInfo", &list))
		return false;
	while (doc_list_next(&list, &doc, &len))
		if (at-- == 0 && bson_init_static(&d, doc, len) &&
		    bson_iter_init_find(&it, &d, "ns") &&
		    BSON_ITER_HOLDS_UTF8(&it)) {
			ns = bson_iter_utf8(&it, NULL);
			dot = strchr(ns, '.');
			if (!dot || (size_t)(dot - ns) >= sizeof op->db)
				return false;
			bson_snprintf(
			    op->db, sizeof op->db, "%.*s", (int)(dot - ns), ns);
			op->coll = dot + 1;
			return true;
		}
	return false;
}

static bool
read_op(
    const struct request *r, const uint8_t *doc, size_t len, struct bulk_op *op)
{
	bson_iter_t it;

	if (!value_sound(doc, len) || !bson_init_static(&op->doc, doc, len) ||
	    !bson_iter_init(&it, &op->doc) || !bson_iter_next(&it))
		return false;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(bson_iter_key(&it), kinds[i].name) == 0) {
			op->kind = &kinds[i];
			op->name = kinds[i].name;
			return find_ns(r, bson_iter_as_int64(&it), op);
		}
	return false;
}

static bool
is_set(const bson_t *doc, const char *name)
{
	bson_iter_t it;

	return bson_iter_init_find(&it, doc, name) && bson_iter_as_bool(&it);
}

/* The caller may do all that it asks for. */
static bool
may(const struct request *r)
{
	struct doc_list list;
	const uint8_t *doc;
	struct bulk_op op;
	size_t len;

	if (!doc_list_init(r, "ops", &list))
		return true; /* refused as it is */
	while (doc_list_next(&list, &doc, &len))
		if (read_op(r, doc, len, &op) &&
		    (!auth_may(r, op.db, op.coll,
			 *op.name == 'd' ? "remove" : op.name) ||
			(is_set(&op.doc, "upsert") &&
			    !auth_may(r, op.db, op.coll, "insert"))))
			return false;
	return true;
}

static void
put_as(bson_t *to, const char *as, const bson_t *from, const char *name)
{
	bson_iter_t it;

	if (bson_iter_init_find(&it, from, name))
		bson_append_iter(to, as, -1, &it);
}

/* What it stands for. */
static void
make_command(const struct bulk_op *op, int32_t at, bson_t *cmd)
{
	bson_t array, one;

	BSON_APPEND_UTF8(cmd, op->name, op->coll);
	BSON_APPEND_INT32(cmd, "stmtId", at);
	BSON_APPEND_ARRAY_BEGIN(cmd,
	    *op->name == 'i'       ? "documents"
		: *op->name == 'u' ? "updates"
				   : "deletes",
	    &array);
	if (*op->name == 'i') {
		put_as(&array, "0", &op->doc, "document");
	} else {
		BSON_APPEND_DOCUMENT_BEGIN(&array, "0", &one);
		put_as(&one, "q", &op->doc, "filter");
		if (*op->name == 'u') {
			put_as(&one, "u", &op->doc, "updateMods");
			put_as(&one, "multi", &op->doc, "multi");
			put_as(&one, "upsert", &op->doc, "upsert");
			put_as(&one, "arrayFilters", &op->doc, "arrayFilters");
		} else {
			BSON_APPEND_INT32(
			    &one, "limit", is_set(&op->doc, "multi") ? 0 : 1);
		}
		put_as(&one, "hint", &op->doc, "hint");
		put_as(&one, "collation", &op->doc, "collation");
		bson_append_document_end(&array, &one);
	}
	bson_append_array_end(cmd, &array);
}

static void
count(struct tally *t, const struct bulk_op *op, const bson_t *reply)
{
	bson_iter_t it;
	int64_t n =
	    bson_iter_init_find(&it, reply, "n") ? bson_iter_as_int64(&it) : 0;
	bool upserted = bson_has_field(reply, "upserted");

	out_double(&t->items, "ok", 1);
	out_i32(&t->items, "idx", (int32_t)t->n_items - 1);
	out_i32(&t->items, "n", (int32_t)n);
	if (*op->name == 'u' && bson_iter_init_find(&it, reply, "nModified")) {
		out_i32(
		    &t->items, "nModified", (int32_t)bson_iter_as_int64(&it));
		t->modified += bson_iter_as_int64(&it);
	}
	t->upserted += upserted;
	*(*op->name == 'i'         ? &t->inserted
		: *op->name == 'd' ? &t->deleted
				   : &t->matched) += n - upserted;
}

static void
put_failed(struct tally *t, int code, const char *text)
{
	t->errors++;
	out_double(&t->items, "ok", 0);
	out_i32(&t->items, "idx", (int32_t)t->n_items - 1);
	out_i32(&t->items, "code", code);
	out_text(&t->items, "errmsg", text);
	out_i32(&t->items, "n", 0);
}

/* Runs it; while it waits, $currentOp shows it alone. False: it failed. */
static bool
run_op(struct request *r, const struct bulk_op *op, struct tally *t)
{
	bson_t cmd = BSON_INITIALIZER, reply;
	struct buf out = BUF_INIT;
	struct request sub = *r;
	bson_error_t error;
	bson_iter_t it;
	size_t mark;
	bool ok;

	make_command(op, (int32_t)t->n_items - 1, &cmd);
	sub.name = op->name;
	sub.db = op->db;
	sub.body = cmd;
	sub.n_seq = 0;
	sub.reply = &out;
	sub.errmsg = NULL;
	memset(&sub.info, 0, sizeof sub.info);
	mark = out_open(&out, NULL, BSON_TYPE_DOCUMENT);
	ops_show(op->db, op->coll, &op->doc);
	ok = write_block_allows(&sub, op->kind, &error) &&
	    op->kind->run(&sub, &error);
	ops_show(NULL, NULL, NULL);
	out_close(&out, mark);
	bson_init_static(&reply, out.data, out.len);
	if (!ok) {
		put_failed(t, (int)error.code,
		    sub.errmsg ? sub.errmsg : error.message);
	} else if (bson_iter_init(&it, &reply) &&
	    bson_iter_find_descendant(&it, "writeErrors.0.code", &it)) {
		put_failed(t, bson_iter_int32(&it), "refused");
		ok = false;
	} else {
		count(t, op, &reply);
	}
	r->interrupted = sub.interrupted;
	bson_free(sub.errmsg);
	buf_release(&sub.info);
	buf_release(&out);
	bson_destroy(&cmd);
	return ok;
}

static void
put_reply(struct request *r, const struct tally *t)
{
	size_t mark = out_open(r->reply, "cursor", BSON_TYPE_DOCUMENT);
	size_t array;

	out_i64(r->reply, "id", 0);
	array = out_open(r->reply, "firstBatch", BSON_TYPE_ARRAY);
	buf_add(r->reply, t->items.data, t->items.len);
	out_close(r->reply, array);
	out_text(r->reply, "ns", NS);
	out_close(r->reply, mark);
	out_i32(r->reply, "nErrors", (int32_t)t->errors);
	out_i32(r->reply, "nInserted", (int32_t)t->inserted);
	out_i32(r->reply, "nMatched", (int32_t)t->matched);
	out_i32(r->reply, "nModified", (int32_t)t->modified);
	out_i32(r->reply, "nUpserted", (int32_t)t->upserted);
	out_i32(r->reply, "nDeleted", (int32_t)t->deleted);
}

bool
cmd_bulk_write(struct request *r, bson_error_t *error)
{
	struct tally t = {.items = BUF_INIT};
	char text[INDEX_TEXT];
	struct doc_list list;
	const uint8_t *doc;
	struct bulk_op op;
	bool ok = true;
	bson_iter_t it;
	size_t len, mark;

	if (sim.set.fcv < 80)
		return refuse(error, 59, "no such command: 'bulkWrite'");
	if (!doc_list_init(r, "ops", &list))
		return refuse(error, 40414,
		    "BSON field 'bulkWrite.ops' is missing but a required "
		    "field");
	if (!may(r))
		return auth_refuse(r, error);
	while (
	    (ok || (arg_find(r, "ordered", &it) && !bson_iter_as_bool(&it))) &&
	    !r->interrupted && doc_list_next(&list, &doc, &len)) {
		if (!read_op(r, doc, len, &op)) {
			buf_release(&t.items);
			return refuse(error, 2,
			    "BulkWrite ops entry %u is not understood",
			    t.n_items);
		}
		mark = out_open(&t.items, index_text(t.n_items++, text),
		    BSON_TYPE_DOCUMENT);
		ok = run_op(r, &op, &t);
		out_close(&t.items, mark);
	}
	put_reply(r, &t);
	buf_release(&t.items);
	return true;
}
