#include "base/queue.h"

#include <bson/bson.h>
#include <pthread.h>

struct slot {
	void *item;
	size_t weight;
};

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t not_empty, not_full;
	struct slot *ring;
	size_t head, count, max_items;
	size_t weight, max_weight;
	bool closed, aborted;
};

struct queue *
queue_new(size_t max_items, size_t max_weight)
{
	struct queue *q = bson_malloc0(sizeof *q);

	pthread_mutex_init(&q->lock, NULL);
	pthread_cond_init(&q->not_empty, NULL);
	pthread_cond_init(&q->not_full, NULL);
	q->ring = bson_malloc0(max_items * sizeof *q->ring);
	q->max_items = max_items;
	q->max_weight = max_weight;
	return q;
}

void
queue_free(struct queue *q)
{
	if (!q)
		return;
	pthread_mutex_destroy(&q->lock);
	pthread_cond_destroy(&q->not_empty);
	pthread_cond_destroy(&q->not_full);
	bson_free(q->ring);
	bson_free(q);
}

static bool
fits(const struct queue *q, size_t weight)
{
	if (q->count == 0)
		return true;
	return q->count < q->max_items && q->weight + weight <= q->max_weight;
}

bool
queue_put(struct queue *q, void *item, size_t weight)
{
	bool ok;

	pthread_mutex_lock(&q->lock);
	while (!q->closed && !q->aborted && !fits(q, weight))
		pthread_cond_wait(&q->not_full, &q->lock);
	ok = !q->closed && !q->aborted;
	if (ok) {
		size_t at = (q->head + q->count) % q->max_items;

		q->ring[at] = (struct slot){item, weight};
		q->count++;
		q->weight += weight;
		pthread_cond_signal(&q->not_empty);
	}
	pthread_mutex_unlock(&q->lock);
	return ok;
}

/* With the lock held and count > 0. */
static void *
pop(struct queue *q)
{
	struct slot s = q->ring[q->head];

	q->head = (q->head + 1) % q->max_items;
	q->count--;
	q->weight -= s.weight;
	pthread_cond_broadcast(&q->not_full);
	return s.item;
}

void *
queue_get(struct queue *q)
{
	void *item = NULL;

	pthread_mutex_lock(&q->lock);
	while (q->count == 0 && !q->closed && !q->aborted)
		pthread_cond_wait(&q->not_empty, &q->lock);
	if (q->count > 0 && !q->aborted)
		item = pop(q);
	pthread_mutex_unlock(&q->lock);
	return item;
}

void *
queue_take(struct queue *q)
{
	void *item = NULL;

	pthread_mutex_lock(&q->lock);
	if (q->count > 0)
		item = pop(q);
	pthread_mutex_unlock(&q->lock);
	return item;
}

static void
end(struct queue *q, bool *flag)
{
	pthread_mutex_lock(&q->lock);
	*flag = true;
	pthread_cond_broadcast(&q->not_empty);
	pthread_cond_broadcast(&q->not_full);
	pthread_mutex_unlock(&q->lock);
}

void
queue_close(struct queue *q)
{
	end(q, &q->closed);
}

void
queue_abort(struct queue *q)
{
	end(q, &q->aborted);
}
