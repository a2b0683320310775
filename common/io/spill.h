/* io: bytes that do not fit into memory, in a temporary file without a name.
 *
 * In $TMPDIR, else /tmp. The file has no name as soon as it is open, so that
 * nothing is left behind however the program ends. One thread.
 */
#ifndef MM_IO_SPILL_H
#define MM_IO_SPILL_H

#include "base/error.h"

struct spill;

/* Status 7. */
struct spill *spill_open(bson_error_t *error);
bool spill_append(
    struct spill *s, const void *data, size_t len, bson_error_t *error);
/* Exactly len bytes from `at`. */
bool spill_read(
    struct spill *s, uint64_t at, void *data, size_t len, bson_error_t *error);
/* These bytes are not read again: their place on the disk may be used
 * otherwise. */
void spill_forget(struct spill *s, uint64_t at, size_t len);
void spill_close(struct spill *s);

#endif
