/* A write command: its statements one after the other, and the reply. */
#include "ops.h"
#include "trans.h"
#include "write.h"

static bool
begin(struct write *w, struct request *r, const char *list_name,
    struct doc_list *list, bson_error_t *error)
{
	bson_iter_t it;

	*w = (struct write){.r = r};
	if (!arg_coll_name(r, &w->name, error))
		return false;
	if (!doc_list_init(r, list_name, list))
		return refuse(error, 40414,
		    "BSON field '%s.%s' is missing but a required field",
		    r->name, list_name);
	if (list->count < 1 || list->count > MAX_BATCH)
		return refuse(error, 16,
		    "Write batch sizes must be between 1 and %d. Got %lld "
		    "operations.",
		    MAX_BATCH, (long long)list->count);
	w->ordered = !arg_find(r, "ordered", &it) || bson_iter_as_bool(&it);
	w->bypass = arg_bool(r, "bypassDocumentValidation");
	/* 5.0.29, 6.0.17 and later; older ones do not know the field. */
	if (arg_find(r, "bypassEmptyTsReplacement", &it) && sim.set.fcv < 50)
		return refuse(error, 40415,
		    "BSON field '%s.bypassEmptyTsReplacement' is an unknown "
		    "field.",
		    r->name);
	w->keep_times = arg_bool(r, "bypassEmptyTsReplacement");
	return true;
}

static int32_t
stmt_id(const struct request *r, int32_t index)
{
	char text[INDEX_TEXT];
	bson_iter_t it;
	bson_t ids;

	if (arg_doc(r, "stmtIds", &ids) &&
	    bson_iter_init_find(&it, &ids, index_text((uint32_t)index, text)))
		return (int32_t)bson_iter_as_int64(&it);
	return (int32_t)arg_int(r, "stmtId", 0) + index;
}

static void
put_upserted(struct write *w, const uint8_t *doc, size_t len)
{
	char text[INDEX_TEXT];
	size_t mark = out_open(&w->upserted, index_text(w->n_upserted++, text),
	    BSON_TYPE_DOCUMENT);

	out_i32(&w->upserted, "index", w->index);
	out_elements(&w->upserted, doc, len);
	out_close(&w->upserted, mark);
}

void
write_upserted(struct write *w, const struct value *id)
{
	struct buf doc = BUF_INIT;
	size_t mark = out_open(&doc, NULL, BSON_TYPE_DOCUMENT);

	out_value(&doc, "_id", id);
	out_close(&doc, mark);
	put_upserted(w, doc.data, doc.len);
	buf_release(&doc);
}

/* Sets index and stmt. True: it was done before, and its result is counted. */
static bool
statement(struct write *w, int32_t index)
{
	const struct statement *done;

	w->index = index;
	if (w->r->txn_number < 0)
		return false;
	w->stmt = stmt_id(w->r, index);
	done = session_done(w->r, w->stmt);
	if (!done)
		return false;
	w->n += done->n;
	w->modified += done->modified;
	if (done->upserted.len > 0)
		put_upserted(w, done->upserted.data, done->upserted.len);
	return true;
}

/* info: more fields of the error. False: stop. */
static bool
failed(struct write *w, const bson_error_t *error, const struct buf *info)
{
	char text[INDEX_TEXT];
	size_t mark = out_open(
	    &w->errors, index_text(w->n_errors++, text), BSON_TYPE_DOCUMENT);

	out_i32(&w->errors, "index", w->index);
	out_i32(&w->errors, "code", (int32_t)error->code);
	buf_add(&w->errors, info->data, info->len);
	out_text(&w->errors, "errmsg", error->message);
	out_close(&w->errors, mark);
	w->r->interrupted = ops_killed();
	if (sim.trans)
		sim.trans->broken = true;
	return !w->r->interrupted && !w->ordered && !sim.trans;
}

static void
put_array(struct buf *out, const char *name, const struct buf *elements)
{
	size_t mark;

	if (elements->len == 0)
		return;
	mark = out_open(out, name, BSON_TYPE_ARRAY);
	buf_add(out, elements->data, elements->len);
	out_close(out, mark);
}

static void
end(struct write *w, bool with_modified)
{
	struct buf *b = w->r->reply;

	out_int(b, "n", w->n);
	if (with_modified)
		out_int(b, "nModified", w->modified);
	put_array(b, "upserted", &w->upserted);
	put_array(b, "writeErrors", &w->errors);
	out_optime(b, "opTime", sim.last);
	out_oid(b, "electionId", &sim.election_id);
	buf_release(&w->upserted);
	buf_release(&w->errors);
	buf_release(&w->fixed);
}

bool
write_each(struct request *r, const char *list_name, write_fn *one,
    bool with_modified, bson_error_t *error)
{
	struct buf info = BUF_INIT;
	struct doc_list list;
	struct write w;
	bson_error_t why;
	const uint8_t *doc;
	size_t len;
	bool ok;

	if (!begin(&w, r, list_name, &list, error))
		return false;
	for (int32_t i = 0; doc_list_next(&list, &doc, &len); i++) {
		if (statement(&w, i))
			continue;
		do {
			buf_clear(&info);
			ok = one(&w, doc, len, &info, &why);
		} while (!ok && trans_again(r, &why));
		if (!ok && !failed(&w, &why, &info))
			break;
	}
	buf_release(&info);
	end(&w, with_modified);
	return true;
}
