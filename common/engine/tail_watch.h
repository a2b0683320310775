/* engine: how far a tail is behind, and how long its position still lasts.
 *
 * A thread with a connection of its own, so that a tail that is stuck (its
 * reader does not take more) is seen too. Sets the status fields lag_seconds,
 * oplog_window_seconds and oplog_left_seconds, and warns once whenever the
 * position has used up half of the oplog, and when it has rolled over.
 */
#ifndef MM_ENGINE_TAIL_WATCH_H
#define MM_ENGINE_TAIL_WATCH_H

#include "mongo/server.h"

struct tail_watch;

struct tail_watch *tail_watch_new(struct server *source, bson_error_t *error);
/* From the tail's thread: read up to here. */
void tail_watch_position(struct tail_watch *w, struct optime at);
void tail_watch_free(struct tail_watch *w);

#endif
