#include "engine/load_index.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/doc.h"
#include "base/msg.h"
#include "base/status.h"
#include "engine/index_build.h"
#include "engine/index_crew.h"
#include "engine/index_watch.h"

struct split {
	const char *ns;
	struct load_indexes *out;
	uint32_t staged, asleep, later; /* how many */
};

static void
stage(struct split *s, const bson_t *spec, const char *why)
{
	bson_t doc = BSON_INITIALIZER;

	BSON_APPEND_UTF8(&doc, "ns", s->ns);
	BSON_APPEND_DOCUMENT(&doc, "spec", spec);
	BSON_APPEND_UTF8(&doc, "why", why);
	array_add(&s->out->staged, &s->staged, &doc);
	bson_destroy(&doc);
}

static void
split_one(struct split *s, const bson_t *raw)
{
	struct load_indexes *out = s->out;
	int64_t seconds;
	bson_t spec;

	if (index_is_id(raw) &&
	    !(index_is_cluster(raw) && index_is_ttl(raw, NULL)))
		return;
	index_normalise(raw, &spec);
	if (index_is_id(raw)) {
		stage(s, &spec, "ttl");
	} else if (index_is_unique(raw)) {
		stage(s, &spec, "unique");
	} else if (index_is_ttl(raw, &seconds)) {
		stage(s, &spec, "ttl");
		array_add(&out->asleep, &s->asleep, &spec);
	} else {
		if (!out->later)
			out->later = bson_new();
		array_add(out->later, &s->later, &spec);
	}
	bson_destroy(&spec);
}

void
load_indexes_split(const char *ns, const bson_t *raw, struct load_indexes *out)
{
	struct split s = {.ns = ns, .out = out};
	bson_iter_t it;
	bson_t one;

	bson_init(&out->staged);
	bson_init(&out->asleep);
	out->later = NULL;
	if (!raw || !bson_iter_init(&it, raw))
		return;
	while (doc_next(&it, &one))
		split_one(&s, &one);
}

bool
load_indexes_check(const char *ns, const bson_t *raw, bson_error_t *error)
{
	bson_iter_t it;
	bson_t one;
	char *key = NULL;

	for (bool more = raw && bson_iter_init(&it, raw);
	     more && !key && doc_next(&it, &one);)
		key = index_legacy_key(&one);
	if (!key)
		return true;
	error_set(error, MM_EXIT_REFUSED, 0,
	    "index \"%s\" of \"%s\" has the key %s, which no server takes "
	    "since MongoDB 3.4 (--convertLegacyIndexes makes it ascending, as "
	    "it was taken before)",
	    doc_text_or(&one, "name", ""), ns, key);
	bson_free(key);
	return false;
}

void
load_indexes_release(struct load_indexes *i)
{
	bson_destroy(&i->staged);
	bson_destroy(&i->asleep);
}

bool
load_indexes_asleep(
    struct conn *c, const char *ns, const bson_t *specs, bson_error_t *error)
{
	bson_iter_t it;
	bool ok = true;
	bson_t one;

	bson_iter_init(&it, specs);
	while (ok && doc_next(&it, &one))
		ok = index_build_asleep(c, ns, &one, error);
	return ok;
}

/* -------------------------------------------------------------- building */

struct builders {
	const struct load_index_task *task;
	size_t n;
};

static bool
build_one(void *arg, struct conn *c, size_t i, bson_error_t *error)
{
	struct builders *b = arg;
	const struct load_index_task *t = &b->task[i];
	bool ok;

	msg_verbose("\"%s\": %u indexes", t->ns, bson_count_keys(t->specs));
	ok = index_build(c, t->ns, t->specs, error);
	if (ok)
		status_add("index_collections", 1);
	return ok;
}

static bool
is_ours(void *arg, const char *ns)
{
	struct builders *b = arg;

	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->task[i].ns, ns) == 0)
			return true;
	return false;
}

/* The largest first: it takes longest, and others go on beside it. */
static int
larger(const void *a, const void *b)
{
	const struct load_index_task *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return strcmp(x->ns, y->ns);
}

bool
load_indexes_build(struct conn *c, struct load_index_task *task, size_t n,
    int jobs, bson_error_t *error)
{
	struct builders b = {task, n};
	bool ok;

	if (n == 0)
		return true;
	qsort(task, n, sizeof *task, larger);
	status_int("index_collections", 0);
	status_int("index_collections_total", (int64_t)n);
	index_watch_found(c, is_ours, &b);
	index_watch_start(conn_server(c));
	ok = index_crew_run(c, n, jobs, build_one, &b, error);
	index_watch_end();
	return ok;
}
