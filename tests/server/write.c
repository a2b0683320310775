#include "write.h"

#include <string.h>

#include "collate.h"
#include "commands.h"
#include "ddl.h"
#include "match.h"
#include "ops.h"
#include "trans.h"

bool
write_begin(struct write *w, struct request *r, const char *list_name,
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

bool
write_statement(struct write *w, int32_t index)
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

bool
write_failed(struct write *w, const bson_error_t *error, const struct buf *info)
{
	char text[INDEX_TEXT];
	size_t mark = out_open(
	    &w->errors, index_text(w->n_errors++, text), BSON_TYPE_DOCUMENT);

	out_i32(&w->errors, "index", w->index);
	out_i32(&w->errors, "code", (int32_t)error->code);
	if (info)
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

void
write_end(struct write *w, bool with_modified)
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
}

bool
write_view_check(const struct write *w, bson_error_t *error)
{
	bson_t view;

	return !catalog_view(w->r->db, w->name, &view) ||
	    refuse(error, 166, "Namespace %s.%s is a view, not a collection",
		w->r->db, w->name);
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

struct coll *
write_coll(struct write *w, bson_error_t *error)
{
	struct coll *c = catalog_find(w->r->db, w->name);
	bson_t none = BSON_INITIALIZER;

	if (c)
		return c;
	if (!write_view_check(w, error))
		return NULL;
	return ddl_create(w->r->db, w->name, &none);
}

static bool
option_is(const struct coll *c, const char *name, const char *value)
{
	bson_iter_t it;

	return bson_iter_init_find(&it, &c->options, name) &&
	    BSON_ITER_HOLDS_UTF8(&it) &&
	    strcmp(bson_iter_utf8(&it, NULL), value) == 0;
}

static bool
valid(const struct coll *c, const bson_t *validator, const uint8_t *doc,
    size_t len, bool *yes, bson_error_t *error)
{
	const struct collator *before = collate_use(c->collator);
	bson_t d;
	bool ok;

	bson_init_static(&d, doc, len);
	ok = match_doc(validator, &d, yes, error);
	collate_use(before);
	return ok;
}

bool
write_validate(const struct write *w, const struct coll *c,
    const struct doc *old, const uint8_t *doc, size_t len, bson_error_t *error)
{
	bson_iter_t it;
	bson_t validator;
	bool yes = true;

	if (w->bypass || !bson_iter_init_find(&it, &c->options, "validator") ||
	    !iter_doc(&it, &validator) || bson_empty(&validator) ||
	    option_is(c, "validationAction", "warn") ||
	    option_is(c, "validationLevel", "off"))
		return true;
	if (!valid(c, &validator, doc, len, &yes, error))
		return false;
	if (yes)
		return true;
	/* What was invalid before may stay so. */
	if (old && option_is(c, "validationLevel", "moderate") &&
	    valid(c, &validator, old->data, old->len, &yes, error) && !yes)
		return true;
	return refuse(error, 121, "Document failed validation");
}

bool
write_insert(struct write *w, struct coll *c, const uint8_t *doc, size_t len,
    struct buf *info, bson_error_t *error)
{
	struct log_entry e = {.op = "i",
	    .ns = c->ns,
	    .uuid = c->uuid,
	    .o = {doc, len},
	    .previous = OPTIME_NULL};
	struct optime at;

	if (len > MAX_DOC)
		return refuse(error, 2,
		    "object to insert too large. size in bytes: %zu, max size: "
		    "%d",
		    len, MAX_DOC);
	if (!trans_may_insert(c, doc, len, error) ||
	    !write_validate(w, c, NULL, doc, len, error))
		return false;
	at = oplog_begin(c);
	if (!coll_insert(c, doc, len, ts_of(at), 0, info, error))
		return false;
	session_entry(w->r, w->stmt, &e);
	oplog_write(&e, at);
	sim.inserts++;
	return true;
}

static bool
is_zero_time(const struct elem *e)
{
	static const uint8_t zero[8];

	return e->value.type == BSON_TYPE_TIMESTAMP &&
	    memcmp(e->value.data, zero, 8) == 0 && strcmp(e->name, "_id") != 0;
}

void
write_fix_times(struct buf *doc)
{
	struct walk w;
	struct elem e;

	walk_init(&w, doc->data, doc->len);
	while (walk_next(&w, &e)) {
		if (is_zero_time(&e)) {
			uint64_t now = ts_of(oplog_next());

			now = BSON_UINT64_TO_LE(now);
			memcpy(doc->data + (e.value.data - doc->data), &now, 8);
		}
	}
}

static bool
check_id(const struct elem *e, bson_error_t *error)
{
	struct walk w;
	struct elem sub;

	if (e->value.type == BSON_TYPE_ARRAY)
		return refuse(error, 2, "can't use an array for _id");
	if (e->value.type == BSON_TYPE_REGEX)
		return refuse(error, 2, "can't use a regex for _id");
	if (e->value.type == BSON_TYPE_UNDEFINED)
		return refuse(error, 2, "can't use a undefined for _id");
	if (e->value.type == BSON_TYPE_DOCUMENT &&
	    walk_init(&w, e->value.data, e->value.len))
		while (walk_next(&w, &sub))
			if (sub.name[0] == '$')
				return refuse(error, 52,
				    "_id fields may not contain '$'-prefixed "
				    "fields: %s is not valid for storage.",
				    sub.name);
	return true;
}

/* True: stored as it is. */
static bool
look(const uint8_t *doc, size_t len, struct elem *id, int *n_ids, bool *plain,
    bson_error_t *error)
{
	struct walk w;
	struct elem e;
	bool first = true;

	*n_ids = 0;
	*plain = true;
	if (!value_sound(doc, len) || !walk_init(&w, doc, len))
		return refuse(error, 22, "invalid bson");
	for (; walk_next(&w, &e); first = false) {
		if (e.name[0] == '$')
			return refuse(error, 2,
			    "Document can't have $ prefixed field names: %s",
			    e.name);
		if (is_zero_time(&e))
			*plain = false;
		if (strcmp(e.name, "_id") != 0)
			continue;
		if (!check_id(&e, error))
			return false;
		if (++*n_ids > 1)
			return refuse(error, 2,
			    "can't have multiple _id fields in one document");
		*id = e;
		*plain = *plain && first;
	}
	*plain = *plain && *n_ids == 1;
	return true;
}

bool
write_fix(const uint8_t *doc, size_t len, struct buf *out, bson_error_t *error)
{
	struct elem id = {0}, e;
	struct walk w;
	bson_oid_t oid;
	int n_ids;
	bool plain;
	size_t mark;

	buf_clear(out);
	if (!look(doc, len, &id, &n_ids, &plain, error))
		return false;
	if (plain) {
		buf_add(out, doc, len);
		return true;
	}
	mark = out_open(out, NULL, BSON_TYPE_DOCUMENT);
	if (n_ids) {
		buf_add(out, id.raw, id.raw_len);
	} else {
		bson_oid_init(&oid, NULL);
		out_oid(out, "_id", &oid);
	}
	walk_init(&w, doc, len);
	while (walk_next(&w, &e))
		if (strcmp(e.name, "_id") != 0)
			buf_add(out, e.raw, e.raw_len);
	out_close(out, mark);
	write_fix_times(out);
	return true;
}

static bool
insert_one(struct write *w, const uint8_t *doc, size_t len, struct buf *fixed,
    struct buf *info, bson_error_t *error)
{
	struct coll *c;

	if (!write_fix(doc, len, fixed, error))
		return false;
	c = write_coll(w, error);
	if (!c || !write_insert(w, c, fixed->data, fixed->len, info, error))
		return false;
	w->n++;
	session_remember(w->r, w->stmt, 1, 0, NULL, sim.last);
	return true;
}

bool
cmd_insert(struct request *r, bson_error_t *error)
{
	struct buf fixed = BUF_INIT, info = BUF_INIT;
	struct doc_list list;
	struct write w;
	bson_error_t why;
	const uint8_t *doc;
	size_t len;
	bool ok;

	if (!write_begin(&w, r, "documents", &list, error))
		return false;
	for (int32_t i = 0; doc_list_next(&list, &doc, &len); i++) {
		if (write_statement(&w, i))
			continue;
		do {
			buf_clear(&info);
			ok = insert_one(&w, doc, len, &fixed, &info, &why);
		} while (!ok && trans_again(r, &why));
		if (!ok && !write_failed(&w, &why, &info))
			break;
	}
	buf_release(&fixed);
	buf_release(&info);
	write_end(&w, false);
	return true;
}
