/* io: files that are either whole or not there.
 *
 * A new file is written as `NAME.partial` in its directory, fsynced, renamed
 * without replacing, and the directory is fsynced.
 */
#ifndef MM_IO_FILE_H
#define MM_IO_FILE_H

#include "base/buf.h"
#include "base/error.h"

/* Open for reading ("-" is standard input, fd 0, never a terminal). -1:
 * error, status 7. */
int file_open_read(const char *path, bson_error_t *error);
/* All of it, appended to b. Status 2: more than max bytes; 7. */
bool file_read(
    const char *path, size_t max, struct buf *b, bson_error_t *error);
/* Create exclusively. -1: error, status 7 (code EEXIST when it is there). */
int file_create(const char *path, bson_error_t *error);
bool file_sync(int fd, const char *path, bson_error_t *error);
/* Rename that does not replace, then fsync of the directory of `to`. */
bool file_publish(const char *from, const char *to, bson_error_t *error);
/* Atomic replacement of a small file's content. */
bool file_replace(
    const char *path, const void *data, size_t len, bson_error_t *error);
bool file_sync_dir(const char *dir, bson_error_t *error);

#endif
