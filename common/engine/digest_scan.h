/* engine: one side's documents of a pair, digested while they are read. */
#ifndef MM_ENGINE_DIGEST_SCAN_H
#define MM_ENGINE_DIGEST_SCAN_H

#include "engine/compare_task.h"
#include "engine/digest_range.h"

/* A range is finished; views die with the call. */
typedef bool digest_range_fn(
    void *arg, const struct digest_range *r, bson_error_t *error);

struct digest_scan {
	const struct compare_task *task; /* pair, connection, throttle, range */
	enum compare_which which;
	enum digest_order order;
	struct digester *digester; /* begun for the pair */
	bool detail;               /* keys and leaves too */
	digest_range_fn *each;
	void *arg;
};

/* [task->from, task->to) cut into ranges of `docs` documents, in order; the
 * last one may have fewer, or none. 0: one range. */
enum compare_got digest_cut(
    const struct digest_scan *s, int64_t docs, bson_error_t *error);
/* The digests of the n ranges that are given: each joins the next one. By _id
 * only where n > 1. */
enum compare_got digest_match(const struct digest_scan *s,
    const struct digest_range *ranges, size_t n, bson_error_t *error);

/* A key of a range in detail that differs. mine: the document here; NULL: only
 * the range has it. theirs: the range has it. */
typedef bool digest_key_fn(void *arg, const struct value *id,
    const bson_t *mine, bool theirs, bson_error_t *error);
/* The documents of a range held against its keys and leaves. */
enum compare_got digest_match_keys(const struct digest_scan *s,
    const struct digest_range *r, digest_key_fn *each, void *arg,
    bson_error_t *error);

#endif
