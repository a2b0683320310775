#include "engine/load_colls.h"

#include <inttypes.h>
#include <string.h>

#include "base/msg.h"
#include "base/status.h"
#include "engine/again.h"
#include "engine/load_free.h"
#include "engine/load_index.h"
#include "stream/record.h"

struct load_colls {
	struct conn *conn;
	const struct grant *grant;
	struct job *job;
	bool no_indexes;
	struct load_free *free;
	struct load_coll *by_c, *by_ns;
	struct load_coll **waiting; /* announced, not made */
	size_t n_waiting, cap_waiting;
};

struct load_colls *
load_colls_new(
    struct conn *c, const struct grant *g, struct job *j, bool no_indexes)
{
	struct load_colls *l = bson_malloc0(sizeof *l);

	l->conn = c;
	l->grant = g;
	l->job = j;
	l->no_indexes = no_indexes;
	l->free = load_free_new(c, j);
	return l;
}

static void
coll_free(struct load_coll *lc)
{
	if (lc->options)
		bson_destroy(lc->options);
	if (lc->indexes)
		bson_destroy(lc->indexes);
	bson_free(lc->ns);
	bson_free(lc);
}

void
load_colls_free(struct load_colls *l)
{
	struct load_coll *lc, *next;

	if (!l)
		return;
	HASH_CLEAR(by_ns, l->by_ns);
	HASH_ITER(by_c, l->by_c, lc, next)
	{
		HASH_DELETE(by_c, l->by_c, lc);
		coll_free(lc);
	}
	load_free_end(l->free);
	bson_free(l->waiting);
	bson_free(l);
}

size_t
load_colls_count(const struct load_colls *l)
{
	return HASH_CNT(by_c, l->by_c);
}

struct load_coll *
load_colls_find(const struct load_colls *l, int32_t c)
{
	struct load_coll *lc;

	HASH_FIND(by_c, l->by_c, &c, sizeof c, lc);
	return lc;
}

/* ------------------------------------------------------------ announced */

static bool
has_true(const bson_t *doc, const char *field)
{
	bson_iter_t it;

	return bson_iter_init_find(&it, doc, field) && bson_iter_as_bool(&it);
}

/* The collection that a view shows must move with it: a view can only name
 * collections of its own database. */
static bool
map_view(const struct load_colls *l, const char *db, const char *ns,
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
	ok = ns_map(grant_rules(l->grant), from, to, error);
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

static struct load_coll *
parse(const struct load_colls *l, const bson_t *record, bson_error_t *error)
{
	struct load_coll *lc = bson_malloc0(sizeof *lc);
	char ns[NS_MAX + 1], *from = NULL;
	const char *db, *name, *type, *to;
	bson_t options, indexes;
	bool ok;

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
	ok = ok && grant_map(l->grant, from, ns, error);
	/* What stands in it comes as views; written plainly it could be one
	 * that breaks its database. */
	if (ok && ns_split(ns, NULL, &to) && strcmp(to, "system.views") == 0)
		ok = error_set(error, MM_EXIT_REFUSED, 0,
		    "\"%s\" is no collection to be loaded", ns);
	if (ok && strcmp(type, "view") != 0 && strcmp(type, "collection") != 0)
		ok = error_set(error, MM_EXIT_REFUSED, 0,
		    "\"%s\" is of type \"%s\", which cannot be loaded", from,
		    type);
	if (ok) {
		lc->ns = bson_strdup(ns);
		lc->view = strcmp(type, "view") == 0;
		lc->capped = has_true(&options, "capped");
		lc->options = bson_copy(&options);
		ok = !lc->view || map_view(l, db, ns, &lc->options, error) ||
		    error_prefix(error, "\"%s\"", from);
	}
	if (ok && !lc->view && bson_has_field(record, "indexes")) {
		ok = record_array(record, "indexes", &indexes, error);
		if (ok)
			lc->indexes = bson_copy(&indexes);
	}
	bson_free(from);
	if (ok)
		return lc;
	coll_free(lc);
	return NULL;
}

static void
note_estimate(const bson_t *record)
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

bool
load_colls_add(struct load_colls *l, const bson_t *record, bson_error_t *error)
{
	struct load_coll *lc = parse(l, record, error), *other;

	if (!lc)
		return false;
	HASH_FIND(by_ns, l->by_ns, lc->ns, strlen(lc->ns), other);
	if (other)
		error_set(error, MM_EXIT_REFUSED, 0,
		    "two collections of the stream would become \"%s\"",
		    lc->ns);
	if (other || !load_free_check(l->free, lc, error)) {
		coll_free(lc);
		return false;
	}
	HASH_ADD(by_c, l->by_c, c, sizeof lc->c, lc);
	HASH_ADD_KEYPTR(by_ns, l->by_ns, lc->ns, strlen(lc->ns), lc);
	if (l->n_waiting == l->cap_waiting) {
		l->cap_waiting = l->cap_waiting ? 2 * l->cap_waiting : 16;
		l->waiting = bson_realloc(
		    l->waiting, l->cap_waiting * sizeof *l->waiting);
	}
	l->waiting[l->n_waiting++] = lc;
	note_estimate(record);
	return true;
}

/* ----------------------------------------------------------------- made */

static bool
create(struct load_colls *l, const struct load_coll *lc, const bson_t *indexes,
    bool *existed, bson_error_t *error)
{
	unsigned tries = 0;
	bool ok;

	do
		ok = catalog_create(
		    l->conn, lc->ns, lc->options, indexes, existed, error);
	while (!ok && again(l->conn, error, &tries));
	return ok;
}

static bool
make(struct load_colls *l, struct load_coll *lc, bson_error_t *error)
{
	bson_t *raw = lc->indexes;
	struct load_indexes split;
	bool existed, ok;

	load_indexes_split(lc->ns, l->no_indexes ? NULL : raw, &split);
	lc->indexes = split.later;
	ok = job_own(l->job, lc->ns, &split.staged, error);
	if (!lc->view) {
		ok = ok && create(l, lc, raw, &existed, error);
		/* By a late write, after it was looked at? */
		if (ok && existed && lc->ours)
			ok = load_free_check(l->free, lc, error) &&
			    create(l, lc, raw, &existed, error);
		ok = ok &&
		    load_indexes_asleep(l->conn, lc->ns, &split.asleep, error);
		bson_destroy(lc->options);
		lc->options = NULL;
	}
	load_indexes_release(&split);
	if (raw)
		bson_destroy(raw);
	return ok;
}

bool
load_colls_make(struct load_colls *l, bson_error_t *error)
{
	for (size_t i = 0; i < l->n_waiting; i++)
		if (!make(l, l->waiting[i], error))
			return false;
	l->n_waiting = 0;
	return true;
}

bool
load_colls_make_views(struct load_colls *l, bson_error_t *error)
{
	struct load_coll *lc, *next;
	bool existed;

	HASH_ITER(by_c, l->by_c, lc, next)
	{
		if (!lc->view)
			continue;
		if (!create(l, lc, NULL, &existed, error))
			return false;
	}
	return true;
}

bool
load_colls_index(struct load_colls *l, int threads, bson_error_t *error)
{
	struct load_index_task *task;
	struct load_coll *lc, *next;
	size_t n = 0;
	bool ok;

	task = bson_malloc((load_colls_count(l) + 1) * sizeof *task);
	HASH_ITER(by_c, l->by_c, lc, next)
	if (lc->indexes)
		task[n++] = (struct load_index_task){lc->ns, lc->indexes};
	ok = load_indexes_build(conn_server(l->conn), task, n, threads, error);
	bson_free(task);
	return ok;
}

/* ---------------------------------------------------------------- ended */

bool
load_colls_end(struct load_colls *l, const bson_t *record, bson_error_t *error)
{
	struct load_coll *lc;
	int64_t sum;
	int32_t c;

	if (!record_int32(record, "c", &c, error))
		return false;
	lc = load_colls_find(l, c);
	if (!lc || lc->ended)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "collection number %" PRId32 " ends without a begin", c);
	lc->ended = true;
	if (!record_int64(record, "docs", &lc->end_docs, error) ||
	    !record_int64(record, "bytes", &lc->end_bytes, error) ||
	    !record_int64(record, "sum", &sum, error))
		return error_prefix(error, "\"%s\"", lc->ns);
	lc->end_sum = (uint64_t)sum;
	return true;
}

bool
load_colls_verify(const struct load_colls *l, bson_error_t *error)
{
	struct load_coll *lc, *next;

	HASH_ITER(by_c, l->by_c, lc, next)
	{
		if (lc->view)
			continue;
		if (!lc->ended)
			return error_set(error, MM_EXIT_STREAM, 0,
			    "collection \"%s\" has no end in the stream",
			    lc->ns);
		if (lc->docs != lc->end_docs || lc->bytes != lc->end_bytes)
			return error_set(error, MM_EXIT_STREAM, 0,
			    "collection \"%s\": %" PRId64
			    " documents of %" PRId64 " bytes arrived, %" PRId64
			    " of %" PRId64 " were sent",
			    lc->ns, lc->docs, lc->bytes, lc->end_docs,
			    lc->end_bytes);
		if (lc->sum != lc->end_sum)
			return error_set(error, MM_EXIT_STREAM, 0,
			    "collection \"%s\": the documents that arrived "
			    "are not those that were sent (digest)",
			    lc->ns);
	}
	return true;
}
