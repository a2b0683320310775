#include "engine/load_coll.h"

#include <string.h>

#include "base/doc.h"
#include "base/hash.h"
#include "base/status.h"
#include "engine/resume.h"
#include "stream/record.h"

void
load_coll_free(struct load_coll *lc)
{
	if (lc->options)
		bson_destroy(lc->options);
	if (lc->indexes)
		bson_destroy(lc->indexes);
	bson_destroy(&lc->load);
	bson_free(lc->ns);
	bson_free(lc);
}

/* The collection that a view shows must move with it: a view can only name
 * collections of its own database. */
static bool
map_view(const struct grant *g, const char *db, const char *ns,
    bson_t **options, bson_error_t *error)
{
	char to[NS_MAX + 1], view_db[NS_MAX + 1], to_db[NS_MAX + 1];
	const char *on, *to_coll;
	bson_t *mapped;
	char *from;
	bool ok;

	if (!record_text(*options, "viewOn", &on, error))
		return false;
	from = bson_strdup_printf("%s.%s", db, on);
	ok = ns_map(grant_rules(g), from, to, error);
	bson_free(from);
	if (!ok)
		return false;
	if (!ns_split(to, to_db, &to_coll) || !ns_split(ns, view_db, NULL) ||
	    strcmp(to_db, view_db) != 0)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "the view's collection \"%s\" moves to another database",
		    on);
	mapped = BCON_NEW("viewOn", BCON_UTF8(to_coll));
	bson_copy_to_excluding_noinit(*options, mapped, "viewOn", (char *)NULL);
	bson_destroy(*options);
	*options = mapped;
	return true;
}

/* In which parts it comes, and whether some of it came before. */
static bool
parse_parts(struct load_coll *lc, const char *from, const bson_t *record,
    bson_error_t *error)
{
	uint8_t uuid[16];
	bson_t bounds;
	bool several = bson_has_field(record, "bounds");

	lc->parts = 1;
	if (several) {
		if (!record_array(record, "bounds", &bounds, error))
			return false;
		lc->parts += bson_count_keys(&bounds);
	}
	if (lc->parts > RESUME_PARTS_MAX)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "\"%s\" comes in more than %d parts", from,
		    RESUME_PARTS_MAX);
	lc->resumed = doc_bool(record, "resumed");
	lc->again = lc->resumed;
	bson_destroy(&lc->load);
	resume_coll_doc(from, doc_bytes(record, "uuid", uuid, 16) ? uuid : NULL,
	    doc_bool(record, "natural"), several ? &bounds : NULL, &lc->load);
	return true;
}

struct load_coll *
load_coll_parse(
    const struct grant *g, const bson_t *record, bson_error_t *error)
{
	struct load_coll *lc = BSON_ALIGNED_ALLOC0(struct load_coll);
	char ns[NS_MAX + 1], *from = NULL;
	const char *db, *name, *type, *to;
	bson_t options, indexes;
	bool ok;

	bson_init(&lc->load);
	ok = record_int32(record, "c", &lc->c, error) &&
	    record_text(record, "db", &db, error) &&
	    record_text(record, "coll", &name, error) &&
	    record_text(record, "type", &type, error) &&
	    record_doc(record, "options", &options, error);
	if (ok)
		from = bson_strdup_printf("%s.%s", db, name);
	if (ok && (!*db || strchr(db, '.')))
		ok = error_set(error, MM_EXIT_REFUSED, 0,
		    "\"%s\" is not a name of a database", db);
	ok = ok && grant_map(g, from, ns, error);
	/* What stands in it comes as views; written plainly it could be one
	 * that breaks its database. */
	if (ok && ns_split(ns, NULL, &to) && strcmp(to, "system.views") == 0)
		ok = error_set(error, MM_EXIT_REFUSED, 0,
		    "\"%s\" is no collection to be loaded", ns);
	if (ok && strcmp(type, "view") != 0 && strcmp(type, "collection") != 0)
		ok = error_set(error, MM_EXIT_REFUSED, 0,
		    "\"%s\" is of type \"%s\", which cannot be loaded", from,
		    type);
	if (ok && bson_has_field(&options, "timeseries"))
		ok = error_set(error, MM_EXIT_REFUSED, 0,
		    "\"%s\" is a time-series collection, which cannot be "
		    "loaded",
		    from);
	if (ok && bson_has_field(&options, "encryptedFields"))
		ok = error_set(error, MM_EXIT_REFUSED, 0,
		    "\"%s\" is an encrypted collection, which cannot be "
		    "loaded",
		    from);
	if (ok) {
		lc->ns = bson_strdup(ns);
		lc->view = strcmp(type, "view") == 0;
		lc->capped = doc_bool(&options, "capped");
		lc->options = bson_copy(&options);
		ok = !lc->view || map_view(g, db, ns, &lc->options, error) ||
		    error_prefix(error, "\"%s\"", from);
	}
	if (ok && !lc->view && bson_has_field(record, "indexes")) {
		ok = record_array(record, "indexes", &indexes, error);
		if (ok)
			lc->indexes = bson_copy(&indexes);
	}
	ok = ok && (lc->view || parse_parts(lc, from, record, error));
	bson_free(from);
	if (ok)
		return lc;
	load_coll_free(lc);
	return NULL;
}

void
load_coll_estimate(const bson_t *record)
{
	bson_error_t ignored;
	int64_t n;
	bson_t est;

	if (!record_doc(record, "est", &est, &ignored))
		return;
	if (record_int64(&est, "docs", &n, &ignored))
		status_add("docs_total", n);
	if (record_int64(&est, "bytes", &n, &ignored))
		status_add("bytes_total", n);
}

struct load_tally
load_coll_tally(const struct block_view *block)
{
	struct load_tally t = {0};
	struct block_cursor cur;
	const uint8_t *doc;
	uint32_t len;

	block_rewind(&cur, block);
	while (block_next(&cur, &doc, &len)) {
		t.docs++;
		t.bytes += len;
		t.sum += hash_xxh64(doc, len, 0);
	}
	return t;
}
