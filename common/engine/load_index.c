#include "engine/load_index.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/array.h"
#include "base/doc.h"
#include "base/msg.h"
#include "base/sig.h"
#include "base/thread.h"
#include "engine/again.h"

#define THREADS_MAX 64

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
	unsigned tries;
	bool ok = true;
	bson_t one;

	bson_iter_init(&it, specs);
	while (ok && doc_next(&it, &one)) {
		tries = 0;
		do
			ok = catalog_create_ttl_asleep(c, ns, &one, error);
		while (!ok && again(c, error, &tries));
	}
	return ok;
}

/* -------------------------------------------------------------- building */

struct builders {
	struct server *server;
	const struct load_index_task *task;
	size_t n;
	atomic_size_t next;
	atomic_bool failed;
	pthread_mutex_t lock;
	bson_error_t error;
};

static void
fail(struct builders *b, const bson_error_t *error)
{
	pthread_mutex_lock(&b->lock);
	if (!b->failed)
		b->error = *error;
	b->failed = true;
	pthread_mutex_unlock(&b->lock);
}

static bool
build_one(struct conn *c, const struct load_index_task *t, bson_error_t *error)
{
	unsigned tries = 0;
	bool ok;

	if (sig_stopping())
		return error_set(error, MM_EXIT_STOPPED, 0,
		    "stopped by a signal before all indexes were built");
	msg_verbose("\"%s\": %u indexes", t->ns, bson_count_keys(t->specs));
	do
		ok = catalog_create_indexes(c, t->ns, t->specs, error);
	while (!ok && again(c, error, &tries));
	return ok;
}

static void *
work(void *arg)
{
	struct builders *b = arg;
	bson_error_t error;
	struct conn *c = conn_open(b->server, &error);
	bool ok = c;
	size_t i;

	while (ok && !b->failed && (i = b->next++) < b->n)
		ok = build_one(c, &b->task[i], &error);
	if (!ok)
		fail(b, &error);
	if (c)
		conn_close(c);
	return NULL;
}

bool
load_indexes_build(struct server *s, const struct load_index_task *task,
    size_t n, int threads, bson_error_t *error)
{
	struct builders b = {.server = s, .task = task, .n = n};
	size_t want = threads < THREADS_MAX ? threads : THREADS_MAX;

	if (want > n)
		want = n;
	pthread_mutex_init(&b.lock, NULL);
	if (want > 0 && !threads_run(want, work, &b, &b.error))
		b.failed = true;
	pthread_mutex_destroy(&b.lock);
	if (b.failed)
		*error = b.error;
	return !b.failed;
}
