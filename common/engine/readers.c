#include "engine/readers.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/sig.h"
#include "base/stage.h"
#include "base/status.h"
#include "base/thread.h"
#include "engine/read_part.h"

struct reading {
	int32_t c;
	char *db, *coll;
	bson_t *collation; /* NULL: simple */
	int64_t est_docs, est_bytes;
	struct readers_plan plan;
	size_t parts, taken, finished;
	int64_t docs, bytes;
	uint64_t sum;
};

struct readers {
	struct server *server;
	struct readers_opts opts;
	struct read_shared shared;
	struct reading **item;
	size_t n, first; /* all before first are taken wholly */

	pthread_mutex_t lock;
	pthread_cond_t freed; /* a collection has ended */
	int active;           /* collections */
	int busy;             /* threads that read a part */
	bson_error_t error;   /* the first */
};

struct part {
	struct reading *g;
	size_t i;
};

static int64_t
within(int64_t wanted, int64_t most, int64_t least)
{
	return wanted < most ? wanted : most > least ? most : least;
}

struct readers *
readers_new(
    struct server *s, struct stream_out *out, const struct readers_opts *opts)
{
	struct readers *r = bson_malloc0(sizeof *r);
	int64_t each = opts->reply_bytes / opts->threads;

	r->server = s;
	r->shared.out = out;
	r->opts = *opts;
	r->shared.throttle = throttle_new(opts->rate);
	if (opts->rate_file)
		throttle_watch(r->shared.throttle, opts->rate_file);
	r->shared.brake = opts->brake;
	r->shared.helpers = helpers_new(out);
	r->shared.budget = budget_new(opts->reply_bytes);
	r->shared.batch_bytes = within(opts->batch_bytes, each, 16 << 10);
	r->shared.read_concern = opts->read_concern;
	r->shared.at = opts->at;
	r->shared.block_bytes =
	    (size_t)within(opts->block_bytes, each, 128 << 10);
	pthread_mutex_init(&r->shared.large, NULL);
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->freed, NULL);
	return r;
}

void
readers_plan_release(struct readers_plan *plan)
{
	for (size_t i = 0; i < plan->n_bounds; i++)
		bson_destroy(plan->bounds[i]);
	for (size_t i = 0; plan->after && i <= plan->n_bounds; i++)
		if (plan->after[i])
			bson_destroy(plan->after[i]);
	bson_free(plan->bounds);
	bson_free(plan->after);
	memset(plan, 0, sizeof *plan);
}

static void
reading_free(struct reading *g)
{
	readers_plan_release(&g->plan);
	if (g->collation)
		bson_destroy(g->collation);
	bson_free(g->db);
	bson_free(g->coll);
	bson_free(g);
}

void
readers_free(struct readers *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++)
		reading_free(r->item[i]);
	bson_free(r->item);
	throttle_free(r->shared.throttle);
	helpers_free(r->shared.helpers);
	budget_free(r->shared.budget);
	if (r->shared.large_conn)
		conn_close(r->shared.large_conn);
	pthread_mutex_destroy(&r->shared.large);
	pthread_mutex_destroy(&r->lock);
	pthread_cond_destroy(&r->freed);
	bson_free(r);
}

void
readers_add(struct readers *r, int32_t c, const struct coll *coll,
    const struct readers_plan *plan)
{
	struct reading *g = bson_malloc0(sizeof *g);
	bson_iter_t it;
	const uint8_t *data;
	uint32_t len;

	g->c = c;
	g->db = bson_strdup(coll->db);
	g->coll = bson_strdup(coll->name);
	g->est_docs = coll->est_docs;
	g->est_bytes = coll->est_bytes;
	g->plan = *plan;
	g->parts = plan->n_bounds + 1;
	if (coll->collated &&
	    bson_iter_init_find(&it, &coll->options, "collation") &&
	    BSON_ITER_HOLDS_DOCUMENT(&it)) {
		bson_iter_document(&it, &len, &data);
		g->collation = bson_new_from_data(data, len);
	}
	if ((r->n & (r->n - 1)) == 0)
		r->item = bson_realloc(
		    r->item, (r->n ? 2 * r->n : 1) * sizeof *r->item);
	r->item[r->n++] = g;
}

/* ------------------------------------------------------- who does what */

/* With the lock held. NULL: nothing that may be begun now. */
static struct reading *
pick(struct readers *r)
{
	while (r->first < r->n &&
	    r->item[r->first]->taken == r->item[r->first]->parts)
		r->first++;
	for (size_t i = r->first; i < r->n; i++) {
		struct reading *g = r->item[i];

		if (g->taken == g->parts)
			continue;
		if (g->taken > 0 || r->active < r->opts.collections)
			return g;
	}
	return NULL;
}

/* False: nothing is left, or it is over. */
static bool
take(struct readers *r, struct part *p)
{
	enum stage was = stage_enter(STAGE_IDLE);
	struct reading *g = NULL;

	pthread_mutex_lock(&r->lock);
	while (!r->shared.failed && !sig_stopping() && !(g = pick(r)) &&
	    r->first < r->n)
		pthread_cond_wait(&r->freed, &r->lock);
	stage_enter(was);
	if (g) {
		*p = (struct part){g, g->taken++};
		if (p->i == 0)
			r->active++;
		r->busy++;
		pick(r);
		/* Nothing left: who waits may help. */
		if (r->first == r->n)
			pthread_cond_broadcast(&r->freed);
	}
	pthread_mutex_unlock(&r->lock);
	return g;
}

static void
put_down(struct readers *r)
{
	pthread_mutex_lock(&r->lock);
	r->busy--;
	pthread_mutex_unlock(&r->lock);
}

/* What take has refused one thread it refuses all. */
static bool
nobody_reads(struct readers *r)
{
	bool nobody;

	pthread_mutex_lock(&r->lock);
	nobody = r->busy == 0;
	pthread_mutex_unlock(&r->lock);
	return nobody;
}

/* Wakes the others, too, after an error or a stop signal. */
static void
give_up(struct readers *r, const bson_error_t *error)
{
	pthread_mutex_lock(&r->lock);
	if (error && !r->shared.failed) {
		r->error = *error;
		r->shared.failed = true;
	}
	pthread_cond_broadcast(&r->freed);
	pthread_mutex_unlock(&r->lock);
}

static bool
put_cend(struct readers *r, const struct reading *g, bson_error_t *error)
{
	bson_t doc = BSON_INITIALIZER;
	bool ok;

	BSON_APPEND_UTF8(&doc, "$mm", "cend");
	BSON_APPEND_INT32(&doc, "c", g->c);
	BSON_APPEND_INT64(&doc, "docs", g->docs);
	BSON_APPEND_INT64(&doc, "bytes", g->bytes);
	BSON_APPEND_INT64(&doc, "sum", (int64_t)g->sum);
	ok = stream_put(r->shared.out, &doc, error);
	bson_destroy(&doc);
	return ok;
}

/* All blocks of the part are in the stream. The collection has its end there,
 * too, before another one may begin: an archive's reader has to have room for
 * all that are open. */
static bool
finish_part(struct readers *r, struct reading *g, const struct read_part *p,
    bson_error_t *error)
{
	bool last, ok;

	pthread_mutex_lock(&r->lock);
	g->docs += p->docs;
	g->bytes += p->bytes;
	g->sum += p->sum;
	last = ++g->finished == g->parts;
	pthread_mutex_unlock(&r->lock);
	if (!last)
		return true;
	status_add("collections", 1);
	ok = put_cend(r, g, error);
	pthread_mutex_lock(&r->lock);
	r->active--;
	pthread_cond_broadcast(&r->freed);
	pthread_mutex_unlock(&r->lock);
	return ok;
}

/* -------------------------------------------------------------- threads */

static bool
read_one(struct readers *r, struct conn *c, struct part *p, struct block *b,
    bson_error_t *error)
{
	struct reading *g = p->g;
	struct read_part part = {
	    .c = g->c,
	    .db = g->db,
	    .coll = g->coll,
	    .part = (int32_t)p->i,
	    .natural = g->plan.natural,
	    .est_size = g->est_docs > 0 ? g->est_bytes / g->est_docs : 0,
	    .from = p->i > 0 ? g->plan.bounds[p->i - 1] : NULL,
	    .to = p->i + 1 < g->parts ? g->plan.bounds[p->i] : NULL,
	    .after = g->plan.after ? g->plan.after[p->i] : NULL,
	    .collation = g->collation,
	    .query = r->opts.query,
	    .in_order = g->plan.in_order,
	};

	return read_part(&r->shared, c, &part, b, error) &&
	    finish_part(r, g, &part, error);
}

static void *
work(void *arg)
{
	struct readers *r = arg;
	struct block b = {0};
	bson_error_t error;
	struct part p;
	struct conn *c;
	bool ok;

	stage_begin();
	c = conn_open(r->server, &error);
	ok = c;
	if (c)
		conn_read_at(c, r->opts.at);
	while (ok && take(r, &p)) {
		ok = read_one(r, c, &p, &b, &error);
		put_down(r);
	}
	if (!ok)
		give_up(r, &error);
	if (nobody_reads(r))
		helpers_close(r->shared.helpers);
	if (ok && !helpers_serve(r->shared.helpers, &error))
		give_up(r, &error);
	block_release(&b);
	if (c)
		conn_close(c);
	stage_end();
	return NULL;
}

static int
by_size(const void *a, const void *b)
{
	const struct reading *x = *(struct reading *const *)a;
	const struct reading *y = *(struct reading *const *)b;

	if (x->est_bytes != y->est_bytes)
		return x->est_bytes < y->est_bytes ? 1 : -1;
	return x->c < y->c ? -1 : 1;
}

bool
readers_run(struct readers *r, bson_error_t *error)
{
	int n = r->opts.threads < 256 ? r->opts.threads : 256;

	if (r->n > 1)
		qsort(r->item, r->n, sizeof *r->item, by_size);
	if (!threads_run(n, work, r, error))
		return false;
	if (r->shared.failed) {
		*error = r->error;
		return false;
	}
	for (size_t i = 0; i < r->n; i++)
		if (r->item[i]->finished < r->item[i]->parts)
			return read_stopped(error);
	return true;
}
