/* engine: writing a stream of kind digest (mm-stream(5), DIGESTS). Any thread
 * may write. */
#ifndef MM_ENGINE_DIGEST_OUT_H
#define MM_ENGINE_DIGEST_OUT_H

#include "engine/compare_pair.h"
#include "engine/digest_range.h"
#include "stream/stream.h"

struct digest_out;

/* head: source, side, filters, key and so on. */
struct digest_out *digest_out_new(const struct stream_out_opts *opts,
    const bson_t *head, bson_error_t *error);
void digest_out_free(struct digest_out *o);
/* Announces a pair, before its ranges. coll: what the side has there, NULL:
 * the catalog is not told; staged: array, may be NULL. */
bool digest_out_coll(struct digest_out *o, struct pair *pair,
    enum digest_order order, const struct coll *coll, const bson_t *staged,
    bson_error_t *error);
/* The cend of each pair that was announced, and the end. totals: the pairs'
 * digests are told (everything was read). */
bool digest_out_end(
    struct digest_out *o, bool totals, struct optime to, bson_error_t *error);

/* One a thread: ranges on their way. */
struct digest_part {
	struct digest_out *out;
	struct pair *pair;
	struct block block;
	struct digest sum; /* of its ranges */
};
/* What follows is of this pair; writes what was gathered. */
bool digest_part_begin(
    struct digest_part *p, struct pair *pair, bson_error_t *error);
bool digest_part_range(
    struct digest_part *p, const struct digest_range *r, bson_error_t *error);
bool digest_part_flush(struct digest_part *p, bson_error_t *error);
void digest_part_release(struct digest_part *p);

#endif
