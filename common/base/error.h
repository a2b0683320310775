/* base: errors are bson_error_t everywhere below main().
 *
 * A function that can fail is `bool f(..., bson_error_t *error)`; false means
 * *error is filled. The domain is MM_ERR_DOMAIN + the exit status that a
 * program ends with when nobody handles the error; the code is free (errno,
 * or the server's code). `error` may be NULL. Only tools exit.
 */
#ifndef MM_BASE_ERROR_H
#define MM_BASE_ERROR_H

#include <bson/bson.h>
#include "base/exit.h"

#define MM_ERR_DOMAIN 0x4d4d0000u

/* Fill *error from a status, a code and a message; always false, so that
 * callers can `return error_set(...)`. */
bool error_set(bson_error_t *error, enum mm_exit status, int code,
    const char *format, ...) BSON_GNUC_PRINTF(4, 5);

/* Like error_set, with ": strerror(errno)" appended and code = errno. */
bool error_errno(bson_error_t *error, enum mm_exit status, const char *format,
    ...) BSON_GNUC_PRINTF(3, 4);

/* Put context to the left of the message: `context: message`. Always false. */
bool error_prefix(bson_error_t *error, const char *format, ...)
    BSON_GNUC_PRINTF(2, 3);

/* The exit status an error stands for; MM_EXIT_INTERNAL for a foreign domain
 * (an error of the driver must be translated where the side is known). */
enum mm_exit error_status(const bson_error_t *error);

#endif
