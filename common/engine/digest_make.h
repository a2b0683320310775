/* engine: what mm-diff --digest does: one side's selection as a stream of kind
 * digest, whole, or in more detail where another such stream says. */
#ifndef MM_ENGINE_DIGEST_MAKE_H
#define MM_ENGINE_DIGEST_MAKE_H

#include "engine/compare_task.h"
#include "stream/stream.h"

struct digest_make_opts {
	struct server *server; /* of either side */
	const struct ns_flags *flags;
	const struct ns_rules *rules;
	const char *job; /* of the target: its staged indexes are told; NULL */
	int workers;
	int64_t partition_bytes, rate;
	int64_t range_docs; /* documents in a range */
	const char *ranges; /* NULL: all; else a stream of ranges, "-" stdin */
	struct stream_out_opts out;
};

/* Status 8: the ranges are of the other side or of another selection. */
enum compare_got digest_make(
    const struct digest_make_opts *opts, bson_error_t *error);

#endif
