/* engine: a function in a thread of its own at the other end of a pipe, so
 * that what reads or writes a stream can read or write something else.
 */
#ifndef MM_ENGINE_THROUGH_H
#define MM_ENGINE_THROUGH_H

#include "base/error.h"

#define THROUGH_NAME "pipe"

/* fd: its end of the pipe, which is closed behind it. */
typedef bool through_fn(void *arg, int fd, bson_error_t *error);

struct through;

/* writes: it writes what we read; else the other way round. *ours: our end,
 * which through_end closes. NULL: error is set. */
struct through *through_begin(
    bool writes, through_fn *fn, void *arg, int *ours, bson_error_t *error);
/* ok and *error: what became of our side. Waits for the other, and frees. Both
 * have to be well; of two failures that counts which led to the other. */
bool through_end(struct through *t, bool ok, bson_error_t *error);

#endif
