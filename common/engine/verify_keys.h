/* engine: the keys that have to be looked at, and what the log says about
 * them meanwhile. Shared by all threads of a comparison under writes.
 *
 * A key waits in the queue, or is in the hands of a worker (a batch). Events of
 * a key that waits add nothing; those of one in a batch are remembered, so
 * that the worker can tell whether the document was at rest while it read it.
 * Keys are known by two hashes of their canonical bytes under secret seeds.
 */
#ifndef MM_ENGINE_VERIFY_KEYS_H
#define MM_ENGINE_VERIFY_KEYS_H

#include "base/buf.h"
#include "engine/verify_queue.h"

enum {
	KEY_BATCH = 10000,        /* keys in a batch at most */
	KEY_BATCH_BYTES = 2 << 20 /* of _ids, about */
};

/* flags of struct queued */
enum {
	KEY_SCAN = 1, /* found by reading, not named by the log */
	KEY_KNOWN = 2 /* a difference that is looked at again */
};

struct key {
	uint64_t hash[2];
	uint32_t ns, rounds, flags;
	struct optime since; /* verified ends before it, as long as this key
				is undecided */
	struct optime event; /* the newest one the log has; null: none */
	uint8_t type;
	size_t at; /* of the bytes of the _id in the batch's buffer */
	uint32_t len;
	bool behind;  /* its event is not applied yet */
	bool touched; /* an event came in between: undecided */
};

struct key_batch {
	struct key *item; /* KEY_BATCH of them */
	size_t n;
	struct buf ids;
	struct optime event;  /* the newest of all */
	struct optime oldest; /* since */
};

struct keys;

struct keys *keys_new(void);
void keys_free(struct keys *k);
void key_batch_init(struct key_batch *b);
void key_batch_release(struct key_batch *b);
struct value key_id(const struct key_batch *b, const struct key *key);

/* By which a key is known. */
void keys_hash(const struct keys *k, uint32_t ns, const struct value *id,
    uint64_t hash[2]);
/* A namespace of the source, by number, for ever. */
uint32_t keys_ns(struct keys *k, const char *ns);
/* A view for ever. */
const char *keys_ns_name(struct keys *k, uint32_t ns);
/* The newest event in a namespace; null: none. */
struct optime keys_ns_event(struct keys *k, uint32_t ns);

/* The log: an event of a key; of a namespace as a whole (id NULL). */
bool keys_event(struct keys *k, const char *ns, const struct value *id,
    struct optime at, bson_error_t *error);
/* The log: a collection, or every one of a database, is made, dropped, renamed
 * or renamed onto: an event of each key in it. */
void keys_catalog(struct keys *k, const char *ns, struct optime at);
void keys_catalog_database(struct keys *k, const char *db, struct optime at);
/* A reader: this key is to be looked at. since null: from the start. */
bool keys_add(struct keys *k, uint32_t ns, const struct value *id,
    struct optime since, uint32_t flags, bson_error_t *error);

/* Fills b with what has waited longest, waiting up to ms for it; those looked
 * at often come in small batches. 1, 0 nothing, -1 error. */
int keys_take(struct keys *k, struct key_batch *b, int ms, bson_error_t *error);
/* From now on, what happens after `applied` touches; behind is set. The keys
 * are in the order of their namespaces then. */
void keys_arm(struct keys *k, struct key_batch *b, struct optime applied);
/* Sets touched of those that had an event in (applied, to]. */
void keys_judge(struct keys *k, struct key_batch *b, struct optime to);
/* Gives the batch back: a key for which `again` is true waits again, and so
 * does one with an event after `to`. counted: it was a round. */
bool keys_give_back(struct keys *k, struct key_batch *b, const bool *again,
    bool counted, bson_error_t *error);

/* All that wait or are in a batch, each with its newest event as far as it
 * matters; locks. A key may be given twice. */
bool keys_each(struct keys *k,
    bool (*each)(void *arg, const char *ns, const struct queued *item,
	struct optime event, bson_error_t *error),
    void *arg, bson_error_t *error);
/* As keys_each gave it, in another run. */
bool keys_load(struct keys *k, const struct queued *item, struct optime event,
    bson_error_t *error);

/* Keys that wait or are in a batch. */
int64_t keys_count(struct keys *k);
/* At or below every `since`; false: there are none. */
bool keys_oldest(struct keys *k, struct optime *since);
/* Wakes those that wait in keys_take. */
void keys_wake(struct keys *k);

#endif
