/* engine: reading a stream of kind digest. Its blocks may be taken by several
 * threads. */
#ifndef MM_ENGINE_DIGEST_IN_H
#define MM_ENGINE_DIGEST_IN_H

#include "engine/compare_pair.h"
#include "engine/digest_range.h"
#include "mongo/server.h"
#include "stream/stream.h"

struct digest_coll {
	int32_t c;
	char ns[NS_MAX + 1], target_ns[NS_MAX + 1];
	enum digest_order order;
	bool known;       /* the catalog is told: */
	struct coll coll; /* the side's own: ns, type, options, indexes */
	bson_t staged;    /* array of {spec, why}, empty where not told */
};

struct digest_in {
	uint8_t key[DIGEST_KEY];
	enum side side; /* that was digested */
	bool partial;   /* ranges that differ alone, no catalog */
	bson_t head;
	struct digest_coll *coll; /* as announced */
	size_t n;
	struct digest_source *source; /* private */
};

/* path "-": standard input. Reads up to the first block. Status 3, 7, 8. Close
 * also after an error. */
bool digest_in_open(
    struct digest_in *in, const char *path, bson_error_t *error);
/* The rest of the stream was read, and it has its end: else status 3. */
bool digest_in_close(struct digest_in *in, bson_error_t *error);
/* The next block: its ranges into `docs`, its collection into *coll. 1, 0 the
 * end, -1 error, 2 a stop signal. Any thread. */
int digest_in_block(
    struct digest_in *in, struct buf *docs, size_t *coll, bson_error_t *error);
/* The ranges of a block, one after the other: 1, 0 none left, -1 error. */
int digest_in_range(const struct buf *docs, size_t *at, struct digest_range *r,
    bson_error_t *error);

#endif
