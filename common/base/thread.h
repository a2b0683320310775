/* base: starting threads. */
#ifndef MM_BASE_THREAD_H
#define MM_BASE_THREAD_H

#include <pthread.h>
#include <stddef.h>

#include "base/error.h"

typedef void *thread_fn(void *arg);

bool thread_start(
    pthread_t *thread, thread_fn *run, void *arg, bson_error_t *error);
/* As many of n as can be had, with one arg, and waits for them all. False:
 * not even one. */
bool threads_run(size_t n, thread_fn *run, void *arg, bson_error_t *error);

#endif
