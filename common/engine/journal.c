#include "engine/journal.h"

#include <string.h>

struct journal {
	struct trail *trail;
	struct optime fuzzy;
};

struct journal *
journal_new(const char *dir, const bson_t *head, struct optime fuzzy,
    bson_error_t *error)
{
	struct trail *t = trail_open(dir, STREAM_JOURNAL, head, error);
	struct journal *j;

	if (!t)
		return NULL;
	j = bson_malloc0(sizeof *j);
	j->trail = t;
	j->fuzzy = fuzzy;
	return j;
}

void
journal_free(struct journal *j)
{
	if (!j)
		return;
	trail_free(j->trail);
	bson_free(j);
}

static void
append_id(bson_t *row, const struct entry *e)
{
	const bson_t *key = e->op == ENTRY_UPDATE ? &e->o2 : &e->o;
	bson_iter_t it;

	if (key->len > 0 && bson_iter_init_find(&it, key, "_id"))
		bson_append_iter(row, "_id", -1, &it);
}

static void
begin_row(const struct journal *j, const struct entry *e, enum entry_op op,
    bson_t *row)
{
	static const char *const ops[] = {"i", "u", "d", "c", "n"};

	bson_init(row);
	bson_append_timestamp(row, "ts", -1, e->at.secs, e->at.inc);
	BSON_APPEND_INT64(row, "t", e->at.term);
	if (e->txn_index >= 0)
		BSON_APPEND_INT32(row, "i", e->txn_index);
	BSON_APPEND_UTF8(row, "ns", e->ns);
	if (op != ENTRY_COMMAND)
		append_id(row, e);
	BSON_APPEND_UTF8(row, "op", ops[op]);
	if (optime_cmp(e->at, j->fuzzy) <= 0)
		BSON_APPEND_BOOL(row, "fuzzy", true);
}

bool
journal_change(struct journal *j, const struct entry *e, const bson_t *pre,
    enum entry_effect effect, const struct buf *now, bson_error_t *error)
{
	bool has_now = effect == EFFECT_STORED, ok;
	bson_t row;

	begin_row(j, e, e->op, &row);
	BSON_APPEND_BOOL(&row, "old", pre != NULL);
	BSON_APPEND_BOOL(&row, "new", has_now);
	trail_lock(j->trail);
	ok = trail_add(j->trail, bson_get_data(&row), row.len, error) &&
	    (!pre ||
		trail_add(j->trail, bson_get_data(pre), pre->len, error)) &&
	    (!has_now || trail_add(j->trail, now->data, now->len, error));
	trail_unlock(j->trail);
	bson_destroy(&row);
	return ok;
}

bool
journal_command(struct journal *j, const struct entry *e, bson_error_t *error)
{
	bson_t row;
	bool ok;

	begin_row(j, e, ENTRY_COMMAND, &row);
	BSON_APPEND_UTF8(&row, "command", e->command ? e->command : "view");
	BSON_APPEND_BOOL(&row, "old", false);
	BSON_APPEND_BOOL(&row, "new", false);
	trail_lock(j->trail);
	ok = trail_add(j->trail, bson_get_data(&row), row.len, error);
	trail_unlock(j->trail);
	bson_destroy(&row);
	return ok && trail_sync(j->trail, error);
}

bool
journal_flush(struct journal *j, bson_error_t *error)
{
	return trail_flush(j->trail, error);
}

bool
journal_sync(struct journal *j, bson_error_t *error)
{
	return trail_sync(j->trail, error);
}

bool
journal_close(struct journal *j, bson_error_t *error)
{
	return trail_close(j->trail, error);
}

/* -------------------------------------------------------------- reading */

struct reader {
	journal_row_fn *each;
	void *arg;
	bson_t *header, *old; /* of the row that is coming; NULL: not yet */
	bool want_old, want_now;
};

static void
forget(void *arg)
{
	struct reader *r = arg;

	bson_destroy(r->header);
	bson_destroy(r->old);
	r->header = r->old = NULL;
	r->want_old = r->want_now = false;
}

static bool
is_true(const bson_t *doc, const char *field)
{
	bson_iter_t it;

	return bson_iter_init_find(&it, doc, field) &&
	    BSON_ITER_HOLDS_BOOL(&it) && bson_iter_bool(&it);
}

static bool
complete(struct reader *r, const bson_t *now, bson_error_t *error)
{
	struct journal_row row = {.old = r->old, .now = now, .txn = -1};
	const char *op;
	bool ok;

	if (!optime_of(r->header, &row.at) ||
	    !record_text(r->header, "ns", &row.ns, error) ||
	    !record_text(r->header, "op", &op, error) ||
	    !bson_init_static(
		&row.header, bson_get_data(r->header), r->header->len))
		return error_set(error, MM_EXIT_STREAM, 0,
		    "a row of the journal has no ts, ns or op");
	record_int32(r->header, "i", &row.txn, NULL);
	row.command = strcmp(op, "c") == 0;
	row.fuzzy = is_true(r->header, "fuzzy");
	ok = r->each(r->arg, &row, error);
	forget(r);
	return ok;
}

static bool
take(void *arg, const bson_t *doc, bson_error_t *error)
{
	struct reader *r = arg;

	if (!r->header) {
		r->header = bson_copy(doc);
		r->want_old = is_true(doc, "old");
		r->want_now = is_true(doc, "new");
	} else if (r->want_old) {
		r->old = bson_copy(doc);
		r->want_old = false;
	} else {
		return complete(r, doc, error);
	}
	return r->want_old || r->want_now || complete(r, NULL, error);
}

bool
journal_read(const char *dir, const char *job, journal_row_fn *each, void *arg,
    bson_error_t *error)
{
	struct reader r = {.each = each, .arg = arg};
	bool ok = trail_read(dir, STREAM_JOURNAL, job, forget, take, &r, error);

	forget(&r);
	return ok;
}
