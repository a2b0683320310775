#include "engine/crew.h"

#include <pthread.h>

#include "base/thread.h"

struct crew {
	crew_fn *work;
	void *arg;
	atomic_bool abort;
	pthread_mutex_t lock;
	bson_error_t error; /* the first one */
	bool failed, stopped;
};

static void
note(struct crew *c, enum compare_got got, const bson_error_t *error)
{
	if (got == COMPARE_DONE)
		return;
	pthread_mutex_lock(&c->lock);
	if (got == COMPARE_FAILED && !c->failed)
		c->error = *error;
	c->failed = c->failed || got == COMPARE_FAILED;
	c->stopped = c->stopped || got == COMPARE_STOPPED;
	pthread_mutex_unlock(&c->lock);
	atomic_store(&c->abort, true);
}

static void *
run(void *arg)
{
	struct crew *c = arg;
	bson_error_t error = {0};

	note(c, c->work(c->arg, &c->abort, &error), &error);
	return NULL;
}

enum compare_got
crew_run(size_t threads, crew_fn *work, void *arg, bson_error_t *error)
{
	struct crew c = {.work = work, .arg = arg};
	pthread_t *thread = bson_malloc0((threads + 1) * sizeof *thread);
	bson_error_t none;
	size_t started = 0;

	pthread_mutex_init(&c.lock, NULL);
	atomic_init(&c.abort, false);
	while (
	    started < threads && thread_start(&thread[started], run, &c, &none))
		started++;
	if (started < threads)
		note(&c, COMPARE_FAILED, &none);
	for (size_t i = 0; i < started; i++)
		pthread_join(thread[i], NULL);
	bson_free(thread);
	pthread_mutex_destroy(&c.lock);
	if (c.failed)
		*error = c.error;
	return c.failed ? COMPARE_FAILED
	    : c.stopped ? COMPARE_STOPPED
			: COMPARE_DONE;
}
