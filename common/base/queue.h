/* base: a bounded queue of pointers between threads.
 *
 * Bounded by items and by the sum of the weights (bytes) that producers name.
 * An item heavier than the whole budget passes alone. Closing lets consumers
 * finish what is in it; aborting (after an error anywhere) makes both ends
 * return at once, and the owner drains what is left with queue_take.
 */
#ifndef MM_BASE_QUEUE_H
#define MM_BASE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

struct queue;

struct queue *queue_new(size_t max_items, size_t max_weight);
/* The queue must be empty, and no thread may be waiting on it. */
void queue_free(struct queue *q);
/* Blocks while full. False: closed or aborted, the item stays the caller's. */
bool queue_put(struct queue *q, void *item, size_t weight);
/* Blocks while empty. NULL: closed and empty, or aborted. */
void *queue_get(struct queue *q);
/* Never blocks, works after an abort too; NULL when empty. */
void *queue_take(struct queue *q);
void queue_close(struct queue *q);
void queue_abort(struct queue *q);

#endif
