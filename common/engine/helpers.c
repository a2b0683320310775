/* A collection in natural order has one reader, whose compression takes
 * several times as long as its reading: the other threads of the pool take
 * that off it. A block is handed over only to a thread that waits for one, so
 * there are never more blocks in memory than threads. */
#include "engine/helpers.h"

#include <pthread.h>
#include <string.h>

#include "base/stage.h"

#define JOBS_MAX 256

struct job {
	struct block block;
	bson_t *extra; /* or NULL */
	unsigned *pending;
};

struct helpers {
	struct stream_out *out;
	pthread_mutex_t lock;
	pthread_cond_t offered, done;
	struct job job[JOBS_MAX];
	unsigned n_jobs, idle;
	bool closed;
};

struct helpers *
helpers_new(struct stream_out *out)
{
	struct helpers *h = bson_malloc0(sizeof *h);

	h->out = out;
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->offered, NULL);
	pthread_cond_init(&h->done, NULL);
	return h;
}

void
helpers_free(struct helpers *h)
{
	if (!h)
		return;
	pthread_mutex_destroy(&h->lock);
	pthread_cond_destroy(&h->offered);
	pthread_cond_destroy(&h->done);
	bson_free(h);
}

bool
helpers_offer(
    struct helpers *h, struct block *b, const bson_t *extra, unsigned *pending)
{
	bool taken;

	pthread_mutex_lock(&h->lock);
	taken = h->idle > h->n_jobs && h->n_jobs < JOBS_MAX;
	if (taken) {
		h->job[h->n_jobs++] =
		    (struct job){*b, extra ? bson_copy(extra) : NULL, pending};
		++*pending;
		pthread_cond_signal(&h->offered);
	}
	pthread_mutex_unlock(&h->lock);
	if (taken) {
		b->n = 0;
		b->docs = (struct buf)BUF_INIT;
	}
	return taken;
}

void
helpers_wait(struct helpers *h, unsigned *pending)
{
	enum stage was = stage_enter(STAGE_TURN);

	pthread_mutex_lock(&h->lock);
	while (*pending > 0)
		pthread_cond_wait(&h->done, &h->lock);
	pthread_mutex_unlock(&h->lock);
	stage_enter(was);
}

bool
helpers_serve(struct helpers *h, bson_error_t *error)
{
	enum stage was;
	bool ok = true;
	struct job j;

	pthread_mutex_lock(&h->lock);
	while (ok) {
		was = stage_enter(STAGE_IDLE);
		h->idle++;
		while (h->n_jobs == 0 && !h->closed)
			pthread_cond_wait(&h->offered, &h->lock);
		h->idle--;
		stage_enter(was);
		if (h->n_jobs == 0)
			break;
		j = h->job[--h->n_jobs];
		pthread_mutex_unlock(&h->lock);
		ok = stream_put_block(h->out, &j.block, j.extra, error);
		block_release(&j.block);
		if (j.extra)
			bson_destroy(j.extra);
		pthread_mutex_lock(&h->lock);
		--*j.pending;
		pthread_cond_broadcast(&h->done);
	}
	pthread_mutex_unlock(&h->lock);
	return ok;
}

void
helpers_close(struct helpers *h)
{
	pthread_mutex_lock(&h->lock);
	h->closed = true;
	pthread_cond_broadcast(&h->offered);
	pthread_mutex_unlock(&h->lock);
}
