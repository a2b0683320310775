/* engine: one part of a collection into a snapshot stream (mm-dump). */
#ifndef MM_ENGINE_READ_PART_H
#define MM_ENGINE_READ_PART_H

#include <pthread.h>
#include <stdatomic.h>

#include "engine/budget.h"
#include "engine/helpers.h"
#include "engine/lag_watch.h"
#include "engine/throttle.h"
#include "mongo/server.h"
#include "stream/stream.h"

/* What the threads share. */
struct read_shared {
	struct stream_out *out;
	struct throttle *throttle;
	struct helpers *helpers;
	struct lag_watch *brake; /* or NULL */
	struct budget *budget;   /* of the replies of all */
	int64_t batch_bytes;
	const char *read_concern; /* NULL: majority */
	struct optime at;         /* read as of then; null: not */
	size_t block_bytes;       /* a block is closed here */
	atomic_bool failed;       /* some thread: end soon */
	pthread_mutex_t large;    /* held by the one that has large documents */
	/* Under it: for collections of large documents, because the driver
	 * keeps a buffer as large as the largest reply in each connection. */
	struct conn *large_conn;
};

struct read_part {
	int32_t c;
	const char *db, *coll;
	bool natural;
	bool in_order;           /* of the blocks too (capped collections) */
	int64_t est_size;        /* of a document, on average; 0: not known */
	int32_t part;            /* its number in the collection */
	const bson_t *from, *to; /* {"": _id}; NULL: open */
	const bson_t *after;     /* gone on with from there; NULL: not */
	const bson_t *collation; /* NULL: simple */
	const bson_t *query;     /* only what matches it; NULL: all */
	int64_t docs, bytes;     /* out: what was read */
	uint64_t sum;            /* out: of the documents' XXH64 */
};

/* Everything read is in blocks of the stream. b is the thread's, empty before
 * and after. False: error is set; status 9 after a stop signal. */
bool read_part(struct read_shared *s, struct conn *c, struct read_part *p,
    struct block *b, bson_error_t *error);
/* Status 9: what a stop signal ends with. Always false. */
bool read_stopped(bson_error_t *error);

#endif
