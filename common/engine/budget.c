#include "engine/budget.h"

#include <bson/bson.h>
#include <pthread.h>

struct budget {
	pthread_mutex_t lock;
	pthread_cond_t freed;
	int64_t limit, held;
};

struct budget *
budget_new(int64_t bytes)
{
	struct budget *b = bson_malloc0(sizeof *b);

	b->limit = bytes;
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->freed, NULL);
	return b;
}

void
budget_free(struct budget *b)
{
	if (!b)
		return;
	pthread_mutex_destroy(&b->lock);
	pthread_cond_destroy(&b->freed);
	bson_free(b);
}

void
budget_take(struct budget *b, int64_t bytes, bool at_once)
{
	pthread_mutex_lock(&b->lock);
	while (!at_once && b->held > 0 && b->held + bytes > b->limit)
		pthread_cond_wait(&b->freed, &b->lock);
	b->held += bytes;
	pthread_mutex_unlock(&b->lock);
}

void
budget_change(struct budget *b, int64_t bytes)
{
	pthread_mutex_lock(&b->lock);
	b->held += bytes;
	if (bytes < 0)
		pthread_cond_broadcast(&b->freed);
	pthread_mutex_unlock(&b->lock);
}
