/* mongosim: the commands update and delete. */
#include <string.h>

#include "commands.h"
#include "cursor.h"
#include "diff.h"
#include "match.h"
#include "update.h"
#include "write.h"

/* The documents a statement is about, taken down before any is changed. */
struct found {
	int64_t *rid;
	size_t n, cap;
	bool all;
};

static bool
take_down(void *ctx, const struct doc *d)
{
	struct found *f = ctx;

	if (f->n == f->cap) {
		f->cap = f->cap ? f->cap * 2 : 16;
		f->rid = bson_realloc(f->rid, f->cap * sizeof *f->rid);
	}
	f->rid[f->n++] = d->rid;
	return f->all;
}

static bool
find_all(const struct coll *c, const bson_t *query, const bson_iter_t *hint,
    struct found *f, bson_error_t *error)
{
	bson_t none = BSON_INITIALIZER;
	struct plan plan;
	bool sorted, ok;

	if (!match_check(query, error))
		return false;
	if (!c)
		return true;
	ok = plan_make(
		 c, query, &none, hint, NULL, NULL, &plan, &sorted, error) &&
	    scan_each(c, &plan, query, VIEW_LOCAL, take_down, f, error);
	plan_release(&plan);
	return ok;
}

static struct doc *
by_rid(const struct coll *c, int64_t rid)
{
	struct key key = {.prefix = (uint64_t)rid};
	struct order_at at;

	return order_seek(&c->natural, &key, &at) ? order_item(&c->natural, &at)
						  : NULL;
}

struct statement_of_update {
	bson_t q, filters;
	bson_iter_t u, hint;
	bool multi, upsert, has_filters, has_hint;
};

static bool
read_statement(const uint8_t *doc, size_t len, struct statement_of_update *s,
    bson_error_t *error)
{
	bson_iter_t it;
	bson_t d;
	bool q = false, u = false;

	memset(s, 0, sizeof *s);
	if (!value_sound(doc, len) || !bson_init_static(&d, doc, len))
		return refuse(error, 22, "invalid bson");
	bson_iter_init(&it, &d);
	while (bson_iter_next(&it)) {
		const char *key = bson_iter_key(&it);

		if (strcmp(key, "q") == 0) {
			q = iter_doc(&it, &s->q);
		} else if (strcmp(key, "u") == 0) {
			u = BSON_ITER_HOLDS_DOCUMENT(&it) ||
			    BSON_ITER_HOLDS_ARRAY(&it);
			s->u = it;
		} else if (strcmp(key, "multi") == 0) {
			s->multi = bson_iter_as_bool(&it);
		} else if (strcmp(key, "upsert") == 0) {
			s->upsert = bson_iter_as_bool(&it);
		} else if (strcmp(key, "arrayFilters") == 0) {
			s->has_filters = iter_doc(&it, &s->filters);
		} else if (strcmp(key, "hint") == 0) {
			s->hint = it;
			s->has_hint = true;
		} else if (strcmp(key, "collation") != 0 &&
		    strcmp(key, "c") != 0) {
			return refuse(error, 40415,
			    "BSON field 'update.updates.%s' is an unknown "
			    "field.",
			    key);
		}
	}
	return (q && u) ||
	    refuse(error, 40414,
		"BSON field 'update.updates.%s' is missing but a required "
		"field",
		q ? "u" : "q");
}

static bool
check_size(const struct coll *c, const struct doc *old, const struct buf *new,
    bson_error_t *error)
{
	if (new->len > MAX_DOC)
		return refuse(error, 17419,
		    "Resulting document after update is larger than %d",
		    MAX_DOC);
	if (c->capped && old && old->len != new->len)
		return refuse(error, 10003,
		    "Cannot change the size of a document in a capped "
		    "collection: %u != %zu",
		    old->len, new->len);
	return true;
}

static void
log_update(struct write *w, const struct coll *c, const struct doc *d,
    const bson_t *o, struct optime at)
{
	struct entry e = {.op = "u",
	    .ns = c->ns,
	    .uuid = c->uuid,
	    .o = {bson_get_data(o), o->len},
	    .previous = OPTIME_NULL};
	struct buf o2 = BUF_INIT;
	size_t mark = out_open(&o2, NULL, BSON_TYPE_DOCUMENT);
	struct value id;

	doc_id(d, &id);
	out_value(&o2, "_id", &id);
	out_close(&o2, mark);
	e.o2 = (struct bytes){o2.data, o2.len};
	session_entry(w->r, w->stmt, &e);
	oplog_write(&e, at);
	buf_release(&o2);
}

static bool
apply(const struct statement_of_update *s, const bson_t *old,
    struct update_log *log, struct buf *new, bson_error_t *error)
{
	struct update_args args = {.query = &s->q,
	    .update = &s->u,
	    .array_filters = s->has_filters ? &s->filters : NULL,
	    .old = old,
	    .now = server_now()};
	struct optime at;

	if (update_needs_time(&s->u)) {
		at = oplog_next();
		args.seconds = at.secs;
		args.increment = at.inc;
	}
	if (!update_apply(&args, log, new, error))
		return false;
	if (!old || log->form == UPDATE_REPLACEMENT)
		write_fix_times(new);
	return true;
}

static bool
change_one(struct write *w, struct coll *c, struct doc *d,
    const struct statement_of_update *s, struct buf *info, bson_error_t *error)
{
	struct update_log log;
	struct buf new = BUF_INIT;
	bson_t old, after, o;
	struct optime at;
	bool ok, changed = false;

	bson_init_static(&old, d->data, d->len);
	update_log_init(&log);
	ok = apply(s, &old, &log, &new, error) &&
	    check_size(c, d, &new, error) &&
	    (log.form == UPDATE_NOOP ||
		write_validate(w, c, new.data, new.len, error));
	if (ok && log.form != UPDATE_NOOP) {
		bson_init_static(&after, new.data, new.len);
		changed = diff_make(
		    &old, &after, &log, sim.set.fcv >= 49 ? 2 : 1, &o);
		at = oplog_begin(c);
		if (changed) {
			d = coll_update(
			    c, d, new.data, new.len, ts_of(at), info, error);
			ok = d != NULL;
			if (ok)
				log_update(w, c, d, &o, at);
		}
		bson_destroy(&o);
	}
	update_log_release(&log);
	buf_release(&new);
	if (ok) {
		w->n++;
		w->modified += changed;
		sim.updates++;
	}
	return ok;
}

static bool
upsert(struct write *w, const struct statement_of_update *s, struct buf *info,
    bson_error_t *error)
{
	struct update_log log;
	struct buf new = BUF_INIT;
	struct coll *c;
	struct elem id;
	bool ok;

	update_log_init(&log);
	c = write_coll(w, error);
	ok = c && apply(s, NULL, &log, &new, error) &&
	    check_size(c, NULL, &new, error) &&
	    write_insert(w, c, new.data, new.len, info, error);
	if (ok && walk_find(new.data, new.len, "_id", &id)) {
		w->n++;
		write_upserted(w, &id.value);
		session_remember(w->r, w->stmt, 1, 0, &id.value, sim.last);
	}
	update_log_release(&log);
	buf_release(&new);
	return ok;
}

static bool
update_one(struct write *w, const uint8_t *doc, size_t len, struct buf *info,
    bson_error_t *error)
{
	struct statement_of_update s;
	struct found f = {0};
	struct coll *c = catalog_find(w->r->db, w->name);
	int64_t n = w->n, modified = w->modified;
	bool ok = true;

	if (!read_statement(doc, len, &s, error))
		return false;
	if (s.multi && w->r->txn_number >= 0)
		return refuse(error, 72,
		    "Cannot use (or request) retryable writes with multi=true");
	f.all = s.multi;
	if (!update_check(
		&s.u, s.has_filters ? &s.filters : NULL, s.multi, error) ||
	    (!c && !write_view_check(w, error)) ||
	    !find_all(c, &s.q, s.has_hint ? &s.hint : NULL, &f, error)) {
		bson_free(f.rid);
		return false;
	}
	if (f.n == 0 && s.upsert)
		return upsert(w, &s, info, error);
	for (size_t i = 0; i < f.n && ok; i++)
		ok = change_one(w, c, by_rid(c, f.rid[i]), &s, info, error);
	if (ok && f.n > 0)
		session_remember(w->r, w->stmt, w->n - n,
		    w->modified - modified, NULL, sim.last);
	bson_free(f.rid);
	return ok;
}

bool
cmd_update(struct request *r, bson_error_t *error)
{
	struct buf info = BUF_INIT;
	struct doc_list list;
	struct write w;
	bson_error_t why;
	const uint8_t *doc;
	size_t len;

	if (!write_begin(&w, r, "updates", &list, error))
		return false;
	for (int32_t i = 0; doc_list_next(&list, &doc, &len); i++) {
		if (write_statement(&w, i))
			continue;
		buf_clear(&info);
		if (!update_one(&w, doc, len, &info, &why) &&
		    !write_failed(&w, &why, &info))
			break;
	}
	buf_release(&info);
	write_end(&w, true);
	return true;
}

static void
remove_one(struct write *w, struct coll *c, struct doc *d)
{
	struct entry e = {
	    .op = "d", .ns = c->ns, .uuid = c->uuid, .previous = OPTIME_NULL};
	struct buf o = BUF_INIT;
	size_t mark = out_open(&o, NULL, BSON_TYPE_DOCUMENT);
	struct optime at = oplog_begin(c);
	struct value id;

	doc_id(d, &id);
	out_value(&o, "_id", &id);
	out_close(&o, mark);
	e.o = (struct bytes){o.data, o.len};
	coll_remove(c, d, ts_of(at));
	session_entry(w->r, w->stmt, &e);
	oplog_write(&e, at);
	buf_release(&o);
	w->n++;
	sim.deletes++;
}

static bool
delete_one(struct write *w, const uint8_t *doc, size_t len, bson_error_t *error)
{
	struct found f = {0};
	struct coll *c = catalog_find(w->r->db, w->name);
	bson_iter_t it, hint;
	bson_t d, q;
	bool has_hint;
	int64_t limit;

	if (!value_sound(doc, len) || !bson_init_static(&d, doc, len))
		return refuse(error, 22, "invalid bson");
	if (!bson_iter_init_find(&it, &d, "q") || !iter_doc(&it, &q))
		return refuse(error, 40414,
		    "BSON field 'delete.deletes.q' is missing but a required "
		    "field");
	if (!bson_iter_init_find(&it, &d, "limit"))
		return refuse(error, 40414,
		    "BSON field 'delete.deletes.limit' is missing but a "
		    "required field");
	limit = bson_iter_as_int64(&it);
	if (limit != 0 && limit != 1)
		return refuse(error, 9,
		    "The limit field in delete objects must be 0 or 1. Got "
		    "%lld",
		    (long long)limit);
	f.all = limit == 0;
	if (f.all && w->r->txn_number >= 0)
		return refuse(error, 72,
		    "Cannot use (or request) retryable writes with limit=0");
	if (c && c->capped)
		return refuse(error, 20,
		    "cannot remove from a capped collection: %s", c->ns);
	has_hint = bson_iter_init_find(&hint, &d, "hint");
	if ((!c && !write_view_check(w, error)) ||
	    !find_all(c, &q, has_hint ? &hint : NULL, &f, error)) {
		bson_free(f.rid);
		return false;
	}
	for (size_t i = 0; i < f.n; i++)
		remove_one(w, c, by_rid(c, f.rid[i]));
	if (f.n > 0)
		session_remember(w->r, w->stmt, 1, 0, NULL, sim.last);
	bson_free(f.rid);
	return true;
}

bool
cmd_delete(struct request *r, bson_error_t *error)
{
	struct doc_list list;
	struct write w;
	bson_error_t why;
	const uint8_t *doc;
	size_t len;

	if (!write_begin(&w, r, "deletes", &list, error))
		return false;
	for (int32_t i = 0; doc_list_next(&list, &doc, &len); i++) {
		if (write_statement(&w, i))
			continue;
		if (!delete_one(&w, doc, len, &why) &&
		    !write_failed(&w, &why, NULL))
			break;
	}
	write_end(&w, false);
	return true;
}
