/* engine: the threads that read collections of the source into a snapshot
 * stream (mm-dump).
 *
 * A collection is read in one part or, by ranges of `_id`, in several; parts
 * wait in one list, the largest collections first, and each thread takes the
 * next part that may be begun. Each thread has its own connection and
 * compresses its own blocks.
 */
#ifndef MM_ENGINE_READERS_H
#define MM_ENGINE_READERS_H

#include "engine/lag_watch.h"
#include "mongo/catalog.h"
#include "stream/stream.h"

struct readers_opts {
	int threads;              /* in all */
	int collections;          /* at most so many are under way at once */
	int64_t batch_bytes;      /* wanted size of a reply */
	int64_t reply_bytes;      /* of all replies held at the same time; a
				     thread's share limits the other two */
	int64_t block_bytes;      /* a block is closed here */
	const char *read_concern; /* NULL: majority */
	struct optime at;         /* read as of then; null: not */
	const bson_t *query;      /* read only what matches it; NULL: all */
	int64_t rate;          /* bytes a second of all threads; 0: no limit */
	const char *rate_file; /* where it may be changed; NULL: nowhere */
	struct lag_watch *brake; /* or NULL */
};

struct readers;

/* Borrows server and stream. */
struct readers *readers_new(
    struct server *s, struct stream_out *out, const struct readers_opts *opts);
void readers_free(struct readers *r);
/* How a collection is read. */
struct readers_plan {
	bool natural;    /* in one part */
	bool in_order;   /* its blocks as they were read */
	bson_t **bounds; /* ascending inner bounds of its parts (scan_split) */
	size_t n_bounds;
	bson_t **after; /* where each part is gone on with (scan_place), NULL:
			   from its start; all NULL: NULL */
};
void readers_plan_release(struct readers_plan *plan);
/* A collection (no view) whose coll record with number c is in the stream.
 * Takes the plan. */
void readers_add(struct readers *r, int32_t c, const struct coll *coll,
    const struct readers_plan *plan);
/* Reads everything; writes the cend record of a collection after its last
 * block. False: error is set; status 9 after a stop signal. */
bool readers_run(struct readers *r, bson_error_t *error);

#endif
