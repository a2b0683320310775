/* Which keys differ is remembered by a hash of the key, so that each is told
 * once and taken back when it is equal; the keys themselves wait in a queue
 * that may spill. Beyond MOST differences at a time nothing more is remembered:
 * those may be told again when they are written meanwhile. */
#include <string.h>

#include "base/status.h"
#include "base/tags.h"
#include "engine/verify_work.h"

enum { MOST = 1 << 20 };

struct known {
	pthread_mutex_t lock;
	struct tags state;
	int64_t differs; /* differs or told */
};

struct known *
known_new(void)
{
	struct known *k = bson_malloc0(sizeof *k);

	pthread_mutex_init(&k->lock, NULL);
	tags_init(&k->state, MOST);
	return k;
}

void
known_free(struct known *k)
{
	if (!k)
		return;
	tags_release(&k->state);
	pthread_mutex_destroy(&k->lock);
	bson_free(k);
}

static uint64_t
tag_of(const uint64_t hash[2])
{
	return hash[0] ^ (hash[1] << 1);
}

enum known_state
known_get(struct known *k, const uint64_t hash[2])
{
	enum known_state found;

	pthread_mutex_lock(&k->lock);
	found = (enum known_state)tags_get(&k->state, tag_of(hash));
	pthread_mutex_unlock(&k->lock);
	return found;
}

static bool
is_difference(enum known_state state)
{
	return state == KNOWN_DIFFERS || state == KNOWN_TOLD;
}

void
known_set(struct known *k, const uint64_t hash[2], enum known_state state)
{
	uint64_t tag = tag_of(hash);
	enum known_state was;

	pthread_mutex_lock(&k->lock);
	was = (enum known_state)tags_get(&k->state, tag);
	if (tags_set(&k->state, tag, state))
		k->differs += is_difference(state) - is_difference(was);
	pthread_mutex_unlock(&k->lock);
}

int64_t
known_differences(struct known *k)
{
	int64_t n;

	pthread_mutex_lock(&k->lock);
	n = k->differs;
	pthread_mutex_unlock(&k->lock);
	return n;
}

/* --------------------------------------------------------------- verdicts */

bool
verify_tell(
    struct verify *v, const struct verdict *verdict, bson_error_t *error)
{
	bool ok;

	pthread_mutex_lock(&v->told_lock);
	ok = v->o->sink.verdict(v->o->sink.arg, verdict, error);
	pthread_mutex_unlock(&v->told_lock);
	return ok;
}

bool
verify_equal(struct verify *v, const struct bracket *b,
    const struct key_batch *batch, const struct key *key, bson_error_t *error)
{
	enum known_state was = known_get(v->known, key->hash);
	struct verdict verdict = {.class = DIFF_CONTENT,
	    .id = key_id(batch, key),
	    .m0 = b->from,
	    .p2 = b->to,
	    .event = key->event,
	    .rounds = (int)key->rounds + 1,
	    .resolved = true};
	struct ns_info ns;

	if (was == KNOWN_NOT)
		return true;
	known_set(v->known, key->hash, KNOWN_NOT);
	if (was != KNOWN_TOLD)
		return true;
	if (!verify_ns(v, key->ns, &ns, error))
		return false;
	verdict.pair = ns.pair;
	return verify_tell(v, &verdict, error);
}

static bool
keep(struct key_queue *q, const struct key_batch *batch, const struct key *key,
    bson_error_t *error)
{
	struct queued item = {.ns = key->ns,
	    .flags = KEY_KNOWN,
	    .since = key->since,
	    .id = key_id(batch, key)};

	return key_queue_push(q, &item, error);
}

bool
verify_differs(struct verify *v, const struct key_batch *batch,
    const struct key *key, bson_error_t *error)
{
	bool known, ok = true;

	pthread_mutex_lock(&v->told_lock);
	known = is_difference(known_get(v->known, key->hash));
	if (!known)
		known_set(v->known, key->hash, KNOWN_DIFFERS);
	/* It is in the queue of differences once; what was taken out of there
	 * to be looked at goes back. */
	if (!known || (key->flags & KEY_KNOWN))
		ok = keep(v->differing, batch, key, error);
	pthread_mutex_unlock(&v->told_lock);
	return ok;
}

bool
verify_restless(struct verify *v, const struct key_batch *batch,
    const struct key *key, bson_error_t *error)
{
	bool ok = true;

	pthread_mutex_lock(&v->told_lock);
	if (known_get(v->known, key->hash) == KNOWN_NOT) {
		known_set(v->known, key->hash, KNOWN_RESTLESS);
		ok = keep(v->restless, batch, key, error);
	} else if (key->flags & KEY_KNOWN) {
		ok = keep(v->differing, batch, key, error);
	}
	pthread_mutex_unlock(&v->told_lock);
	return ok;
}

/* Pushes while the row is walked would never end. */
bool
verify_look_again(struct verify *v, struct optime since, bson_error_t *error)
{
	struct key_queue *row;
	struct queued item;
	int got;

	pthread_mutex_lock(&v->told_lock);
	row = v->differing;
	v->differing = key_queue_new();
	pthread_mutex_unlock(&v->told_lock);
	while ((got = key_queue_pop(row, &item, error)) == 1)
		if (!keys_add(
			v->keys, item.ns, &item.id, since, item.flags, error)) {
			got = -1;
			break;
		}
	key_queue_free(row);
	return got == 0;
}

/* Of each row those that are still in that state. */
static bool
tell_row(struct verify *v, struct key_queue *row, enum known_state state,
    bson_error_t *error)
{
	struct queued item;
	int got;

	while ((got = key_queue_pop(row, &item, error)) == 1) {
		struct verdict verdict = {.class = DIFF_UNSTABLE,
		    .id = item.id,
		    .rounds = v->o->rounds};
		uint64_t hash[2];
		struct ns_info ns;

		keys_hash(v->keys, item.ns, &item.id, hash);
		if (known_get(v->known, hash) != state)
			continue;
		if (!verify_ns(v, item.ns, &ns, error)) {
			got = -1;
			break;
		}
		verdict.pair = ns.pair;
		atomic_fetch_add(&v->undecided, 1);
		if (!verify_tell(v, &verdict, error)) {
			got = -1;
			break;
		}
	}
	return got == 0;
}

bool
verify_tell_restless(struct verify *v, bson_error_t *error)
{
	return tell_row(v, v->restless, KNOWN_RESTLESS, error) &&
	    (v->o->end != VERIFY_ONCE ||
		tell_row(v, v->differing, KNOWN_DIFFERS, error));
}
