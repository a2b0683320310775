/* Sending what a bulk holds, and reading documents by `_id`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/doc.h"
#include "base/msg.h"
#include "mongo/bulk_state.h"
#include "mongo/cursor.h"
#include "mongo/raw.h"

#define READ_BYTES (8 << 20) /* of _ids in one find */
#define READ_IDS 50000
#define READ_FIRST 1000 /* documents in the first reply */

static void
note_error(struct bulk *b, const struct part *p, const bson_t *we)
{
	const char *text = doc_text(we, "errmsg"), *end;
	uint32_t at = (uint32_t)doc_int(we, "index");
	struct bulk_error *e;
	bson_t key;

	if (b->n_errors == b->cap_errors) {
		b->cap_errors = b->cap_errors ? 2 * b->cap_errors : 16;
		b->error =
		    bson_realloc(b->error, b->cap_errors * sizeof *b->error);
	}
	e = &b->error[b->n_errors++];
	e->index = p->op[at < p->n ? at : 0];
	e->code = (int32_t)doc_int(we, "code");
	/* What comes after it is the key of a document. */
	text = text ? text : "no reason given";
	end = strstr(text, " dup key:");
	snprintf(e->message, sizeof e->message, "%.*s",
	    (int)(end ? (size_t)(end - text) : strlen(text)), text);
	e->duplicate = e->code == CODE_DUPLICATE;
	e->duplicate_id = e->duplicate &&
	    (doc_sub(we, "keyPattern", &key)
		    ? bson_count_keys(&key) == 1 && bson_has_field(&key, "_id")
		    : strstr(e->message, " index: _id_") != NULL);
}

static void
note_errors(struct bulk *b, const struct part *p, const bson_t *reply)
{
	bson_t list, we;
	bson_iter_t it;

	if (!doc_sub(reply, "writeErrors", &list) ||
	    !bson_iter_init(&it, &list))
		return;
	while (doc_next(&it, &we))
		note_error(b, p, &we);
}

static void
finish(struct bulk *b, struct part *p, bson_t *command)
{
	struct server *s = b->c->server;
	struct part_options o = {
	    .ordered = b->ordered,
	    .bypass_validation = !s->no_bypass,
	    .keep_zero_time = bulk_keeps_zero_time(b),
	    .txn_number = s->retryable_writes ? ++s->txn_number : 0,
	};

	part_finish(p, &o, command);
}

/* Not everybody who may write may also pass by validators. */
static bool
lacks_bypass(struct conn *c, const bson_error_t *why)
{
	if (why->code != CODE_UNAUTHORIZED || c->no_reply ||
	    c->server->no_bypass)
		return false;
	msg_verbose("%s: no right to bypassDocumentValidation: validators of "
		    "the target will be asked",
	    c->server->where);
	c->server->no_bypass = true;
	return true;
}

/* The server may have done all, some or nothing of it. */
static bool
unknown(const struct conn *c, bool answered, const bson_error_t *why)
{
	switch (why->code) {
	case CODE_NO_SUCH_CONCERN:
	case CODE_NEVER_ENOUGH:
		return false;
	case CODE_WRITE_CONFLICT:
	case CODE_TOO_OLD:
		return true;
	default:
		return answered || conn_may_retry(c, why);
	}
}

/* One command until it is answered, or nothing can be said. Sent again it
 * carries the same transaction number. */
static enum bulk_outcome
send_part(struct bulk *b, struct part *p, bson_error_t *error)
{
	int64_t since = bson_get_monotonic_time();
	size_t before = b->n_errors;
	struct conn *c = b->c;
	bson_t command, reply;
	bson_error_t why;
	bool ok, answered;
	unsigned n = 0;

	finish(b, p, &command);
	for (;;) {
		b->n_errors = before;
		ok = conn_run(c, b->db, &command, NULL, &reply, &why);
		answered = !c->no_reply && doc_bool(&reply, "ok");
		if (answered)
			note_errors(b, p, &reply);
		bson_destroy(&reply);
		if (ok)
			return b->n_errors > before ? BULK_ERRORS : BULK_CLEAN;
		if (lacks_bypass(c, &why))
			finish(b, p, &command);
		else if (!c->server->retryable_writes ||
		    !conn_may_retry(c, &why) || !conn_back_off(n++, since))
			break;
	}
	if (error)
		*error = why;
	return unknown(c, answered, &why) ? BULK_UNKNOWN : BULK_FAILED;
}

/* Its zero timestamp became the present time: set it right. */
static enum bulk_outcome
send_fix(struct bulk *b, struct part *p, bson_error_t *error)
{
	bson_t command, doc;
	struct elem id;
	enum bulk_outcome outcome;

	raw_view(&p->b, 0, &command);
	if (!doc_sub(&command, "documents.0", &doc) ||
	    !walk_find(bson_get_data(&doc), doc.len, "_id", &id)) {
		error_set(error, MM_EXIT_REFUSED, 0,
		    "\"%s.%s\": cannot keep a zero timestamp of a document "
		    "without _id",
		    b->db, b->coll);
		return BULK_FAILED;
	}
	part_begin(&b->fix, PART_UPDATE, b->coll);
	part_replace(&b->fix, p->op[0], &id.value, bson_get_data(&doc), doc.len,
	    true, false);
	outcome = send_part(b, &b->fix, error);
	part_trim(&b->fix);
	return outcome;
}

static int
by_index(const void *a, const void *b)
{
	const struct bulk_error *x = a, *y = b;

	return (x->index > y->index) - (x->index < y->index);
}

/* An operation of two statements may have failed twice. */
static void
sort_errors(struct bulk *b)
{
	size_t n = 0;

	if (b->n_errors > 1)
		qsort(b->error, b->n_errors, sizeof *b->error, by_index);
	for (size_t i = 0; i < b->n_errors; i++)
		if (n == 0 || b->error[n - 1].index != b->error[i].index)
			b->error[n++] = b->error[i];
	b->n_errors = n;
}

static enum bulk_outcome
send_all(struct bulk *b, bson_error_t *error)
{
	enum bulk_outcome outcome, worst = BULK_CLEAN;

	for (size_t i = 0; i < b->n_parts; i++) {
		struct part *p = &b->part[i];

		outcome = send_part(b, p, error);
		if (outcome == BULK_CLEAN && p->kind == PART_INSERT_ZERO)
			outcome = send_fix(b, p, error);
		if (outcome > worst)
			worst = outcome;
		if (outcome > BULK_ERRORS ||
		    (outcome == BULK_ERRORS && b->ordered))
			break;
	}
	return worst;
}

enum bulk_outcome
bulk_run(struct bulk *b, const struct bulk_error **errors, size_t *n_errors,
    bson_error_t *error)
{
	enum bulk_outcome outcome = BULK_FAILED;

	b->n_errors = 0;
	if (b->no_ns)
		error_set(error, MM_EXIT_REFUSED, 0,
		    "\"%s\" is not a namespace", b->coll);
	else if (b->no_id)
		error_set(error, MM_EXIT_REFUSED, 0,
		    "\"%s.%s\": cannot replace a document without _id", b->db,
		    b->coll);
	else
		outcome = send_all(b, error);
	sort_errors(b);
	for (size_t i = 0; i < b->n_parts; i++)
		part_trim(&b->part[i]);
	/* Starts over, so that nothing is ever sent twice by mistake. */
	b->n_parts = b->count = b->bytes = 0;
	memset(b->open, 0, sizeof b->open);
	*errors = b->error;
	*n_errors = b->n_errors;
	return outcome;
}

/* {_id: {$in: [ids]}} from as many as one find takes; returns how many. */
static size_t
put_ids(struct buf *filter, const struct value *ids, size_t n)
{
	size_t doc, sub, array, i;
	char text[16];
	const char *key;

	buf_clear(filter);
	doc = raw_begin(filter);
	sub = raw_begin_in(filter, BSON_TYPE_DOCUMENT, "_id");
	array = raw_begin_in(filter, BSON_TYPE_ARRAY, "$in");
	for (i = 0; i < n && i < READ_IDS; i++) {
		if (i && filter->len + ids[i].len > READ_BYTES)
			break;
		bson_uint32_to_string((uint32_t)i, &key, text, sizeof text);
		raw_value(filter, key, &ids[i]);
	}
	raw_end(filter, array);
	raw_end(filter, sub);
	raw_end(filter, doc);
	return i;
}

static enum cursor_got
read_once(struct conn *c, const struct cursor_opts *opts, bulk_found_fn *found,
    void *arg, bson_error_t *error)
{
	struct cursor *cur = cursor_new(c, opts);
	enum cursor_got got;
	const bson_t *doc;

	while ((got = cursor_next(cur, &doc, error)) == CURSOR_DOC)
		found(arg, doc);
	cursor_free(cur);
	return got;
}

bool
bulk_read_ids(struct conn *c, const char *ns, const struct value *ids, size_t n,
    bulk_found_fn *found, void *arg, bson_error_t *error)
{
	struct buf filter = BUF_INIT;
	int64_t since = bson_get_monotonic_time();
	char db[NS_MAX + 1];
	struct cursor_opts opts = {.db = db};
	enum cursor_got got = CURSOR_END;
	bson_t view;
	size_t some;
	unsigned lost = 0;

	if (!ns_split(ns, db, &opts.coll))
		return error_set(
		    error, MM_EXIT_REFUSED, 0, "\"%s\" is not a namespace", ns);
	for (; n > 0 && got == CURSOR_END; ids += some, n -= some) {
		some = put_ids(&filter, ids, n);
		raw_view(&filter, 0, &view);
		opts.filter = &view;
		opts.first_docs =
		    (int64_t)(some < READ_FIRST ? some + 1 : READ_FIRST);
		do
			got = read_once(c, &opts, found, arg, error);
		while (got == CURSOR_LOST && conn_back_off(lost++, since));
	}
	buf_release(&filter);
	return got == CURSOR_END;
}
