/* engine: a snapshot of a selection as a stream (mm-dump).
 *
 * The majority position of the member is taken before the first read (`from`,
 * in the header) and after the last (`to`, in the end record). All coll
 * records come first, so that a loader can refuse before it has written
 * anything; then blocks and cend records as the readers get to them.
 */
#ifndef MM_ENGINE_DUMP_H
#define MM_ENGINE_DUMP_H

#include "engine/dump_lock.h"
#include "engine/readers.h"
#include "engine/resume.h"

enum dump_partition {
	DUMP_AUTO,   /* by size: one natural scan, or ranges of _id */
	DUMP_NONE,   /* one scan in _id order */
	DUMP_ID,     /* ranges of _id, whatever the size */
	DUMP_NATURAL /* one natural scan */
};

struct dump_opts {
	struct stream_out_opts out;
	struct readers_opts readers;
	int64_t part_bytes; /* a larger collection is read in several parts */
	enum dump_partition partition;
	const char *job;                   /* into the header; NULL: none */
	const struct dump_lock_opts *lock; /* of the member; NULL: none */
	struct optime at; /* read as of this time (seconds 0, increment not: of
			     the start); null: as it runs */
	const struct resume *resume; /* a copy to go on with; NULL: a new one */
};

struct dump_result {
	struct optime from, to;
	uint64_t docs;
	size_t collections; /* views too */
};

/* The whole stream, up to and with the end record. False: error is set, and
 * the stream has no end record; except after a stop signal (status 9): then
 * it has one, with reason signal. */
bool dump_run(struct server *s, const struct ns_rules *rules,
    const struct dump_opts *opts, struct dump_result *result,
    bson_error_t *error);

#endif
