/* The queue of keys: order, spilling, what is the oldest. */
#include <stdlib.h>
#include <string.h>

#include "engine/verify_queue.h"
#include "tap.h"

enum { MANY = 300000 };

static void
push(struct key_queue *q, uint32_t i)
{
	uint8_t bytes[64];
	struct queued item = {.ns = i % 7,
	    .rounds = i % 5,
	    .flags = i % 3,
	    .since = {1000 + i, i, 1},
	    .id = {0x05, bytes, 4 + i % 60}};

	memset(bytes, (int)i, sizeof bytes);
	memcpy(bytes, &i, 4);
	key_queue_push(q, &item, NULL);
}

static bool
is(const struct queued *item, uint32_t i)
{
	uint32_t have;

	memcpy(&have, item->id.data, 4);
	return have == i && item->id.len == 4 + i % 60 && item->ns == i % 7 &&
	    item->rounds == i % 5 && item->flags == i % 3 &&
	    item->since.secs == 1000 + i && item->id.type == 5 &&
	    item->id.data[item->id.len - 1] ==
	    (item->id.len > 4 ? (uint8_t)i : item->id.data[3]);
}

struct walk_state {
	uint32_t at;
	bool same;
};

static bool
each(void *arg, const struct queued *item, bson_error_t *error)
{
	struct walk_state *w = arg;

	(void)error;
	w->same = w->same && is(item, w->at);
	w->at++;
	return true;
}

int
main(void)
{
	struct key_queue *q = key_queue_new();
	struct walk_state w = {1, true};
	struct optime oldest;
	struct queued item;
	uint32_t in = 0, out = 0;
	bool same = true;

	OK(key_queue_pop(q, &item, NULL) == 0, "an empty queue gives nothing");
	OK(!key_queue_oldest(q, &oldest), "and has no oldest");
	while (in < MANY)
		push(q, in++);
	OK(key_queue_count(q) == MANY, "all are counted");
	OK(key_queue_oldest(q, &oldest) && oldest.secs == 1000, "the oldest");
	same = key_queue_pop(q, &item, NULL) == 1 && is(&item, out++);
	OK(key_queue_each(q, each, &w, NULL) && w.same && w.at == MANY,
	    "a walk sees all that are left, also those in the file");
	srand(5);
	for (int round = 0; round < 400; round++) {
		uint32_t n = (uint32_t)rand() % 3000;

		while (n-- > 0 && in < 2 * MANY)
			push(q, in++);
		for (n = (uint32_t)rand() % 3000; n > 0 && out < in; n--)
			same = same && key_queue_pop(q, &item, NULL) == 1 &&
			    is(&item, out++);
		same = same &&
		    (out == in ||
			(key_queue_oldest(q, &oldest) &&
			    oldest.secs <= 1000 + out &&
			    oldest.secs == 1000 + out));
	}
	while (out < in)
		same = same && key_queue_pop(q, &item, NULL) == 1 &&
		    is(&item, out++);
	OK(same, "everything comes out in order, as it went in");
	OK(key_queue_pop(q, &item, NULL) == 0 &&
		!key_queue_oldest(q, &oldest) && key_queue_count(q) == 0,
	    "and it is empty again");
	push(q, 3);
	OK(key_queue_peek(q, &item, NULL) == 1 && is(&item, 3) &&
		key_queue_pop(q, &item, NULL) == 1 && is(&item, 3),
	    "a look takes nothing");
	key_queue_free(q);
	return tap_done();
}
