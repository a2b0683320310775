/* mongosim: the commands update and delete. */
#include <string.h>

#include "change.h"
#include "commands.h"
#include "trans.h"
#include "update.h"

static bool
read_statement(
    const uint8_t *doc, size_t len, struct change *s, bson_error_t *error)
{
	bson_iter_t it;
	bson_t d;
	bool q = false, u = false;

	change_init(s);
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
		} else if (strcmp(key, "collation") == 0) {
			iter_doc(&it, &s->collation);
		} else if (strcmp(key, "c") != 0) {
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
update_one(struct write *w, const uint8_t *doc, size_t len, struct buf *info,
    bson_error_t *error)
{
	struct change s;
	struct found f = {0};
	struct coll *c = catalog_find(w->r->db, w->name);
	int64_t n = w->n, modified = w->modified;
	bool ok = true;

	if (!read_statement(doc, len, &s, error))
		return false;
	s.keep_times = w->keep_times;
	if (s.multi && w->r->txn_number >= 0)
		return refuse(error, 72,
		    "Cannot use (or request) retryable writes with multi=true");
	f.all = s.multi;
	if (!update_check(
		&s.u, s.has_filters ? &s.filters : NULL, s.multi, error) ||
	    (!c && !write_view_check(w, error)) ||
	    !change_find(c, &s, &f, error)) {
		bson_free(f.rid);
		return false;
	}
	if (f.n == 0 && s.upsert)
		return change_upsert(w, &s, info, error);
	for (size_t i = 0; i < f.n && ok; i++)
		ok = change_update(
		    w, c, change_doc(c, f.rid[i]), &s, info, error);
	if (ok && f.n > 0)
		session_remember(w->r, w->stmt, w->n - n,
		    w->modified - modified, NULL, sim.last);
	bson_free(f.rid);
	return ok;
}

bool
cmd_update(struct request *r, bson_error_t *error)
{
	return write_each(r, "updates", update_one, true, error);
}

static bool
delete_one(struct write *w, const uint8_t *doc, size_t len, struct buf *info,
    bson_error_t *error)
{
	struct found f = {0};
	struct change s;
	struct coll *c = catalog_find(w->r->db, w->name);
	bson_iter_t it;
	bson_t d;
	int64_t limit;

	(void)info;
	change_init(&s);
	if (!value_sound(doc, len) || !bson_init_static(&d, doc, len))
		return refuse(error, 22, "invalid bson");
	if (!bson_iter_init_find(&it, &d, "q") || !iter_doc(&it, &s.q))
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
	s.has_hint = bson_iter_init_find(&s.hint, &d, "hint");
	if (bson_iter_init_find(&it, &d, "collation"))
		iter_doc(&it, &s.collation);
	if ((!c && !write_view_check(w, error)) ||
	    !change_find(c, &s, &f, error)) {
		bson_free(f.rid);
		return false;
	}
	for (size_t i = 0; i < f.n; i++)
		change_remove(w, c, change_doc(c, f.rid[i]), &s);
	if (f.n > 0)
		session_remember(w->r, w->stmt, 1, 0, NULL, sim.last);
	bson_free(f.rid);
	return true;
}

bool
cmd_delete(struct request *r, bson_error_t *error)
{
	return write_each(r, "deletes", delete_one, false, error);
}
