/* engine: inside of lanes: one lane, its queue and its batches. */
#ifndef MM_ENGINE_LANE_H
#define MM_ENGINE_LANE_H

#include <pthread.h>

#include "engine/cache.h"
#include "engine/lanes.h"
#include "mongo/bulk.h"

/* An entry on its way: this header, then len bytes, padded to 8. */
struct parcel {
	struct target *target;
	uint64_t seq, hash;
	uint32_t len;
	bool replay;
};

/* Parcels one after the other. */
struct chunk {
	struct chunk *next;
	uint64_t first; /* number of the first entry */
	size_t n;
	bool carried; /* not counted in the queue */
	struct buf buf;
};

struct lane {
	struct lanes *all;
	pthread_t thread;
	bool started;
	/* queue; under lock */
	pthread_mutex_t lock;
	pthread_cond_t more, less;
	struct chunk *head, **tail;
	size_t queued; /* bytes */
	bool closed;
	uint64_t working; /* number of the first entry in work, 0: none */
	/* What the target cannot take yet (lane_apply_log): tried again before
	 * the next batch. */
	struct chunk *carry;
	bson_error_t carry_why;
	struct lanes_counts counts;
	/* of the reader's thread */
	struct chunk *filling;
	/* of the lane's thread */
	struct conn *conn;
	struct bulk *bulk;
	struct cache *cache;
};

/* An entry in work, parsed; views into its chunk. */
struct work {
	struct entry entry;
	struct target *target;
	uint64_t seq, hash;
	enum target_order order;
	bool replay;
	bool may_wait; /* for a value of a unique index */
	bool done;     /* acknowledged */
	bool grouped;
	struct work *next; /* of the same document */
};

void chunk_add(struct chunk *c, const struct parcel *p, const uint8_t *raw);
void chunk_free(struct chunk *c);

/* The thread of a lane. */
void *lane_run(void *lane);

/* Applies n entries of one target, in order, and returns when all are
 * acknowledged and `done`. lane_apply_docs: each document is written once, in
 * any order; lane_apply_log: in log order. The latter may leave some undone:
 * *why says what the target has against them. */
#define LANE_DUPLICATE 11000
bool lane_apply_docs(
    struct lane *lane, struct work **work, int n, bson_error_t *error);
bool lane_apply_log(struct lane *lane, struct work **work, int n,
    bson_error_t *why, bson_error_t *error);

/* Status 8: the entry cannot be applied because ... Names namespace, _id and
 * position, and puts it into the ledger with the document that it would have
 * made (len 0: none). */
bool lane_refuse(struct lane *lane, const struct work *w, const char *why,
    const void *image, size_t len, bson_error_t *error);
/* The same for what may fit later: code LANE_DUPLICATE, not in the ledger. */
bool lane_conflict(const struct work *w, const char *why, bson_error_t *error);
/* A violated precondition: into the ledger. False: that could not be. */
bool lane_diverged(const struct lane *lane, const struct work *w,
    const char *what, const char *detail, bson_error_t *error);
/* Before each command: false when the lease is lost or another lane failed. */
bool lane_may_write(struct lane *lane, bson_error_t *error);
int lane_batch_ops(const struct lane *lane);
struct ledger *lane_ledger(const struct lane *lane);
struct journal *lane_journal(const struct lane *lane); /* or NULL */
void lane_acked(const struct lane *lane);
/* Documents above 1 MiB are handled by one lane at a time, so that memory
 * does not grow with the number of lanes. */
void lane_enter_large(struct lane *lane);
void lane_leave_large(struct lane *lane);
void lane_add_counts(struct lane *lane, const struct lanes_counts *more);

#endif
