/* Blocks whose documents must come in order. A capped collection takes no
 * replacements that change its order; after an unknown outcome the documents
 * are read again, and the batch goes on after the last one that arrived
 * (earlier ones may have been pushed out already). */
#include "engine/loader_work.h"

#include "model/docid.h"

static void
drop_first(struct loader *l, size_t n)
{
	l->todo += n;
	l->n -= n;
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
	bool ok;

	for (size_t i = 0; i < l->n; i++) {
		loader_id(&l->todo[i], &ids[i]);
		hash[i] = docid_hash(&ids[i]);
	}
	ok = bulk_read_ids(l->conn, ns, ids, l->n, note_arrived, &a, error);
	if (ok && a.done > 0) {
		drop_first(l, a.done);
		l->tries = 0;
	}
	bson_free(ids);
	bson_free(hash);
	return ok;
}

/* Sent again: what arrived is not there to be sent. */
static bool
sort_out(struct loader *l, const struct loader_to *to, bson_error_t *error)
{
	return to->kept ? loader_sift(l, to, error)
			: skip_arrived(l, to->ns, error);
}

/* The first of todo meets its `_id`. */
static bool
first_stood(struct loader *l, const struct loader_to *to, const char *message,
    bson_error_t *error)
{
	struct piece *p = &l->todo[0];

	if (!to->kept) {
		drop_first(l, 1);
		return true;
	}
	if (standing_how(l->standing) == STANDING_REPLACE && !p->replace) {
		p->replace = true;
		standing_met(l->standing, 1);
		return true;
	}
	if (p->replace) {
		error_set(error, MM_EXIT_TARGET, 0, "%s", message);
		return loader_pause(l, error);
	}
	standing_met(l->standing, 1);
	loader_note_stood(l, p);
	drop_first(l, 1);
	return loader_settle(l, to, error);
}

static bool
first_refused(struct loader *l, const struct loader_to *to, struct bulk_error e,
    bson_error_t *error)
{
	if (e.index > 0)
		l->tries = 0;
	drop_first(l, e.index);
	e.index = 0;
	if (code_transient((uint32_t)e.code)) {
		error_set(error, MM_EXIT_TARGET, e.code, "%s", e.message);
		return loader_pause(l, error);
	}
	if (e.duplicate_id)
		return first_stood(l, to, e.message, error);
	if (!to->kept || !e.duplicate)
		return loader_refused(l, &e, error);
	drop_first(l, 1);
	return loader_leave_out(l, to, l->todo - 1, e.message, error);
}

static bool
insert_rest(struct loader *l, const struct loader_to *to, bson_error_t *error)
{
	const struct bulk_error *errors;
	size_t n;

	bulk_begin(l->bulk, to->ns, true);
	for (size_t i = 0; i < l->n; i++)
		(l->todo[i].replace ? bulk_replace : bulk_insert)(
		    l->bulk, l->todo[i].doc, l->todo[i].len);
	switch (bulk_run(l->bulk, &errors, &n, error)) {
	case BULK_CLEAN:
		drop_first(l, l->n);
		return true;
	case BULK_ERRORS:
		return first_refused(l, to, errors[0], error);
	case BULK_UNKNOWN:
		return loader_pause(l, error) && sort_out(l, to, error);
	default:
		return false;
	}
}

bool
loader_insert_in_order(struct loader *l, const char *ns, bool kept,
    const struct block_view *block, bool *again, bool *whole,
    bson_error_t *error)
{
	struct loader_to to = {ns, kept};
	bool ok = loader_collect(l, block, error);
	struct piece *all = l->todo;
	size_t n = l->n;

	if (ok && kept) {
		ok = loader_sift(l, &to, error);
	} else if (ok && *again) {
		ok = skip_arrived(l, ns, error);
		*again = l->n < n;
	}
	while (ok && l->n > 0)
		ok = insert_rest(l, &to, error);
	l->todo = all;
	*whole = l->whole;
	return ok || error_prefix(error, "could not insert into \"%s\"", ns);
}
