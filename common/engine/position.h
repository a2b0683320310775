/* engine: proving that a position still stands in the source's oplog.
 *
 * A tail reads the entry at its saved position again at every start and every
 * reopen. Three things can have happened to it, each with status 6 and a
 * message of its own: rolled over (the oplog no longer reaches back to it),
 * rolled back (another entry or none is there), or it lies ahead of all that
 * the source has.
 */
#ifndef MM_ENGINE_POSITION_H
#define MM_ENGINE_POSITION_H

#include "mongo/cursor.h"

/* A find on local.oplog.rs at majority, from `from` on; tailable as said.
 * filter and more are filled by it and destroyed by the caller. */
void position_find(struct conn *c, struct optime from, bool tailable,
    int64_t await_ms, struct cursor_opts *opts, bson_t *filter, bson_t *more);

/* `first`: the first entry at or after *at that a majority read gave. True:
 * it is the one at *at, whose term is filled in where it was not known. */
bool position_matches(struct conn *c, struct optime *at, const bson_t *first,
    bson_error_t *error);

/* A majority read gave nothing at or after `at` yet. True: it may still come
 * (the entry is not yet committed, or this member lags). */
bool position_may_come(
    struct conn *c, struct optime at, int64_t waited_ms, bson_error_t *error);

/* Reads the entry at *at until it is there: as position_matches. A stop
 * signal while waiting: status 9. A position with increment 0 is a time: *at
 * becomes the newest entry at or before it. */
bool position_prove(struct conn *c, struct optime *at, bson_error_t *error);

/* Puts *at back to the oldest operation of a transaction that is open on the
 * member; NULL: read at majority. */
bool position_open(struct conn *c, const char *read_concern, struct optime *at,
    bson_error_t *error);

/* The majority position of the member, and from where the log must be read to
 * see every transaction whole that commits after it. */
bool position_now(struct conn *c, struct optime *read_from, struct optime *at,
    bson_error_t *error);

#endif
