#include "engine/load_colls.h"

#include <inttypes.h>
#include <string.h>

#include "base/msg.h"
#include "base/status.h"
#include "engine/again.h"
#include "engine/load_coll.h"
#include "engine/load_free.h"
#include "engine/load_index.h"
#include "engine/load_views.h"
#include "stream/record.h"

struct load_colls {
	struct conn *conn;
	const struct grant *grant;
	struct job *job;
	struct progress *progress;
	struct load_colls_how how; /* resuming: until what does not come again
				      is dropped */
	struct load_free *free;
	size_t kept; /* bytes of options and indexes announced */
	struct load_coll *by_c, *by_ns;
	struct load_coll **waiting; /* announced, not made */
	size_t n_waiting, cap_waiting;
};

struct load_colls *
load_colls_new(struct conn *c, const struct grant *g, struct job *j,
    struct progress *p, struct load_colls_how how)
{
	struct load_colls *l = bson_malloc0(sizeof *l);

	l->conn = c;
	l->grant = g;
	l->job = j;
	l->progress = p;
	l->how = how;
	l->free = load_free_new(c, j, how.standing, how.resuming);
	return l;
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
		load_coll_free(lc);
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

/* What is kept of all coll records together: 10,000 collections need a tenth
 * of it. */
#define KEPT_MAX (128 << 20)

bool
load_colls_add(struct load_colls *l, const bson_t *record, bson_error_t *error)
{
	struct load_coll *lc = load_coll_parse(l->grant, record, error), *other;

	if (!lc)
		return false;
	l->kept += lc->options->len + (lc->indexes ? lc->indexes->len : 0);
	if (l->kept > KEPT_MAX) {
		load_coll_free(lc);
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "options and indexes of the stream's collections need "
		    "more than %d MiB",
		    KEPT_MAX >> 20);
	}
	HASH_FIND(by_ns, l->by_ns, lc->ns, strlen(lc->ns), other);
	if (other)
		error_set(error, MM_EXIT_REFUSED, 0,
		    "two collections of the stream would become \"%s\"",
		    lc->ns);
	if (other ||
	    (!l->how.no_indexes && !l->how.convert &&
		!load_indexes_check(lc->ns, lc->indexes, error)) ||
	    !load_free_check(l->free, lc, error)) {
		load_coll_free(lc);
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
	load_coll_estimate(record);
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
		ok = catalog_create_copy(
		    l->conn, lc->ns, lc->options, indexes, existed, error);
	while (!ok && again(l->conn, error, &tries));
	return ok;
}

static bool
make(struct load_colls *l, struct load_coll *lc, bson_error_t *error)
{
	bson_t *raw = lc->indexes;
	struct optime from = OPTIME_NULL;
	struct load_indexes split;
	bool existed, ok;

	load_indexes_split(lc->ns, l->how.no_indexes ? NULL : raw, &split);
	lc->indexes = split.later;
	optime_read(job_doc(l->job), "from", &from);
	/* What was staged for it is as its load began; the log has the rest. */
	ok = lc->resumed ||
	    (lc->view ? job_own(l->job, lc->ns, &split.staged, error)
		      : job_own_load(l->job, lc->ns, &split.staged, &lc->load,
			    lc->kept ? &from : NULL, error));
	if (!lc->view)
		lc->progress = progress_add(l->progress, lc->ns, lc->parts);
	if (!lc->view && !lc->resumed) {
		ok = ok && create(l, lc, raw, &existed, error);
		/* By a late write, after it was looked at? */
		if (ok && existed && lc->ours && !lc->kept)
			ok = load_free_check(l->free, lc, error) &&
			    create(l, lc, raw, &existed, error);
		ok = ok &&
		    load_indexes_asleep(l->conn, lc->ns, &split.asleep, error);
	}
	if (!lc->view) {
		bson_destroy(lc->options);
		lc->options = NULL;
	}
	load_indexes_release(&split);
	if (raw)
		bson_destroy(raw);
	return ok;
}

struct leftover {
	struct load_colls *l;
	char **ns;
	size_t n;
};

static void
note_leftover(void *arg, const char *ns)
{
	struct leftover *left = arg;
	struct load_coll *lc;

	HASH_FIND(by_ns, left->l->by_ns, ns, strlen(ns), lc);
	if (lc)
		return;
	left->ns = bson_realloc(left->ns, (left->n + 1) * sizeof *left->ns);
	left->ns[left->n++] = bson_strdup(ns);
}

/* What the source has no longer. */
static bool
drop_leftovers(struct load_colls *l, bson_error_t *error)
{
	struct leftover left = {l};
	bool ok = true;

	job_each_owned(l->job, note_leftover, &left);
	for (size_t i = 0; i < left.n; i++) {
		bool kept = job_kept(l->job, left.ns[i], NULL);

		if (ok && !kept)
			msg_info("\"%s\": dropped, it does not come again",
			    left.ns[i]);
		ok = ok && (kept || catalog_drop(l->conn, left.ns[i], error)) &&
		    job_disown(l->job, left.ns[i], error);
		bson_free(left.ns[i]);
	}
	bson_free(left.ns);
	return ok;
}

/* Those announced, in the order in which they can be made; frees with
 * bson_free. NULL: error is set. */
static struct load_coll **
sorted_views(const struct load_colls *l, size_t *n, bson_error_t *error)
{
	struct load_coll **view, *lc, *next;

	view = bson_malloc((load_colls_count(l) + 1) * sizeof(void *));
	*n = 0;
	HASH_ITER(by_c, l->by_c, lc, next)
	if (lc->view)
		view[(*n)++] = lc;
	if (load_views_sort(view, *n, error))
		return view;
	bson_free(view);
	return NULL;
}

static bool
check_views(const struct load_colls *l, bson_error_t *error)
{
	size_t n;
	struct load_coll **view = sorted_views(l, &n, error);

	bson_free(view);
	return view;
}

bool
load_colls_make(struct load_colls *l, bson_error_t *error)
{
	if (l->n_waiting > 0 && !check_views(l, error))
		return false;
	if (l->how.resuming && !drop_leftovers(l, error))
		return false;
	l->how.resuming = false;
	for (size_t i = 0; i < l->n_waiting; i++)
		if (!make(l, l->waiting[i], error))
			return false;
	l->n_waiting = 0;
	return true;
}

bool
load_colls_make_views(struct load_colls *l, bson_error_t *error)
{
	size_t n = 0;
	struct load_coll **view = sorted_views(l, &n, error);
	bool existed, ok = view;

	for (size_t i = 0; ok && i < n; i++)
		ok = create(l, view[i], NULL, &existed, error);
	bson_free(view);
	return ok;
}

bool
load_colls_index(struct load_colls *l, int jobs, bson_error_t *error)
{
	struct load_index_task *task;
	struct load_coll *lc, *next;
	size_t n = 0;
	bool ok;

	task = bson_malloc((load_colls_count(l) + 1) * sizeof *task);
	HASH_ITER(by_c, l->by_c, lc, next)
	if (lc->indexes)
		task[n++] =
		    (struct load_index_task){lc->ns, lc->indexes, lc->bytes};
	ok = load_indexes_build(l->conn, task, n, jobs, error);
	bson_free(task);
	return ok;
}

/* ---------------------------------------------------------------- ended */

struct load_coll *
load_colls_end(struct load_colls *l, const bson_t *record, bson_error_t *error)
{
	struct load_coll *lc;
	int64_t sum;
	int32_t c;

	if (!record_int32(record, "c", &c, error))
		return NULL;
	lc = load_colls_find(l, c);
	if (!lc || lc->ended) {
		error_set(error, MM_EXIT_STREAM, 0,
		    "collection number %" PRId32 " ends without a begin", c);
		return NULL;
	}
	lc->ended = true;
	if (!record_int64(record, "docs", &lc->end_docs, error) ||
	    !record_int64(record, "bytes", &lc->end_bytes, error) ||
	    !record_int64(record, "sum", &sum, error)) {
		error_prefix(error, "\"%s\"", lc->ns);
		return NULL;
	}
	lc->end_sum = (uint64_t)sum;
	return lc;
}

bool
load_colls_whole(const struct load_coll *lc, bson_error_t *error)
{
	if (lc->docs != lc->end_docs || lc->bytes != lc->end_bytes)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "collection \"%s\": %" PRId64 " documents of %" PRId64
		    " bytes arrived, %" PRId64 " of %" PRId64 " were sent",
		    lc->ns, lc->docs, lc->bytes, lc->end_docs, lc->end_bytes);
	return lc->sum == lc->end_sum ||
	    error_set(error, MM_EXIT_STREAM, 0,
		"collection \"%s\": the documents that arrived are not those "
		"that were sent (digest)",
		lc->ns);
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
		if (!load_colls_whole(lc, error))
			return false;
	}
	return true;
}
