/* mongosim: findAndModify. */
#include <string.h>

#include "change.h"
#include "collate.h"
#include "commands.h"
#include "match.h"
#include "project.h"
#include "sort.h"
#include "trans.h"
#include "update.h"

struct modify {
	struct change change;
	bson_t sort, fields;
	bool remove, new, has_fields;
};

static bool
read_command(struct request *r, struct modify *m, bson_error_t *error)
{
	struct change *s = &m->change;

	memset(m, 0, sizeof *m);
	change_init(s);
	bson_init(&m->sort);
	/* Not by way of another bson_t: a copy points into that. */
	arg_doc(r, "query", &s->q);
	arg_doc(r, "collation", &s->collation);
	arg_doc(r, "sort", &m->sort);
	m->has_fields = (arg_doc(r, "fields", &m->fields) ||
			    arg_doc(r, "projection", &m->fields)) &&
	    !bson_empty(&m->fields);
	s->has_filters = arg_doc(r, "arrayFilters", &s->filters);
	s->has_hint = arg_find(r, "hint", &s->hint);
	s->upsert = arg_bool(r, "upsert");
	m->remove = arg_bool(r, "remove");
	m->new = arg_bool(r, "new");
	if (m->remove && (m->new || s->upsert))
		return refuse(error, 9,
		    "Cannot specify both %s=true and 'remove'=true",
		    m->new ? "new" : "upsert");
	if (m->remove)
		return true;
	if (!arg_find(r, "update", &s->u))
		return refuse(error, 9,
		    "Either an update or remove=true must be specified");
	return update_check(
	    &s->u, s->has_filters ? &s->filters : NULL, false, error);
}

static bool
add_doc(void *ctx, const struct doc *d)
{
	buf_add(ctx, d->data, d->len);
	return true;
}

/* The first in the order of sort. */
static bool
find_sorted(
    struct coll *c, const struct modify *m, struct doc **d, bson_error_t *error)
{
	struct plan plan = {.kind = PLAN_NATURAL};
	const struct collator *before;
	struct buf docs = BUF_INIT;
	struct elem id;
	bool ok;

	*d = NULL;
	if (!collate_wish(&m->change.collation, c, &plan.collator, error))
		return false;
	before = collate_use(plan.collator);
	ok = scan_each(
		 c, &plan, &m->change.q, VIEW_LOCAL, add_doc, &docs, error) &&
	    sort_docs(&docs, &m->sort, error);
	if (ok && docs.len > 0 &&
	    walk_find(docs.data, doc_len(docs.data), "_id", &id))
		*d = coll_by_id(c, &id.value);
	buf_release(&docs);
	collate_use(before);
	return ok &&
	    (!*d || (trans_may_write(c, error) && trans_may_change(*d, error)));
}

static bool
find_doc(
    struct coll *c, const struct modify *m, struct doc **d, bson_error_t *error)
{
	struct found f = {0};
	bool ok;

	*d = NULL;
	if (!match_check(&m->change.q, error))
		return false;
	if (!c)
		return true;
	if (!bson_empty(&m->sort))
		return find_sorted(c, m, d, error);
	ok = change_find(c, &m->change, &f, error);
	if (ok && f.n > 0)
		*d = change_doc(c, f.rid[0]);
	bson_free(f.rid);
	return ok;
}

static bool
put_value(struct request *r, const struct modify *m, const struct buf *doc,
    bson_error_t *error)
{
	struct buf shown = BUF_INIT;
	bson_t d;
	bool ok = true;

	if (!doc || doc->len == 0) {
		out_null(r->reply, "value");
		return true;
	}
	if (m->has_fields) {
		bson_init_static(&d, doc->data, doc->len);
		ok = project_doc(&m->fields, &d, &shown, error);
		doc = &shown;
	}
	if (ok)
		out_doc(r->reply, "value", doc->data, doc->len);
	buf_release(&shown);
	return ok;
}

/* {lastErrorObject: {n, updatedExisting?, upserted?}, value}. */
static bool
put_reply(struct request *r, const struct modify *m, const struct write *w,
    bool existed, const struct buf *doc, bson_error_t *error)
{
	size_t mark = out_open(r->reply, "lastErrorObject", BSON_TYPE_DOCUMENT);
	struct elem id;

	out_int(r->reply, "n", w->n);
	if (!m->remove)
		out_bool(r->reply, "updatedExisting", existed);
	if (!existed && w->n > 0 &&
	    walk_find(m->change.after->data, m->change.after->len, "_id", &id))
		out_value(r->reply, "upserted", &id.value);
	out_close(r->reply, mark);
	return put_value(r, m, doc, error);
}

static bool
run(struct request *r, struct modify *m, struct write *w, bson_error_t *error)
{
	struct coll *c = catalog_find(r->db, w->name);
	struct change *s = &m->change;
	size_t start = r->reply->len;
	struct doc *d;
	bool existed;

	if (m->remove && c && c->capped)
		return refuse(error, 20,
		    "cannot remove from a capped collection: %s", c->ns);
	if ((!c && !write_view_check(w, error)) || !find_doc(c, m, &d, error))
		return false;
	existed = d != NULL;
	s->image = m->new ? IMAGE_POST : IMAGE_PRE;
	if (d && m->remove)
		change_remove(w, c, d, s);
	else if (d && !change_update(w, c, d, s, &r->info, error))
		return false;
	else if (!d && s->upsert && !change_upsert(w, s, &r->info, error))
		return false;
	if (!put_reply(r, m, w, existed, m->new ? s->after : s->before, error))
		return false;
	if (existed)
		session_remember(r, w->stmt, 1, w->modified, NULL, sim.last);
	session_remember_reply(
	    r, w->stmt, r->reply->data + start, r->reply->len - start);
	return true;
}

bool
cmd_find_and_modify(struct request *r, bson_error_t *error)
{
	struct buf before = BUF_INIT, after = BUF_INIT;
	const struct statement *done;
	struct write w = {.r = r};
	struct modify m;
	bool ok;

	if (!arg_coll_name(r, &w.name, error))
		return false;
	w.stmt = (int32_t)arg_int(r, "stmtId", 0);
	w.bypass = arg_bool(r, "bypassDocumentValidation");
	done = session_done(r, w.stmt);
	if (done) {
		buf_add(r->reply, done->reply.data, done->reply.len);
		return true;
	}
	if (!read_command(r, &m, error))
		return false;
	m.change.before = &before;
	m.change.after = &after;
	do
		ok = run(r, &m, &w, error);
	while (!ok && trans_again(r, error));
	buf_release(&w.upserted);
	buf_release(&before);
	buf_release(&after);
	return ok;
}
