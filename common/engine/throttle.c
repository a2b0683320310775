#include "engine/throttle.h"

#include <bson/bson.h>
#include <pthread.h>
#include <time.h>

#include "base/sig.h"

#define SECOND 1000000000ll
#define BURST (SECOND / 4)

struct throttle {
	pthread_mutex_t lock;
	int64_t rate;
	int64_t next; /* when everything spent so far is paid, monotonic ns */
};

struct throttle *
throttle_new(int64_t bytes_per_second)
{
	struct throttle *t = bson_malloc0(sizeof *t);

	pthread_mutex_init(&t->lock, NULL);
	t->rate = bytes_per_second;
	return t;
}

void
throttle_free(struct throttle *t)
{
	if (!t)
		return;
	pthread_mutex_destroy(&t->lock);
	bson_free(t);
}

bool
throttle_spend(struct throttle *t, size_t bytes)
{
	struct timespec ts;
	int64_t now, wait;

	if (t->rate == 0)
		return !sig_stopping();
	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = ts.tv_sec * SECOND + ts.tv_nsec;
	pthread_mutex_lock(&t->lock);
	if (t->next < now - BURST)
		t->next = now - BURST;
	t->next += (int64_t)((double)bytes / (double)t->rate * SECOND);
	wait = t->next - now;
	pthread_mutex_unlock(&t->lock);
	if (wait > 3600 * SECOND)
		wait = 3600 * SECOND;
	return wait <= 0 ? !sig_stopping() : sig_sleep((int)(wait / 1000000));
}
