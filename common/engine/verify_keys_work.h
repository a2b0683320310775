/* engine: private to verify_keys*.c. */
#ifndef MM_ENGINE_VERIFY_KEYS_WORK_H
#define MM_ENGINE_VERIFY_KEYS_WORK_H

#include <pthread.h>

#include "engine/verify_keys.h"
#include "engine/verify_slots.h"
#include "model/ns.h"

enum {
	MOST_BATCHES = 4,
	KEY_UNKNOWN = 1 << 16 /* flag: waits without a slot */
};

struct ns_state {
	char name[NS_MAX + 1];
	uint64_t event;
	uint64_t catalog; /* newest event of all its keys at once */
};

struct keys {
	pthread_mutex_t lock;
	pthread_cond_t some;
	struct slots *slots;
	struct key_queue *queue;
	size_t waiting;  /* with a slot */
	int64_t unknown; /* without one */
	uint64_t last;   /* newest event of the selection */
	struct ns_state **ns;
	uint32_t n_ns;
	const struct key_batch *out[MOST_BATCHES];
	uint64_t seed[2];
};

static inline uint64_t
pack(struct optime o)
{
	return (uint64_t)o.secs << 32 | o.inc;
}

static inline struct optime
unpack(uint64_t n)
{
	return n ? (struct optime){(uint32_t)(n >> 32), (uint32_t)n, -1}
		 : OPTIME_NULL;
}

/* With the lock held: a key that has no slot begins to wait. event: its newest,
 * 0 none. */
bool keys_wait_anew(struct keys *k, const uint64_t hash[2], struct queued *item,
    uint64_t event, bson_error_t *error);

#endif
