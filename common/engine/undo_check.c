/* What an undo finds on the target. */
#include <string.h>

#include "base/msg.h"
#include "base/status.h"
#include "engine/undo_work.h"
#include "model/docid.h"
#include "mongo/bulk.h"

enum { READ_MOST = 1000, NAMED_MOST = 20 };

/* ---------------------------------------------------------------- naming */

static bool
name_one(struct undo *u, const struct undo_doc *doc, const char *why,
    bson_error_t *error)
{
	struct buf id = BUF_INIT;
	const char *ns = undo_docs_ns(u->docs, doc->ns);
	char *key = NULL, text[OPTIME_TEXT];
	struct entry e = {.at = doc->last.at,
	    .op = ENTRY_UPDATE,
	    .ns = ns,
	    .txn_index = doc->last.txn};
	struct value v;
	bool ok = undo_docs_read(u->docs, doc, &id, NULL, error);

	if (ok && bson_init_static(&e.o2, id.data, id.len) &&
	    docid_of(&e.o2, &v, NULL))
		key = docid_text(&v);
	if (u->foreign++ < NAMED_MOST)
		msg_error("cannot undo \"%s\", _id %s, last changed at "
			  "position %s: %s",
		    ns, key ? key : "?", optime_text(e.at, text), why);
	ok = ok &&
	    ledger_add(u->trails.ledger, &e, "foreign", why, NULL, 0, error);
	bson_free(key);
	buf_release(&id);
	return ok;
}

static bool
name_all(struct undo *u, bson_error_t *error)
{
	for (size_t i = 0; i < undo_docs_n(u->docs); i++) {
		const struct undo_doc *doc = undo_docs_at(u->docs, i);
		const char *why = NULL;

		if (undo_print_same(doc->there, doc->old))
			continue;
		if (!doc->known)
			why = "the document is not as the journal left it";
		else if (doc->broken)
			why = "the document was changed between two changes "
			      "of the journal";
		if (why && !name_one(u, doc, why, error))
			return false;
	}
	return true;
}

/* --------------------------------------------------------------- reading */

struct looking {
	struct undo *u;
	uint32_t ns;
};

static void
found(void *arg, const bson_t *doc)
{
	struct looking *l = arg;
	struct undo_doc *d;
	struct value id;

	if (docid_of(doc, &id, NULL) &&
	    (d = undo_docs_find(l->u->docs, l->ns, &id)))
		d->there = undo_print(l->u->docs, doc);
}

/* A few documents of one namespace. */
static bool
look_up(
    struct undo *u, size_t first, size_t n, const char *ns, bson_error_t *error)
{
	struct looking l = {u, undo_docs_at(u->docs, first)->ns};
	struct value *ids = bson_malloc(n * sizeof *ids);
	size_t *at = bson_malloc(n * sizeof *at);
	struct buf buf = BUF_INIT;
	bool ok = true;
	bson_t one;

	for (size_t i = 0; ok && i < n; i++) {
		at[i] = buf.len;
		ok = undo_docs_read(u->docs, undo_docs_at(u->docs, first + i),
		    &buf, NULL, error);
	}
	for (size_t i = 0; ok && i < n; i++) {
		size_t end = i + 1 < n ? at[i + 1] : buf.len;

		if (!bson_init_static(&one, buf.data + at[i], end - at[i]) ||
		    !docid_of(&one, &ids[i], error))
			ok = error_set(error, MM_EXIT_INTERNAL, 0,
			    "the temporary file is damaged");
	}
	ok = ok && bulk_read_ids(u->o->conn, ns, ids, n, found, &l, error);
	buf_release(&buf);
	bson_free(at);
	bson_free(ids);
	return ok;
}

/* Those that are one namespace's, from `first` on; at most READ_MOST. */
static size_t
run_length(const struct undo *u, size_t first)
{
	size_t n = 1;

	while (n < READ_MOST && first + n < undo_docs_n(u->docs) &&
	    undo_docs_at(u->docs, first + n)->ns ==
		undo_docs_at(u->docs, first)->ns)
		n++;
	return n;
}

static bool
read_all(struct undo *u, struct targets *targets, bson_error_t *error)
{
	size_t n;

	for (size_t i = 0; i < undo_docs_n(u->docs); i += n) {
		const struct undo_doc *doc = undo_docs_at(u->docs, i);
		const char *ns = undo_docs_ns(u->docs, doc->ns);
		struct target *t =
		    targets_find(targets, ns, doc->last.at, error);

		n = run_length(u, i);
		if (!t)
			return false;
		if (t->order == ORDER_CAPPED)
			return error_set(error, MM_EXIT_REFUSED, 0,
			    "cannot undo changes of \"%s\": it is capped, what "
			    "it dropped is not in the journal",
			    t->ns);
		if (job_lost(u->o->job))
			return error_set(error, MM_EXIT_REFUSED, 0,
			    "lost the lease of job \"%s\"",
			    job_name(u->o->job));
		if (!look_up(u, i, n, t->ns, error))
			return false;
	}
	return true;
}

/* The last value that the journal has, for certain; or what was there before,
 * when this is not the first try. */
static void
judge(struct undo *u)
{
	u->pending = false;
	for (size_t i = 0; i < undo_docs_n(u->docs); i++) {
		struct undo_doc *d = undo_docs_at(u->docs, i);

		d->known = undo_print_same(d->there, d->now) ||
		    undo_print_same(d->there, d->old);
		if (!d->known && optime_cmp(d->last.at, u->cp.applied) > 0)
			u->pending = true;
	}
}

bool
undo_check(struct undo *u, bson_error_t *error)
{
	struct targets *targets =
	    targets_new(u->o->conn, u->o->grant, u->o->job);
	bool ok;

	undo_docs_sort_ns(u->docs);
	ok = read_all(u, targets, error);
	targets_free(targets);
	if (!ok)
		return false;
	judge(u);
	/* What is past the checkpoint may be on its way: written or not. */
	return (!u->pending ||
		   undo_each(u, undo_docs_match, u->cp.applied, error)) &&
	    name_all(u, error);
}
