#include "change.h"

#include <string.h>

#include "collate.h"
#include "cursor.h"
#include "diff.h"
#include "match.h"
#include "trans.h"
#include "update.h"

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

/* All of them, before the first is changed. */
static bool
may_change(struct coll *c, const struct found *f, bson_error_t *error)
{
	if (f->n > 0 && !trans_may_write(c, error))
		return false;
	for (size_t i = 0; i < f->n; i++)
		if (!trans_may_change(change_doc(c, f->rid[i]), error))
			return false;
	return true;
}

void
change_init(struct change *s)
{
	memset(s, 0, sizeof *s);
	bson_init(&s->q);
	bson_init(&s->collation);
}

bool
change_find(struct coll *c, const struct change *s, struct found *f,
    bson_error_t *error)
{
	bson_t none = BSON_INITIALIZER;
	const struct collator *collator;
	struct plan plan;
	bool sorted, ok;

	if (!match_check(&s->q, error) ||
	    !collate_wish(&s->collation, c, &collator, error))
		return false;
	if (!c)
		return true;
	ok = plan_make(c, collator, &s->q, &none, s->has_hint ? &s->hint : NULL,
		 NULL, NULL, &plan, &sorted, error) &&
	    scan_each(c, &plan, &s->q, VIEW_LOCAL, take_down, f, error) &&
	    may_change(c, f, error);
	plan_release(&plan);
	return ok;
}

struct doc *
change_doc(const struct coll *c, int64_t rid)
{
	struct key key = {.prefix = (uint64_t)rid};
	struct order_at at;

	return order_seek(&c->natural, &key, &at) ? order_item(&c->natural, &at)
						  : NULL;
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

/* The note that keeps the image for a retry; without a txnNumber there is
 * none. */
static struct optime
log_image(struct write *w, const struct coll *c, const uint8_t *doc, size_t len)
{
	struct log_entry e = {.op = "n",
	    .ns = c->ns,
	    .uuid = c->uuid,
	    .o = {doc, len},
	    .previous = OPTIME_NULL};
	struct optime at;

	if (!w->r->session)
		return OPTIME_NULL;
	at = oplog_begin(c);
	session_entry(w->r, w->stmt, &e);
	oplog_write(&e, at);
	return at;
}

static void
log_update(struct write *w, const struct coll *c, const struct doc *d,
    const bson_t *o, const struct change *s, struct optime image,
    struct optime at)
{
	struct log_entry e = {.op = "u",
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
	if (s->image == IMAGE_PRE)
		e.pre_image = image;
	else if (s->image == IMAGE_POST)
		e.post_image = image;
	session_entry(w->r, w->stmt, &e);
	oplog_write(&e, at);
	buf_release(&o2);
}

static bool
apply(const struct change *s, const bson_t *old, struct update_log *log,
    struct buf *new, bson_error_t *error)
{
	struct update_args args = {.query = &s->q,
	    .update = &s->u,
	    .array_filters = s->has_filters ? &s->filters : NULL,
	    .old = old,
	    .now = server_now(),
	    .numeric_order = sim.set.fcv >= 50};
	struct optime at;

	if (update_needs_time(&s->u, s->keep_times)) {
		at = oplog_next();
		args.seconds = at.secs;
		args.increment = at.inc;
	}
	return update_apply(&args, log, new, error);
}

/* Stores and logs what apply() made. */
static bool
store(struct write *w, struct coll *c, struct doc *d, const struct change *s,
    const struct buf *new, const bson_t *o, struct buf *info,
    bson_error_t *error)
{
	struct optime image = OPTIME_NULL, at;

	if (!coll_check(c, new->data, new->len, d, info, error))
		return false;
	if (s->image == IMAGE_PRE)
		image = log_image(w, c, d->data, d->len);
	else if (s->image == IMAGE_POST)
		image = log_image(w, c, new->data, new->len);
	at = oplog_begin(c);
	d = coll_update(c, d, new->data, new->len, ts_of(at), info, error);
	if (!d)
		return false;
	log_update(w, c, d, o, s, image, at);
	return true;
}

static void
keep_copies(const struct change *s, const struct doc *d, const struct buf *new)
{
	if (s->before)
		buf_add(s->before, d->data, d->len);
	if (s->after)
		buf_add(s->after, new->data, new->len);
}

bool
change_update(struct write *w, struct coll *c, struct doc *d,
    const struct change *s, struct buf *info, bson_error_t *error)
{
	struct update_log log;
	struct buf new = BUF_INIT;
	bson_t old, after, o;
	bool ok, changed = false;

	bson_init_static(&old, d->data, d->len);
	update_log_init(&log);
	ok = apply(s, &old, &log, &new, error) &&
	    check_size(c, d, &new, error) &&
	    (log.form == UPDATE_NOOP ||
		write_validate(w, c, d, new.data, new.len, error));
	if (ok) {
		keep_copies(s, d, &new);
		bson_init_static(&after, new.data, new.len);
		changed = diff_make(
		    &old, &after, &log, sim.set.fcv >= 49 ? 2 : 1, &o);
		ok = !changed || store(w, c, d, s, &new, &o, info, error);
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

bool
change_upsert(struct write *w, const struct change *s, struct buf *info,
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
		if (s->after)
			buf_add(s->after, new.data, new.len);
		session_remember(w->r, w->stmt, 1, 0, &id.value, sim.last);
	}
	update_log_release(&log);
	buf_release(&new);
	return ok;
}

void
change_remove(
    struct write *w, struct coll *c, struct doc *d, const struct change *s)
{
	struct log_entry e = {
	    .op = "d", .ns = c->ns, .uuid = c->uuid, .previous = OPTIME_NULL};
	struct buf o = BUF_INIT;
	size_t mark = out_open(&o, NULL, BSON_TYPE_DOCUMENT);
	struct optime at;
	struct value id;

	doc_id(d, &id);
	out_value(&o, "_id", &id);
	out_close(&o, mark);
	e.o = (struct bytes){o.data, o.len};
	if (s->before)
		buf_add(s->before, d->data, d->len);
	if (s->image == IMAGE_PRE)
		e.pre_image = log_image(w, c, d->data, d->len);
	at = oplog_begin(c);
	coll_remove(c, d, ts_of(at));
	session_entry(w->r, w->stmt, &e);
	oplog_write(&e, at);
	buf_release(&o);
	w->n++;
	sim.deletes++;
}
