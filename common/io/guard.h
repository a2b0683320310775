/* io: the work is done by a child, so that somebody is left when it is killed.
 */
#ifndef MM_IO_GUARD_H
#define MM_IO_GUARD_H

#include "base/error.h"

enum guard { GUARD_FAILED = -1, GUARD_CHILD, GUARD_PARENT };

/* Before any thread is started and any descriptor is opened that the child is
 * not to have. GUARD_CHILD: goes on as the child, which is asked to stop when
 * the parent is gone. GUARD_PARENT: it has ended, with *status as a shell sees
 * it (128 + N: killed by signal N); signals to us were passed on. Failed: 7. */
enum guard guard_fork(int *status, bson_error_t *error);

#endif
