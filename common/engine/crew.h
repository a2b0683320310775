/* engine: threads that share one piece of work; the first error, or a stop,
 * ends them all. */
#ifndef MM_ENGINE_CREW_H
#define MM_ENGINE_CREW_H

#include "engine/compare_task.h"

/* The whole life of one thread. *abort turns true when another one failed or
 * was stopped. */
typedef enum compare_got crew_fn(
    void *arg, const atomic_bool *abort, bson_error_t *error);

enum compare_got crew_run(
    size_t threads, crew_fn *work, void *arg, bson_error_t *error);

#endif
