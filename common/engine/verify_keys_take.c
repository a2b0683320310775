/* Batches: keys in the hands of a worker. */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "engine/verify_keys_work.h"

enum { HOT_ROUNDS = 2, HOT_BATCH = 256 };

/* With the lock held: what happened to its collection has happened to it. */
static void
take_over_catalog(const struct keys *k, uint32_t ns, struct slot *s)
{
	if (k->ns[ns]->catalog > s->event)
		s->event = k->ns[ns]->catalog;
}

/* With the lock held. False: it is in another batch. */
static bool
take_slot(struct keys *k, const struct queued *item, struct key *key)
{
	struct slot *s = slots_find(k->slots, key->hash);

	if (item->flags & KEY_UNKNOWN)
		k->unknown--;
	if (s && s->state == SLOT_TAKEN)
		return false;
	if (s) {
		k->waiting--;
	} else {
		s = slots_add(k->slots, key->hash);
		s->since = pack(item->since);
		s->inexact = true;
	}
	if (s->inexact && k->last > s->event)
		s->event = k->last;
	take_over_catalog(k, item->ns, s);
	if (pack(item->since) < s->since)
		s->since = pack(item->since);
	s->inexact = s->armed = false;
	s->state = SLOT_TAKEN;
	s->applied = s->first = 0;
	s->flags |= item->flags & ~(uint32_t)KEY_UNKNOWN;
	key->event = unpack(s->event);
	key->since = unpack(s->since);
	key->flags = s->flags;
	return true;
}

static void
add_to_batch(struct key_batch *b, struct key *key, const struct queued *item)
{
	key->at = b->ids.len;
	key->len = item->id.len;
	key->type = item->id.type;
	buf_add(&b->ids, item->id.data, item->id.len);
	if (b->n == 0 || optime_cmp(key->since, b->oldest) < 0)
		b->oldest = key->since;
	b->event = optime_max(b->event, key->event);
	b->item[b->n++] = *key;
}

static bool
fits(const struct key_batch *b, const struct queued *item)
{
	bool hot = item->rounds >= HOT_ROUNDS;

	if (b->n == 0)
		return true;
	if (hot != (b->item[0].rounds >= HOT_ROUNDS))
		return false;
	return b->n < (hot ? HOT_BATCH : KEY_BATCH) &&
	    b->ids.len < KEY_BATCH_BYTES;
}

/* With the lock held. */
static bool
fill(struct keys *k, struct key_batch *b, bson_error_t *error)
{
	int64_t left = key_queue_count(k->queue);
	struct queued item;
	int got = 0;

	while (left-- > 0 &&
	    (got = key_queue_peek(k->queue, &item, error)) == 1 &&
	    fits(b, &item)) {
		struct key key = {.ns = item.ns, .rounds = item.rounds};

		key_queue_pop(k->queue, &item, error);
		keys_hash(k, item.ns, &item.id, key.hash);
		if (take_slot(k, &item, &key)) {
			add_to_batch(b, &key, &item);
		} else {
			struct queued same = item;
			struct buf id = BUF_INIT;
			bool ok;

			/* The view does not live through a push. */
			buf_add(&id, item.id.data, item.id.len);
			same.id.data = id.data;
			same.flags &= ~(uint32_t)KEY_UNKNOWN;
			ok = key_queue_push(k->queue, &same, error);
			buf_release(&id);
			if (!ok)
				return false;
		}
	}
	return got >= 0;
}

static void
wait_for_some(struct keys *k, int ms)
{
	struct timespec until = clock_after(CLOCK_MONOTONIC, ms);
	int rc = 0;

	while (key_queue_count(k->queue) == 0 && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&k->some, &k->lock, &until);
}

int
keys_take(struct keys *k, struct key_batch *b, int ms, bson_error_t *error)
{
	bool ok;

	b->n = 0;
	buf_clear(&b->ids);
	b->event = b->oldest = OPTIME_NULL;
	pthread_mutex_lock(&k->lock);
	if (key_queue_count(k->queue) == 0)
		wait_for_some(k, ms);
	ok = fill(k, b, error);
	for (size_t i = 0; b->n > 0; i++)
		if (!k->out[i]) {
			k->out[i] = b;
			break;
		}
	pthread_mutex_unlock(&k->lock);
	return !ok ? -1 : b->n > 0;
}

static int
by_ns(const void *a, const void *b)
{
	const struct key *p = a, *q = b;

	return p->ns < q->ns ? -1 : p->ns > q->ns;
}

void
keys_arm(struct keys *k, struct key_batch *b, struct optime applied)
{
	pthread_mutex_lock(&k->lock);
	/* Here, because others may look at the batch. */
	qsort(b->item, b->n, sizeof *b->item, by_ns);
	for (size_t i = 0; i < b->n; i++) {
		struct key *key = &b->item[i];
		struct slot *s = slots_find(k->slots, key->hash);

		s->armed = true;
		s->applied = pack(applied);
		s->first = 0;
		take_over_catalog(k, key->ns, s);
		key->event = unpack(s->event);
		key->behind = s->event > s->applied;
		key->touched = false;
	}
	pthread_mutex_unlock(&k->lock);
}

void
keys_judge(struct keys *k, struct key_batch *b, struct optime to)
{
	pthread_mutex_lock(&k->lock);
	for (size_t i = 0; i < b->n; i++) {
		struct key *key = &b->item[i];
		struct slot *s = slots_find(k->slots, key->hash);

		key->touched = (s->first && s->first <= pack(to)) ||
		    k->ns[key->ns]->catalog > s->applied;
		key->event = unpack(s->event);
	}
	pthread_mutex_unlock(&k->lock);
}

/* With the lock held. */
static bool
give_one(struct keys *k, const struct key_batch *b, const struct key *key,
    bool again, bool counted, bson_error_t *error)
{
	struct slot *s = slots_find(k->slots, key->hash);
	struct slot had = *s;
	struct queued item = {.ns = key->ns,
	    .rounds = key->rounds + counted,
	    .flags = had.flags,
	    .since = unpack(had.since),
	    .id = key_id(b, key)};

	slots_remove(k->slots, s);
	if (!again && !had.first)
		return true;
	if (!again) { /* decided, and written since */
		item.rounds = item.flags = 0;
		item.since = unpack(had.first);
	}
	return keys_wait_anew(k, key->hash, &item, had.event, error);
}

bool
keys_give_back(struct keys *k, struct key_batch *b, const bool *again,
    bool counted, bson_error_t *error)
{
	bool ok = true;

	pthread_mutex_lock(&k->lock);
	for (size_t i = 0; ok && i < b->n; i++)
		ok = give_one(
		    k, b, &b->item[i], !again || again[i], counted, error);
	for (size_t i = 0; i < MOST_BATCHES; i++)
		if (k->out[i] == b)
			k->out[i] = NULL;
	b->n = 0;
	pthread_mutex_unlock(&k->lock);
	return ok;
}
