/* io: a small file that nobody else may read.
 */
#ifndef MM_IO_SECRET_H
#define MM_IO_SECRET_H

#include "base/error.h"

/* Its text without newlines at the end. Status 2: others may read it, it is
 * empty, longer than max bytes, or no text; 7. Caller frees with
 * secret_free. */
char *secret_read(const char *path, size_t max, bson_error_t *error);
/* Wiped first; NULL: nothing. */
void secret_free(char *text);

#endif
