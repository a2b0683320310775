/* Events that a waiting key already had are known only as long as it has a
 * slot. Where more keys wait than there are slots, the newest event of the
 * whole selection stands for the one that is not known: it is never older, so
 * a key is decided later than it could be, but never too early. */
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/hash.h"
#include "engine/verify_keys_work.h"
#include "model/docid.h"

enum {
	SLOTS = 1 << 17,
	MOST_WAITING = 48 << 10 /* with a slot */
};

struct keys *
keys_new(void)
{
	struct keys *k = bson_malloc0(sizeof *k);
	pthread_condattr_t attr;

	if (getrandom(k->seed, sizeof k->seed, 0) != sizeof k->seed)
		k->seed[0] = (uint64_t)bson_get_monotonic_time();
	pthread_mutex_init(&k->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&k->some, &attr);
	pthread_condattr_destroy(&attr);
	k->slots = slots_new(SLOTS);
	k->queue = key_queue_new();
	return k;
}

void
keys_free(struct keys *k)
{
	if (!k)
		return;
	for (uint32_t i = 0; i < k->n_ns; i++)
		bson_free(k->ns[i]);
	bson_free(k->ns);
	key_queue_free(k->queue);
	slots_free(k->slots);
	pthread_cond_destroy(&k->some);
	pthread_mutex_destroy(&k->lock);
	bson_free(k);
}

void
key_batch_init(struct key_batch *b)
{
	memset(b, 0, sizeof *b);
	b->item = bson_malloc0(KEY_BATCH * sizeof *b->item);
}

void
key_batch_release(struct key_batch *b)
{
	bson_free(b->item);
	buf_release(&b->ids);
}

struct value
key_id(const struct key_batch *b, const struct key *key)
{
	return (struct value){key->type, b->ids.data + key->at, key->len};
}

/* ------------------------------------------------------------- namespaces */

/* With the lock held. The log names the same one many times in a row. */
static uint32_t
ns_number(struct keys *k, const char *ns)
{
	for (uint32_t i = 0; i < k->n_ns; i++)
		if (strcmp(k->ns[i]->name, ns) == 0)
			return i;
	k->ns = bson_realloc(k->ns, (k->n_ns + 1) * sizeof *k->ns);
	k->ns[k->n_ns] = bson_malloc0(sizeof **k->ns);
	bson_strncpy(k->ns[k->n_ns]->name, ns, sizeof k->ns[0]->name);
	return k->n_ns++;
}

uint32_t
keys_ns(struct keys *k, const char *ns)
{
	uint32_t number;

	pthread_mutex_lock(&k->lock);
	number = ns_number(k, ns);
	pthread_mutex_unlock(&k->lock);
	return number;
}

const char *
keys_ns_name(struct keys *k, uint32_t ns)
{
	const char *name;

	pthread_mutex_lock(&k->lock);
	name = k->ns[ns]->name;
	pthread_mutex_unlock(&k->lock);
	return name;
}

struct optime
keys_ns_event(struct keys *k, uint32_t ns)
{
	uint64_t at;

	pthread_mutex_lock(&k->lock);
	at = k->ns[ns]->event;
	pthread_mutex_unlock(&k->lock);
	return unpack(at);
}

/* ----------------------------------------------------------------- coming */

void
keys_hash(
    const struct keys *k, uint32_t ns, const struct value *id, uint64_t hash[2])
{
	struct buf b = BUF_INIT;

	buf_add(&b, &ns, sizeof ns);
	docid_canonical(id, &b);
	hash[0] = hash_xxh64(b.data, b.len, k->seed[0]);
	hash[1] = hash_xxh64(b.data, b.len, k->seed[1]);
	buf_release(&b);
}

bool
keys_wait_anew(struct keys *k, const uint64_t hash[2], struct queued *item,
    uint64_t event, bson_error_t *error)
{
	struct slot *s;

	if (k->waiting < MOST_WAITING) {
		s = slots_add(k->slots, hash);
		s->event = event;
		s->since = pack(item->since);
		s->flags = item->flags;
		s->inexact = k->unknown > 0;
		k->waiting++;
	} else {
		item->flags |= KEY_UNKNOWN;
		k->unknown++;
	}
	pthread_cond_signal(&k->some);
	return key_queue_push(k->queue, item, error);
}

static void
note_event(struct slot *s, uint64_t at)
{
	s->event = at;
	if (s->state == SLOT_TAKEN && s->armed && at > s->applied && !s->first)
		s->first = at;
}

bool
keys_event(struct keys *k, const char *ns, const struct value *id,
    struct optime at, bson_error_t *error)
{
	struct queued item = {.since = at};
	uint64_t hash[2];
	struct slot *s;
	bool ok = true;

	pthread_mutex_lock(&k->lock);
	item.ns = ns_number(k, ns);
	k->ns[item.ns]->event = k->last = pack(at);
	if (id) {
		item.id = *id;
		keys_hash(k, item.ns, id, hash);
		s = slots_find(k->slots, hash);
		if (s)
			note_event(s, pack(at));
		else
			ok = keys_wait_anew(k, hash, &item, pack(at), error);
	}
	pthread_mutex_unlock(&k->lock);
	return ok;
}

/* With the lock held. */
static void
note_catalog(struct keys *k, struct ns_state *ns, uint64_t at)
{
	ns->event = ns->catalog = k->last = at;
}

void
keys_catalog(struct keys *k, const char *ns, struct optime at)
{
	uint32_t number;

	pthread_mutex_lock(&k->lock);
	number = ns_number(k, ns); /* which may move them all */
	note_catalog(k, k->ns[number], pack(at));
	pthread_mutex_unlock(&k->lock);
}

void
keys_catalog_database(struct keys *k, const char *db, struct optime at)
{
	size_t len = strlen(db);

	pthread_mutex_lock(&k->lock);
	for (uint32_t i = 0; i < k->n_ns; i++)
		if (strncmp(k->ns[i]->name, db, len) == 0 &&
		    k->ns[i]->name[len] == '.')
			note_catalog(k, k->ns[i], pack(at));
	pthread_mutex_unlock(&k->lock);
}

bool
keys_add(struct keys *k, uint32_t ns, const struct value *id,
    struct optime since, uint32_t flags, bson_error_t *error)
{
	struct queued item = {
	    .ns = ns, .since = since, .id = *id, .flags = flags};
	uint64_t hash[2];
	struct slot *s;
	bool ok = true;

	keys_hash(k, ns, id, hash);
	pthread_mutex_lock(&k->lock);
	s = slots_find(k->slots, hash);
	if (!s) {
		ok = keys_wait_anew(k, hash, &item, 0, error);
	} else {
		s->flags |= flags;
		/* One more entry, which keeps what is verified before it. */
		if (pack(since) < s->since)
			ok = key_queue_push(k->queue, &item, error);
	}
	pthread_mutex_unlock(&k->lock);
	return ok;
}

/* ----------------------------------------------------- from run to run */

struct walk_keys {
	struct keys *k;
	bool (*each)(void *arg, const char *ns, const struct queued *item,
	    struct optime event, bson_error_t *error);
	void *arg;
};

static bool
give_queued(void *arg, const struct queued *item, bson_error_t *error)
{
	struct walk_keys *w = arg;
	uint64_t hash[2], event = w->k->last;
	const struct slot *s;

	keys_hash(w->k, item->ns, &item->id, hash);
	s = slots_find(w->k->slots, hash);
	if (s && !s->inexact)
		event = s->event;
	return w->each(
	    w->arg, w->k->ns[item->ns]->name, item, unpack(event), error);
}

static bool
give_batch(struct walk_keys *w, const struct key_batch *b, bson_error_t *error)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct key *key = &b->item[i];
		struct queued item = {.ns = key->ns,
		    .rounds = key->rounds,
		    .flags = key->flags,
		    .since = key->since,
		    .id = key_id(b, key)};

		if (!give_queued(w, &item, error))
			return false;
	}
	return true;
}

bool
keys_each(struct keys *k,
    bool (*each)(void *arg, const char *ns, const struct queued *item,
	struct optime event, bson_error_t *error),
    void *arg, bson_error_t *error)
{
	struct walk_keys w = {k, each, arg};
	bool ok;

	pthread_mutex_lock(&k->lock);
	ok = key_queue_each(k->queue, give_queued, &w, error);
	for (size_t i = 0; ok && i < MOST_BATCHES; i++)
		if (k->out[i])
			ok = give_batch(&w, k->out[i], error);
	pthread_mutex_unlock(&k->lock);
	return ok;
}

bool
keys_load(struct keys *k, const struct queued *item, struct optime event,
    bson_error_t *error)
{
	struct queued mine = *item;
	uint64_t hash[2], at = pack(event);
	struct slot *s;
	bool ok;

	keys_hash(k, item->ns, &item->id, hash);
	pthread_mutex_lock(&k->lock);
	mine.flags &= KEY_SCAN | KEY_KNOWN;
	mine.rounds = 0;
	if (at > k->last)
		k->last = at;
	if (at > k->ns[item->ns]->event)
		k->ns[item->ns]->event = at;
	s = slots_find(k->slots, hash);
	if (!s) {
		ok = keys_wait_anew(k, hash, &mine, at, error);
	} else {
		if (at > s->event)
			s->event = at;
		ok = pack(mine.since) >= s->since ||
		    key_queue_push(k->queue, &mine, error);
	}
	pthread_mutex_unlock(&k->lock);
	return ok;
}

/* ------------------------------------------------------------------ asking */

int64_t
keys_count(struct keys *k)
{
	int64_t n;

	pthread_mutex_lock(&k->lock);
	n = key_queue_count(k->queue);
	for (size_t i = 0; i < MOST_BATCHES; i++)
		if (k->out[i])
			n += (int64_t)k->out[i]->n;
	pthread_mutex_unlock(&k->lock);
	return n;
}

bool
keys_oldest(struct keys *k, struct optime *since)
{
	bool any;

	pthread_mutex_lock(&k->lock);
	any = key_queue_oldest(k->queue, since);
	for (size_t i = 0; i < MOST_BATCHES; i++)
		if (k->out[i] &&
		    (!any || optime_cmp(k->out[i]->oldest, *since) < 0)) {
			*since = k->out[i]->oldest;
			any = true;
		}
	pthread_mutex_unlock(&k->lock);
	return any;
}

void
keys_wake(struct keys *k)
{
	pthread_mutex_lock(&k->lock);
	pthread_cond_broadcast(&k->some);
	pthread_mutex_unlock(&k->lock);
}
