/* mongosim: a recording (tests/corpus) served as it was made.
 *
 * The collections are those of `before`; then the recorded entries come into
 * the oplog, byte for byte, and are applied. The oplog begins with a note at
 * the recording's start, so that a reader can prove that position. Until all
 * have come no client may write; nothing is written by the server itself.
 */
#ifndef SIM_FEED_H
#define SIM_FEED_H

#include "base/error.h"
#include "base/buf.h"
#include "base/optime.h"

/* Reads the folder. rate: entries a second; 0: all at once; -1: when told to
 * (feed_step). Status 7: cannot be read. */
bool feed_open(const char *folder, int64_t rate, bson_error_t *error);
/* True until the last entry has come. */
bool feed_pending(void);
/* The next n (-1: all). How many came, and are left. */
bool feed_step(int64_t n, int64_t *came, int64_t *left, bson_error_t *error);

/* feed_load.c: collections as before; the log, whole; the position. */
bool feed_load(const char *folder, struct buf *log, struct optime *start,
    bson_error_t *error);

#endif
