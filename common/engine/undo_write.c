/* The old values go through the lanes as entries of a log, in the reverse order
 * of the last changes: an insert puts its document in place of what is there,
 * and where a unique index is enforced the lane finds an order that it takes.
 */
#include <string.h>

#include "base/sig.h"
#include "engine/lanes.h"
#include "engine/undo_work.h"

static void
acked(void *arg)
{
	(void)arg;
}

struct lanes *
undo_lanes(struct undo *u, bson_error_t *error)
{
	struct lanes_opts o = {.server = u->o->server,
	    .job = u->o->job,
	    .workers = u->o->workers,
	    .batch_ops = u->o->batch_ops,
	    .ledger = u->trails.ledger,
	    .acked = acked};

	return lanes_new(&o, error);
}

static bool
put(struct undo *u, struct lanes *lanes, struct targets *targets,
    const struct undo_doc *doc, const bson_t *what, bson_error_t *error)
{
	const char *ns = undo_docs_ns(u->docs, doc->ns);
	struct target *t = targets_find(targets, ns, doc->last.at, error);
	bson_t raw = BSON_INITIALIZER;
	struct entry e;
	bool ok;

	bson_append_timestamp(
	    &raw, "ts", -1, doc->last.at.secs, doc->last.at.inc);
	BSON_APPEND_INT64(&raw, "t", doc->last.at.term);
	BSON_APPEND_INT64(&raw, "v", 2);
	BSON_APPEND_UTF8(&raw, "op", doc->old_len > 0 ? "i" : "d");
	BSON_APPEND_UTF8(&raw, "ns", ns);
	BSON_APPEND_DOCUMENT(&raw, "o", what);
	ok = t && entry_parse(bson_get_data(&raw), raw.len, &e, error) &&
	    lanes_put(lanes, t, &e, true, error);
	bson_destroy(&raw);
	return ok;
}

static bool
put_one(struct undo *u, struct lanes *lanes, struct targets *targets,
    const struct undo_doc *doc, struct buf *id, struct buf *old,
    bson_error_t *error)
{
	const struct buf *what = doc->old_len > 0 ? old : id;
	bson_t view;

	buf_clear(id);
	buf_clear(old);
	if (!undo_docs_read(u->docs, doc, id, old, error))
		return false;
	if (!bson_init_static(&view, what->data, what->len))
		return error_set(error, MM_EXIT_INTERNAL, 0,
		    "the temporary file is damaged");
	return put(u, lanes, targets, doc, &view, error);
}

bool
undo_write(struct undo *u, struct lanes *lanes, struct targets *targets,
    bson_error_t *error)
{
	struct buf id = BUF_INIT, old = BUF_INIT;
	bool ok = true;

	undo_docs_sort_last(u->docs);
	for (size_t i = 0; ok && i < undo_docs_n(u->docs); i++) {
		const struct undo_doc *doc = undo_docs_at(u->docs, i);

		if (undo_print_same(doc->there, doc->old) && u->parts == 1)
			continue;
		ok = put_one(u, lanes, targets, doc, &id, &old, error);
		if (ok && sig_stopping() && !lanes_failed(lanes, NULL))
			ok = error_set(error, MM_EXIT_STOPPED, 0,
			    "stopped by a signal; undo the same range again");
	}
	buf_release(&id);
	buf_release(&old);
	return ok && lanes_send(lanes, error);
}
