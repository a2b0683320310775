/* engine: what mm-diff --against does: one side held against a stream of
 * digests of the other, range by range. */
#ifndef MM_ENGINE_DIGEST_AGAINST_H
#define MM_ENGINE_DIGEST_AGAINST_H

#include "engine/compare_report.h"
#include "engine/digest_in.h"

struct digest_against_opts {
	struct digest_in *in; /* open */
	struct server *own;   /* the side that the stream is not of */
	struct server *other; /* NULL: ranges are told, not looked into */
	const struct ns_flags *flags;
	const struct ns_rules *rules;
	const char *job;
	int workers;
	int64_t rate;
	/* Not NULL: a stream of the ranges that differ, for --ranges. */
	const struct stream_out_opts *differing;
};

/* Reports to r (with summary) and sets *differences. */
enum compare_got digest_against(const struct digest_against_opts *opts,
    struct report *r, int64_t *differences, bson_error_t *error);

#endif
