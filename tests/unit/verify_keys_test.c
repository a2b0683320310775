/* Keys between the log and the workers, against a model: what is decided was at
 * rest, what is not decided holds back what is verified, nothing is lost. */
#include <stdlib.h>
#include <string.h>

#include "engine/verify_keys.h"
#include "tap.h"

enum { MOST = 200000 };

struct model {
	uint32_t first; /* the oldest event that is not settled; 0: none */
	uint32_t last;  /* the newest event */
};

struct world {
	struct keys *k;
	struct model key[MOST];
	size_t n;
	uint32_t now;
	bool sound;
};

static struct optime
at(uint32_t n)
{
	return (struct optime){n, 1, 1};
}

static void
event(struct world *w, uint32_t i)
{
	uint32_t id = i;
	struct value v = {0x10, (const uint8_t *)&id, 4};
	struct model *m = &w->key[i];

	m->last = ++w->now;
	if (!m->first)
		m->first = m->last;
	keys_event(w->k, "a.b", &v, at(w->now), NULL);
}

static struct model *
model_of(struct world *w, const struct key_batch *b, const struct key *key)
{
	struct value v = key_id(b, key);
	uint32_t i;

	memcpy(&i, v.data, 4);
	return &w->key[i];
}

/* Half of what was at rest is found equal, the rest comes again. */
static void
judge(struct world *w, struct key_batch *b, uint32_t applied, uint32_t to)
{
	bool *again = bson_malloc0((b->n + 1) * sizeof *again);

	keys_judge(w->k, b, at(to));
	for (size_t i = 0; i < b->n; i++) {
		struct key *key = &b->item[i];
		struct model *m = model_of(w, b, key);
		bool rest = m->last <= applied || m->last > to;

		again[i] = key->behind || key->touched || rand() % 8 == 0;
		if (again[i])
			continue;
		/* At rest in (applied, to], as far as the model can tell. */
		w->sound = w->sound && rest;
		m->first = m->last > to ? m->last : 0;
	}
	w->sound = keys_give_back(w->k, b, again, true, NULL) && w->sound;
	bson_free(again);
}

static void
held_back(struct world *w)
{
	uint32_t oldest = UINT32_MAX;
	struct optime since = at(UINT32_MAX);

	for (size_t i = 0; i < w->n; i++)
		if (w->key[i].first && w->key[i].first < oldest)
			oldest = w->key[i].first;
	if (oldest != UINT32_MAX)
		w->sound = w->sound && keys_oldest(w->k, &since) &&
		    since.secs <= oldest;
}

static void
one_round(struct world *w, struct key_batch *b, int events)
{
	uint32_t applied, to;

	for (int i = rand() % (events + 1); i > 0; i--)
		event(w, (uint32_t)rand() % (uint32_t)w->n);
	if (keys_take(w->k, b, 0, NULL) != 1)
		return;
	for (int i = rand() % 5; i > 0; i--)
		event(w, model_of(w, b, &b->item[rand() % (int)b->n]) - w->key);
	applied = w->now - (uint32_t)(rand() % 3 ? 0 : rand() % 50);
	keys_arm(w->k, b, at(applied));
	for (int i = rand() % 5; i > 0; i--)
		event(w, model_of(w, b, &b->item[rand() % (int)b->n]) - w->key);
	to = w->now;
	for (int i = rand() % 3; i > 0; i--)
		event(w, model_of(w, b, &b->item[rand() % (int)b->n]) - w->key);
	held_back(w);
	judge(w, b, applied, to);
	held_back(w);
}

static void
drain(struct world *w, struct key_batch *b)
{
	for (int i = 0; i < 100000 && keys_count(w->k) > 0; i++) {
		if (keys_take(w->k, b, 0, NULL) != 1)
			break;
		keys_arm(w->k, b, at(w->now));
		judge(w, b, w->now, w->now);
	}
}

static bool
all_settled(const struct world *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->key[i].first)
			return false;
	return true;
}

static void
play(size_t n, int rounds, int events, const char *what)
{
	struct world *w = bson_malloc0(sizeof *w);
	struct optime since;
	struct key_batch b;

	w->k = keys_new();
	w->n = n;
	w->now = 1000;
	w->sound = true;
	key_batch_init(&b);
	for (int i = 0; i < rounds; i++)
		one_round(w, &b, events);
	OK(w->sound, "%s: what is decided was at rest, what is not holds back",
	    what);
	drain(w, &b);
	OK(w->sound && all_settled(w) && keys_count(w->k) == 0 &&
		!keys_oldest(w->k, &since),
	    "%s: nothing is lost", what);
	key_batch_release(&b);
	keys_free(w->k);
	bson_free(w);
}

static void
found_by_reading(void)
{
	struct keys *k = keys_new();
	uint32_t ns = keys_ns(k, "a.b"), id = 7;
	struct value v = {0x10, (const uint8_t *)&id, 4};
	uint8_t as_double[8] = {0, 0, 0, 0, 0, 0, 0x1c, 0x40};
	struct value same = {0x01, as_double, 8};
	struct optime since;
	struct key_batch b;

	key_batch_init(&b);
	keys_add(k, ns, &v, OPTIME_NULL, KEY_SCAN, NULL);
	keys_event(k, "a.b", &same, at(5), NULL);
	OK(keys_count(k) == 1, "7 and 7.0 are one key, which waits once");
	OK(keys_oldest(k, &since) && optime_is_null(since),
	    "found by reading: nothing is verified before it is decided");
	OK(keys_take(k, &b, 0, NULL) == 1 && b.n == 1 &&
		b.item[0].event.secs == 5,
	    "the event of a key that waited is known");
	keys_arm(k, &b, at(4));
	OK(b.item[0].behind, "not applied: behind");
	keys_give_back(k, &b, NULL, false, NULL);
	keys_take(k, &b, 0, NULL);
	keys_arm(k, &b, at(5));
	OK(!b.item[0].behind, "applied: not behind");
	keys_event(k, "a.b", &same, at(6), NULL);
	keys_event(k, "a.b", NULL, at(7), NULL);
	keys_judge(k, &b, at(5));
	OK(!b.item[0].touched, "an event after the bracket does not touch");
	keys_give_back(k, &b, (bool[]){false}, true, NULL);
	OK(keys_oldest(k, &since) && since.secs == 6,
	    "but the key comes again for it");
	OK(keys_ns_event(k, ns).secs == 7, "the newest of a namespace");
	key_batch_release(&b);
	keys_free(k);
}

/* A collection is renamed onto, or made anew: the log has no event of its keys,
 * and yet they were not there before. */
static void
by_catalog(void (*happens)(struct keys *k, const char *ns, struct optime at),
    const char *name, const char *what)
{
	struct keys *k = keys_new();
	uint32_t ns = keys_ns(k, "a.b"), id = 7;
	struct value v = {0x10, (const uint8_t *)&id, 4};
	struct key_batch b;
	bool right;

	key_batch_init(&b);
	keys_add(k, ns, &v, at(1), KEY_SCAN, NULL);
	keys_take(k, &b, 0, NULL);
	keys_arm(k, &b, at(4));
	right = !b.item[0].behind;
	happens(k, name, at(6));
	happens(k, strchr(name, '.') ? "a.bc" : "ab", at(7));
	keys_judge(k, &b, at(6));
	right = right && b.item[0].touched;
	keys_give_back(k, &b, NULL, true, NULL);
	keys_take(k, &b, 0, NULL);
	right = right && b.event.secs == 6;
	keys_arm(k, &b, at(5));
	right = right && b.item[0].behind;
	keys_give_back(k, &b, NULL, false, NULL);
	keys_take(k, &b, 0, NULL);
	happens(k, name, at(8)); /* after it was taken, before it is armed */
	keys_arm(k, &b, at(7));
	right = right && b.item[0].behind;
	keys_arm(k, &b, at(8));
	keys_judge(k, &b, at(9));
	OK(right && !b.item[0].behind && !b.item[0].touched,
	    "%s: its keys wait for it, and are not decided around it", what);
	keys_give_back(k, &b, (bool[]){false}, true, NULL);
	key_batch_release(&b);
	keys_free(k);
}

int
main(void)
{
	srand(11);
	found_by_reading();
	by_catalog(keys_catalog, "a.b", "a collection");
	by_catalog(keys_catalog_database, "a", "a database");
	play(50, 3000, 20, "few keys, hot");
	play(5000, 1500, 400, "many keys");
	play(MOST, 12, 120000, "more keys than have a place");
	return tap_done();
}
