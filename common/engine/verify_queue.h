/* engine: keys in a row, first in first out, of any number: 2 MiB in
 * memory, the middle in a temporary file.
 *
 * Not locked: of one owner.
 */
#ifndef MM_ENGINE_VERIFY_QUEUE_H
#define MM_ENGINE_VERIFY_QUEUE_H

#include "base/error.h"
#include "base/optime.h"
#include "model/value.h"

struct queued {
	uint32_t ns;         /* number of the namespace */
	uint32_t rounds;     /* how often it was looked at in vain */
	uint32_t flags;      /* of the caller */
	struct optime since; /* what is verified ends before it */
	struct value id;     /* of queue_pop: until its next call */
};

struct key_queue;

struct key_queue *key_queue_new(void);
void key_queue_free(struct key_queue *q);
/* Copies. Status 7: the temporary file. */
bool key_queue_push(
    struct key_queue *q, const struct queued *item, bson_error_t *error);
/* 1, 0: empty, -1 error. */
int key_queue_pop(
    struct key_queue *q, struct queued *item, bson_error_t *error);
/* The first one as key_queue_pop would give it; it stays. */
int key_queue_peek(
    struct key_queue *q, struct queued *item, bson_error_t *error);
int64_t key_queue_count(const struct key_queue *q);
/* At or below the `since` of everything in it. False: empty. */
bool key_queue_oldest(const struct key_queue *q, struct optime *since);
/* All of them, first to last; they stay. False from `each` ends it. */
bool key_queue_each(struct key_queue *q,
    bool (*each)(void *arg, const struct queued *item, bson_error_t *error),
    void *arg, bson_error_t *error);

#endif
