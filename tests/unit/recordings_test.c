/* Every recording of a real server, replayed in memory: what is there before,
 * the oplog over it, and byte for byte what the server had after; then the
 * whole oplog again over the result, which must change nothing. Where the
 * snapshot was not read during the writes, every entry must also meet exactly
 * the document that it was made for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "corpus.h"
#include "model/ddl.h"
#include "model/txn.h"
#include "tap.h"

struct replay {
	struct memdb *db;
	struct ns_rules *all;
	bool exact;         /* entries meet the documents they were made for */
	unsigned surprises; /* entries that met another document */
	bool renamed;
};

static bool
everything(void *arg, const struct entry *op)
{
	(void)arg;
	(void)op;
	return true;
}

static bool
change(struct replay *r, const struct entry *e, bson_error_t *error)
{
	struct entry_note note;

	if (!memdb_apply(r->db, e, &note, error))
		return false;
	if (r->exact && !entry_ns_internal(e->ns) &&
	    (note.existed || note.missing || note.delta.clashes ||
		note.delta.absent))
		if (r->surprises++ < 3)
			tap_note("%s at %u:%u: existed %d missing %d clashes "
				 "%u absent %u",
			    e->ns, e->at.secs, e->at.inc, note.existed,
			    note.missing, note.delta.clashes,
			    note.delta.absent);
	return true;
}

/* Views are documents in the recordings, so these are kept too. */
static bool
catalog(struct replay *r, const struct entry *e, bson_error_t *error)
{
	struct ddl d = DDL_INIT;
	bool ok = ddl_read(e, r->all, &d, error);

	if (ok && e->op != ENTRY_COMMAND)
		ok = change(r, e, error);
	else if (ok && d.kind == DDL_DROP)
		memdb_drop(r->db, d.ns);
	else if (ok && d.kind == DDL_DROP_DATABASE)
		memdb_drop_db(r->db, d.ns);
	else if (ok && d.kind == DDL_RENAME)
		memdb_rename(r->db, d.ns, d.to);
	r->renamed |= d.kind == DDL_RENAME;
	ddl_release(&d);
	return ok;
}

static bool
apply(struct replay *r, const struct entry *e, bson_error_t *error)
{
	if (e->op == ENTRY_NOOP)
		return true;
	return ddl_is(e) ? catalog(r, e, error) : change(r, e, error);
}

static bool
emit(void *arg, const uint8_t *doc, size_t len, bson_error_t *error)
{
	struct entry e;

	return entry_parse(doc, len, &e, error) && apply(arg, &e, error);
}

static bool
replay(struct replay *r, const struct buf *log, bson_error_t *error)
{
	struct txn_io io = {r, everything, emit, NULL};
	struct txn *t = txn_new(&io, OPTIME_NULL);
	struct optime from;
	bool ok = true;
	size_t at = 0;
	bson_t doc;

	while (ok && corpus_next(log, &at, &doc)) {
		enum txn_got got = TXN_ERROR;
		struct entry e;

		if (entry_parse(bson_get_data(&doc), doc.len, &e, error))
			got = txn_feed(t, &e, error);
		ok = got == TXN_TAKEN ||
		    (got == TXN_PLAIN && apply(r, &e, error));
	}
	ok = ok &&
	    (!txn_read_from(t, &from) ||
		error_set(error, 8, 0, "a transaction is left open"));
	txn_free(t);
	return ok;
}

static bson_t *
meta_of(const char *folder)
{
	char *path = bson_strdup_printf("%s/meta.json", folder);
	size_t len;
	char *json = tap_read_file(path, &len);
	bson_t *meta = tap_json(json);

	bson_free(json);
	bson_free(path);
	return meta;
}

/* Names of the capped collections, each between two newlines; caller frees. */
static char *
rings(const bson_t *meta)
{
	struct buf names_buf = BUF_INIT, *names = &names_buf;
	bson_iter_t it, coll, field;

	buf_add_text(names, "\n");
	bson_iter_init_find(&it, meta, "after");
	bson_iter_recurse(&it, &coll);
	while (bson_iter_next(&coll)) {
		bson_iter_t capped = coll, ns = coll;

		if (bson_iter_recurse(&capped, &field) &&
		    bson_iter_find_descendant(
			&field, "options.capped", &capped) &&
		    bson_iter_recurse(&coll, &field) &&
		    bson_iter_find_descendant(&field, "ns", &ns))
			buf_add_format(
			    names, "%s\n", bson_iter_utf8(&ns, NULL));
	}
	return buf_take_text(names);
}

static void
recording(const char *folder)
{
	char *before = bson_strdup_printf("%s/before", folder);
	char *after = bson_strdup_printf("%s/after", folder);
	char *path = bson_strdup_printf("%s/oplog.bson.zst", folder);
	bson_t *meta = meta_of(folder);
	char *capped = rings(meta);
	bson_iter_t fuzzy;
	bool ok;
	struct memdb *want = memdb_new();
	struct buf log = corpus_docs(path);
	struct replay r = {.db = memdb_new()};
	bson_error_t error = {0};
	bson_t none = BSON_INITIALIZER;

	r.all = ns_rules_read(&none, NULL);
	memdb_load(r.db, before);
	memdb_load(want, after);
	r.exact = bson_iter_init_find(&fuzzy, meta, "fuzzy") &&
	    !bson_iter_bool(&fuzzy);
	ok = replay(&r, &log, &error);
	OK(ok && memdb_same(r.db, want, capped) && r.surprises == 0, "%s %s",
	    folder, error.message);
	/* A rename that is replayed needs the names of collections by UUID. */
	r.exact = false;
	if (!r.renamed) {
		ok = ok && replay(&r, &log, &error);
		OK(ok && memdb_same(r.db, want, capped), "%s again %s", folder,
		    error.message);
	}
	memdb_free(r.db);
	memdb_free(want);
	ns_rules_free(r.all);
	bson_destroy(&none);
	buf_release(&log);
	bson_free(capped);
	bson_destroy(meta);
	bson_free(before);
	bson_free(after);
	bson_free(path);
}

int
main(void)
{
	corpus_each(recording);
	return tap_done();
}
