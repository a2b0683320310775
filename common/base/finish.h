/* base: how every program ends.
 */
#ifndef MM_BASE_FINISH_H
#define MM_BASE_FINISH_H

#include "base/error.h"

/* Says why on stderr (with a hint after wrong use), writes the last state to
 * the status file, and returns the exit status for main to return: that of
 * the error, or `status` where error is NULL. A closed pipe is not told: it is
 * raised as SIGPIPE, so this comes after everything was released. */
int finish(enum mm_exit status, const bson_error_t *error);

#endif
