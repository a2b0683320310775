/* engine: the loop of mm-oplog-tail: the source's oplog into a sink.
 *
 * Reads every entry (unfiltered, so that each one moves the position) at
 * majority, tailable with awaitData, gives those of the selection to the sink,
 * and flushes after each reply of the server. A lost cursor is opened anew
 * at the position, which is proved again.
 */
#ifndef MM_ENGINE_TAILER_H
#define MM_ENGINE_TAILER_H

#include "engine/tail_sink.h"
#include "engine/tail_start.h"
#include "model/ns.h"

struct tailer_opts {
	struct conn *conn;
	const struct ns_rules *rules;
	struct tail_start start;
	struct optime until; /* inclusive; null: none */
	bool caught_up;      /* end at what is majority now (start.seen) */
	int64_t heartbeat_ms;
	int64_t reconnect_ms; /* how long a source may be away */
	struct tail_sink *sink;
};

/* Writes the stream from header to end record (reason until or signal). With a
 * sink of functions the status file keeps the fields of the program that they
 * belong to, lag_seconds and oplog_window_seconds aside. False:
 * no end record, everything before the error is flushed where that is still
 * possible. */
bool tailer_run(const struct tailer_opts *opts, bson_error_t *error);

#endif
