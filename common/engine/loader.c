/* A batch with an unknown outcome (no reply, or a write concern error) is sent
 * again as replacements with upsert: whatever the first one did, the result is
 * the same, and the new acknowledgement covers it. A capped collection takes no
 * replacements that change its order; there the documents are read again, and
 * the batch goes on after the last one that arrived (earlier ones may have
 * been pushed out already). */
#include "engine/loader.h"

#include <inttypes.h>

#include "base/msg.h"
#include "base/sig.h"
#include "model/docid.h"

#define TRIES 5 /* bulk_run has tried for half a minute each time */
#define OUT_OF_DISK_SPACE 14031

struct piece {
	const uint8_t *doc;
	uint32_t len;
};

struct loader {
	struct conn *conn;
	struct bulk *bulk;
	struct piece *todo; /* n of them are still to be written */
	size_t n, cap;
	unsigned tries; /* without a step forward */
};

struct loader *
loader_new(struct conn *c)
{
	struct loader *l = bson_malloc0(sizeof *l);

	l->conn = c;
	l->bulk = bulk_new(c);
	return l;
}

void
loader_free(struct loader *l)
{
	if (!l)
		return;
	bulk_free(l->bulk);
	bson_free(l->todo);
	bson_free(l);
}

static void
collect(struct loader *l, const struct block_view *block)
{
	struct block_cursor cur;

	l->n = 0;
	l->tries = 0;
	if ((size_t)block->n > l->cap) {
		bson_free(l->todo);
		l->cap = (size_t)block->n;
		l->todo = bson_malloc(l->cap * sizeof *l->todo);
	}
	block_rewind(&cur, block);
	while (block_next(&cur, &l->todo[l->n].doc, &l->todo[l->n].len))
		if (++l->n == l->cap)
			break;
}

/* After a try that brought nothing. False: stop, or no hope is left. */
static bool
pause_before_retry(struct loader *l, bson_error_t *error)
{
	int ms = 50 << (l->tries < 8 ? l->tries : 8);

	if (++l->tries >= TRIES)
		return error_prefix(error, "given up after %d tries", TRIES);
	msg_verbose("%s; sent again", error->message);
	if (sig_sleep(ms < 10000 ? ms : 10000))
		return true;
	return error_set(
	    error, MM_EXIT_STOPPED, 0, "stopped by a signal before the end");
}

static bool
refused(const struct loader *l, const struct bulk_error *e, bson_error_t *error)
{
	const struct piece *p = &l->todo[e->index];
	enum mm_exit status =
	    e->code == OUT_OF_DISK_SPACE ? MM_EXIT_TARGET : MM_EXIT_REFUSED;
	bson_error_t ignored;
	struct value id;
	bson_t doc;
	char *text = NULL;

	if (bson_init_static(&doc, p->doc, p->len) &&
	    docid_of(&doc, &id, &ignored))
		text = docid_text(&id);
	error_set(error, status, e->code,
	    "the target refuses the document with _id %s: %s",
	    text ? text : "(none)", e->message);
	bson_free(text);
	return false;
}

/* Of the refused operations those stay in todo that another try may settle. */
static bool
keep_refused(struct loader *l, bool replacing, const struct bulk_error *errors,
    size_t n, bson_error_t *error)
{
	size_t kept = 0;
	bool stuck = replacing && n == l->n;

	for (size_t i = 0; i < n; i++) {
		/* A replacement meets 11000 when two upserts race. */
		if (!errors[i].duplicate_id &&
		    !code_transient((uint32_t)errors[i].code))
			return refused(l, &errors[i], error);
		l->todo[kept++] = l->todo[errors[i].index];
	}
	l->n = kept;
	if (!stuck) {
		l->tries = 0;
		return true;
	}
	error_set(
	    error, MM_EXIT_TARGET, errors[0].code, "%s", errors[0].message);
	return pause_before_retry(l, error);
}

bool
loader_insert(struct loader *l, const char *ns, const struct block_view *block,
    bson_error_t *error)
{
	const struct bulk_error *errors;
	bool replacing = false, ok = true;
	size_t n;

	collect(l, block);
	while (ok && l->n > 0) {
		bulk_begin(l->bulk, ns, false);
		for (size_t i = 0; i < l->n; i++)
			(replacing ? bulk_replace : bulk_insert)(
			    l->bulk, l->todo[i].doc, l->todo[i].len);
		switch (bulk_run(l->bulk, &errors, &n, error)) {
		case BULK_CLEAN:
			l->n = 0;
			break;
		case BULK_ERRORS:
			ok = keep_refused(l, replacing, errors, n, error);
			replacing = true;
			break;
		case BULK_UNKNOWN:
			ok = pause_before_retry(l, error);
			replacing = true;
			break;
		case BULK_FAILED:
			ok = false;
			break;
		}
	}
	return ok || error_prefix(error, "could not insert into \"%s\"", ns);
}

/* ------------------------------------------------------------- in order */

static void
drop_first(struct loader *l, size_t n)
{
	l->todo += n;
	l->n -= n;
}

static bool
id_of(const struct piece *p, struct value *id, bson_error_t *error)
{
	bson_t doc;

	bson_init_static(&doc, p->doc, p->len);
	return docid_of(&doc, id, error);
}

struct arrived {
	const uint64_t *hash; /* of the _ids in todo */
	size_t n, done;       /* those up to done have arrived */
};

static void
note_arrived(void *arg, const bson_t *doc)
{
	struct arrived *a = arg;
	bson_error_t ignored;
	struct value id;
	uint64_t hash;

	if (!docid_of(doc, &id, &ignored))
		return;
	hash = docid_hash(&id);
	for (size_t i = a->done; i < a->n; i++)
		if (a->hash[i] == hash)
			a->done = i + 1;
}

static bool
skip_arrived(struct loader *l, const char *ns, bson_error_t *error)
{
	struct value *ids = bson_malloc(l->n * sizeof *ids);
	uint64_t *hash = bson_malloc(l->n * sizeof *hash);
	struct arrived a = {hash, l->n, 0};
	bool ok = true;

	for (size_t i = 0; ok && i < l->n; i++) {
		ok = id_of(&l->todo[i], &ids[i], error);
		hash[i] = ok ? docid_hash(&ids[i]) : 0;
	}
	ok = ok &&
	    bulk_read_ids(l->conn, ns, ids, l->n, note_arrived, &a, error);
	if (ok && a.done > 0) {
		drop_first(l, a.done);
		l->tries = 0;
	}
	bson_free(ids);
	bson_free(hash);
	return ok;
}

static bool
insert_rest(struct loader *l, const char *ns, bson_error_t *error)
{
	const struct bulk_error *errors;
	size_t n;

	bulk_begin(l->bulk, ns, true);
	for (size_t i = 0; i < l->n; i++)
		bulk_insert(l->bulk, l->todo[i].doc, l->todo[i].len);
	switch (bulk_run(l->bulk, &errors, &n, error)) {
	case BULK_CLEAN:
		drop_first(l, l->n);
		return true;
	case BULK_ERRORS:
		if (errors[0].duplicate_id) {
			drop_first(l, errors[0].index + 1);
			return true;
		}
		return refused(l, &errors[0], error);
	case BULK_UNKNOWN:
		return pause_before_retry(l, error) &&
		    skip_arrived(l, ns, error);
	default:
		return false;
	}
}

bool
loader_insert_in_order(struct loader *l, const char *ns,
    const struct block_view *block, bool *again, bson_error_t *error)
{
	struct piece *all;
	size_t n;
	bool ok = true;

	collect(l, block);
	all = l->todo;
	n = l->n;
	if (*again) {
		ok = skip_arrived(l, ns, error);
		*again = l->n < n;
	}
	while (ok && l->n > 0)
		ok = insert_rest(l, ns, error);
	l->todo = all;
	return ok || error_prefix(error, "could not insert into \"%s\"", ns);
}
