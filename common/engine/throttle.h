/* engine: a rate in bytes a second, shared by the threads of a program. */
#ifndef MM_ENGINE_THROTTLE_H
#define MM_ENGINE_THROTTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct throttle;

/* bytes_per_second 0: no limit. */
struct throttle *throttle_new(int64_t bytes_per_second);
void throttle_free(struct throttle *t);
/* From now on the rate is what stands in the file, as a number of bytes with K,
 * M or G (0: no limit), whenever it changes; while there is none, the rate that
 * was given. Borrows the name. */
void throttle_watch(struct throttle *t, const char *file);
/* Bytes were read: sleeps until the rate allows more. False: a stop signal
 * came. At most a quarter of a second's bytes pass at once. */
bool throttle_spend(struct throttle *t, size_t bytes);

#endif
