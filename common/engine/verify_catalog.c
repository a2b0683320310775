/* Collections, options, indexes, views: compared like a document, at a moment
 * at which nothing about them was on its way. Cheap, so all of it each time. */
#include <string.h>

#include "base/hash.h"
#include "base/msg.h"
#include "base/status.h"
#include "engine/verify_work.h"

enum { APPLIED_MS = 1000 };

struct told_fact {
	uint64_t hash;
	struct pair *pair;
	enum diff_class class;
	bool told;
};

struct facts {
	struct told_fact *item;
	size_t n;
};

void
facts_free(struct facts *f)
{
	if (!f)
		return;
	bson_free(f->item);
	bson_free(f);
}

int64_t
facts_differences(const struct facts *f)
{
	int64_t n = 0;

	for (size_t i = 0; f && i < f->n; i++)
		n += diff_class_differs(f->item[i].class);
	return n;
}

/* ------------------------------------------------------------------- facts */

struct gathering {
	struct verify *v;
	struct pair *pair;
	struct facts *now;
	bool tell;
};

static uint64_t
hash_text(const char *text, uint64_t seed)
{
	return text ? hash_xxh64(text, strlen(text), seed) : seed + 1;
}

static uint64_t
hash_fact(const struct pair *p, const struct report_fact *f)
{
	uint64_t h = hash_text(p->ns, (uint64_t)f->class);

	h = hash_text(f->what, h);
	h = hash_text(f->name, h);
	h = hash_text(f->detail, h);
	if (f->source)
		h = hash_xxh64(bson_get_data(f->source), f->source->len, h);
	if (f->target)
		h = hash_xxh64(bson_get_data(f->target), f->target->len, h + 1);
	return h;
}

static const struct told_fact *
find_fact(const struct facts *f, uint64_t hash)
{
	for (size_t i = 0; f && i < f->n; i++)
		if (f->item[i].hash == hash)
			return &f->item[i];
	return NULL;
}

static bool
gather(void *arg, const struct report_fact *fact, bson_error_t *error)
{
	struct gathering *g = arg;
	struct verify *v = g->v;
	uint64_t hash = hash_fact(g->pair, fact);
	const struct told_fact *had = find_fact(v->facts, hash);
	bool told = had && had->told, ok = true;

	if (g->tell && !told) {
		pthread_mutex_lock(&v->told_lock);
		ok = v->o->sink.fact(v->o->sink.arg, g->pair, fact, error);
		pthread_mutex_unlock(&v->told_lock);
		told = true;
	}
	g->now->item =
	    bson_realloc(g->now->item, (g->now->n + 1) * sizeof *g->now->item);
	g->now->item[g->now->n++] =
	    (struct told_fact){hash, g->pair, fact->class, told};
	return ok;
}

/* What was told and is no more. */
static void
take_back(struct verify *v, const struct facts *now)
{
	for (size_t i = 0; v->facts && i < v->facts->n; i++) {
		const struct told_fact *f = &v->facts->item[i];

		if (!f->told || find_fact(now, f->hash))
			continue;
		atomic_fetch_sub(&f->pair->tally.found[f->class], 1);
		status_add(diff_class_field(f->class), -1);
		msg_info("\"%s\": what was told about its definition is "
			 "resolved",
		    f->pair->ns);
	}
}

static bool
gather_all(struct verify *v, bool tell, bson_error_t *error)
{
	struct gathering g = {
	    .v = v, .now = bson_malloc0(sizeof *g.now), .tell = tell};
	const struct fact_to to = {gather, &g};
	bool ok = true;

	for (size_t i = 0; ok && i < v->n_pairs; i++) {
		struct pair now;
		struct catalog_view *view = view_hold(v, v->pair[i], &now);

		if (!view)
			continue;
		g.pair = &v->pair[i]->pair;
		ok = compare_meta(&now, v->o->rules, v->staged, &to, error);
		view_drop(v, view);
	}
	if (ok)
		take_back(v, g.now);
	facts_free(ok ? v->facts : g.now);
	if (ok)
		v->facts = g.now;
	return ok;
}

/* ------------------------------------------------------------------ bracket */

/* Collections that are not those that were read: from their first document
 * on. What is found counts from the change on. */
static bool
read_changed(struct verify *v, struct bracket *b, struct optime since,
    bson_error_t *error)
{
	struct vpair **changed;
	bool ok;
	size_t n;

	atomic_store(&v->recatalog, false);
	ok = verify_catalog(v, b->source, b->target, &changed, &n, error);
	if (atomic_load(&v->left) == 0)
		v->scan_since = since;
	for (size_t i = 0; ok && i < n; i++)
		ok =
		    verify_scan_add(v, changed[i], b->source, b->target, error);
	bson_free(changed);
	return ok && (n == 0 || verify_start_scan(v, error));
}

static bool
read_staged(struct verify *v, struct bracket *b, bson_error_t *error)
{
	struct staged_list *now =
	    staged_read(b->target, v->o->job, false, error);

	if (!now)
		return false;
	staged_free(v->staged);
	v->staged = now;
	return true;
}

enum bracket_got
verify_catalogs(
    struct verify *v, struct bracket *b, bool tell, bson_error_t *error)
{
	struct optime first = OPTIME_NULL, last = OPTIME_NULL;
	enum bracket_got got;

	feed_catalog(v->feed, &first, &last);
	got = bracket_begin(v, b, last, APPLIED_MS, error);
	if (got != BRACKET_READY)
		return got;
	if (optime_cmp(b->from, last) < 0)
		return BRACKET_LATER;
	if (!read_changed(v, b, first, error) || !read_staged(v, b, error))
		return BRACKET_FAILED;
	got = bracket_end(v, b, error);
	if (got != BRACKET_READY)
		return got;
	feed_catalog_settled(v->feed, b->from);
	if (feed_catalog(v->feed, &first, &last))
		return BRACKET_LATER;
	if (!gather_all(v, tell, error))
		return BRACKET_FAILED;
	v->settled = true;
	return BRACKET_READY;
}
