#include "write.h"

#include <string.h>

#include "collate.h"
#include "commands.h"
#include "ddl.h"
#include "match.h"
#include "trans.h"

bool
write_view_check(const struct write *w, bson_error_t *error)
{
	bson_t view;

	return !catalog_view(w->r->db, w->name, &view) ||
	    refuse(error, 166, "Namespace %s.%s is a view, not a collection",
		w->r->db, w->name);
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
write_fix(const uint8_t *doc, size_t len, bool keep_times, struct buf *out,
    bson_error_t *error)
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
	if (!keep_times)
		write_fix_times(out);
	return true;
}

static bool
insert_one(struct write *w, const uint8_t *doc, size_t len, struct buf *info,
    bson_error_t *error)
{
	struct coll *c;

	if (!write_fix(doc, len, w->keep_times, &w->fixed, error))
		return false;
	c = write_coll(w, error);
	if (!c || !write_insert(w, c, w->fixed.data, w->fixed.len, info, error))
		return false;
	w->n++;
	session_remember(w->r, w->stmt, 1, 0, NULL, sim.last);
	return true;
}

bool
cmd_insert(struct request *r, bson_error_t *error)
{
	return write_each(r, "documents", insert_one, false, error);
}
