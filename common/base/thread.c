#include "base/thread.h"

bool
thread_start(pthread_t *thread, thread_fn *run, void *arg, bson_error_t *error)
{
	return pthread_create(thread, NULL, run, arg) == 0 ||
	    error_set(error, MM_EXIT_INTERNAL, 0, "could not start a thread");
}

bool
threads_run(size_t n, thread_fn *run, void *arg, bson_error_t *error)
{
	pthread_t *thread = bson_malloc0((n + 1) * sizeof *thread);
	size_t started = 0;
	bson_error_t why;
	bool any;

	while (started < n && thread_start(&thread[started], run, arg, &why))
		started++;
	any = started > 0;
	while (started > 0)
		pthread_join(thread[--started], NULL);
	bson_free(thread);
	if (!any && error)
		*error = why;
	return any;
}
