/* Digests, ranges of them, the choice of a sample, and versions of documents.
 * That mm-stream(5) and the leaf agree is tested in Python
 * (tests/bats/digest.bats). */
#include <string.h>

#include "change.h"
#include "engine/digest_range.h"
#include "engine/sample_pick.h"
#include "engine/verify_known.h"
#include "tap.h"

enum { DOCS = 1000 };

static void
leaf_of(struct digester *d, int n, int64_t place, struct digest *leaf)
{
	bson_t *doc = BCON_NEW("_id", BCON_INT32(n));

	digester_leaf(d, bson_get_data(doc), doc->len, place, leaf);
	bson_destroy(doc);
}

static void
test_sums(void)
{
	static const uint8_t key[DIGEST_KEY] = {1}, other[DIGEST_KEY] = {2};
	struct digester *d = digester_new();
	struct digest up = {0}, down = {0}, leaf, again, carry;
	uint8_t bytes[DIGEST_LEAF];

	digester_begin(d, key, "a.b");
	for (int i = 0; i < DOCS; i++) {
		leaf_of(d, i, -1, &leaf);
		digest_add(&up, &leaf);
		leaf_of(d, DOCS - 1 - i, -1, &leaf);
		digest_add(&down, &leaf);
	}
	OK(digest_same(&up, &down) && up.docs == DOCS,
	    "the order of adding does not count");
	digest_store(&up, bytes);
	again = (struct digest){.docs = up.docs, .bytes = up.bytes};
	digest_load(&again, bytes);
	OK(digest_same(&up, &again), "stored and loaded");
	leaf_of(d, 0, -1, &leaf);
	digest_add(&again, &leaf);
	OK(!digest_same(&up, &again), "one more");
	leaf_of(d, 7, 7, &leaf);
	leaf_of(d, 7, 8, &again);
	OK(!digest_same(&leaf, &again), "the place counts");
	leaf_of(d, 7, -1, &leaf);
	digester_begin(d, key, "a.c");
	leaf_of(d, 7, -1, &again);
	OK(!digest_same(&leaf, &again), "the collection counts");
	digester_begin(d, other, "a.b");
	leaf_of(d, 7, -1, &again);
	OK(!digest_same(&leaf, &again), "the key counts");
	digester_begin(d, key, "a.b");
	leaf_of(d, 7, -1, &again);
	OK(digest_same(&leaf, &again), "begun again");
	carry = (struct digest){.lo = UINT64_MAX, .hi = 4};
	digest_add(&carry, &(struct digest){.lo = 2, .hi = 1});
	OK(carry.lo == 1 && carry.hi == 6, "128 bits with their carry");
	digester_free(d);
}

/* ------------------------------------------------------------------ ranges */

static void
full_range(struct digest_range *r)
{
	static const uint8_t leaves[2 * DIGEST_LEAF] = {1, 2, 3};
	static const uint8_t one[4] = {1}, nine[4] = {9};
	/* {"": 1, "": 9} */
	static const uint8_t keys[] = {
	    17, 0, 0, 0, 16, 0, 1, 0, 0, 0, 16, 0, 9, 0, 0, 0, 0};

	*r = (struct digest_range){
	    .has_from = true,
	    .has_to = true,
	    .from = {BSON_TYPE_INT32, one, 4},
	    .to = {BSON_TYPE_INT32, nine, 4},
	    .sum = {.lo = 3, .hi = 4, .docs = 2, .bytes = 55},
	    .keys = keys,
	    .keys_len = sizeof keys,
	    .leaves = leaves,
	    .leaves_len = sizeof leaves,
	};
}

static bool
reads(const bson_t *doc, struct digest_range *r)
{
	bson_error_t error;

	return digest_range_read(bson_get_data(doc), doc->len, r, &error);
}

static void
test_ranges(void)
{
	struct digest_range in, out, bare = {.sum.docs = 5};
	bson_t doc;

	full_range(&in);
	digest_range_write(&in, &doc);
	OK(reads(&doc, &out) && digest_same(&in.sum, &out.sum) &&
		value_same(&in.from, &out.from) &&
		value_same(&in.to, &out.to) && out.keys_len == in.keys_len &&
		out.leaves_len == in.leaves_len,
	    "a range in detail, there and back");
	bson_destroy(&doc);
	digest_range_write(&bare, &doc);
	OK(reads(&doc, &out) && !out.has_from && !out.has_to && !out.keys,
	    "an open one");
	bson_destroy(&doc);
	in.sum.docs = 3;
	digest_range_write(&in, &doc);
	OK(!reads(&doc, &out), "fewer keys than documents");
	bson_destroy(&doc);
	full_range(&in);
	in.leaves_len = DIGEST_LEAF;
	digest_range_write(&in, &doc);
	OK(!reads(&doc, &out), "fewer leaves than keys");
	bson_destroy(&doc);
	out = in;
	out.from = in.to;
	OK(digest_range_joins(&in, &out) && !digest_range_joins(&in, &in),
	    "joining");
	bare = in;
	bare.sum.docs = 0;
	bare.keys = (const uint8_t *)"\5\0\0\0";
	bare.keys_len = 5;
	bare.leaves = NULL;
	bare.leaves_len = 0;
	digest_range_write(&bare, &doc);
	OK(reads(&doc, &out) && out.keys && out.leaves_len == 0,
	    "in detail, without a document");
	bson_destroy(&doc);
}

/* Whatever the bytes are: read, or refused, and nothing outside is touched. */
static void
test_hostile(void)
{
	struct digest_range in, out;
	int taken = 0;
	bson_t doc;

	full_range(&in);
	digest_range_write(&in, &doc);
	for (int i = 0; i < 100000; i++) {
		uint8_t *bad = bson_malloc(doc.len);
		bson_error_t error;

		memcpy(bad, bson_get_data(&doc), doc.len);
		for (int k = 0; k <= i % 3; k++)
			bad[change_random(doc.len)] =
			    (uint8_t)change_random(256);
		taken += digest_range_read(bad, doc.len, &out, &error);
		bson_free(bad);
	}
	OK(taken > 0 && taken < 100000, "damaged: %d of 100000 are ranges",
	    taken);
	bson_destroy(&doc);
}

/* ------------------------------------------------------------------ sample */

static void
offer(struct picks *p, int from, int to, int step, bool as_double)
{
	for (int i = from; i != to; i += step) {
		bson_t doc = BSON_INITIALIZER;
		struct elem e;

		if (as_double)
			BSON_APPEND_DOUBLE(&doc, "_id", i);
		else
			BSON_APPEND_INT32(&doc, "_id", i);
		if (walk_find(bson_get_data(&doc), doc.len, "_id", &e))
			picks_offer(p, 0, "a.b", &e.value);
		bson_destroy(&doc);
	}
}

static bool
same_picks(const struct picks *a, const struct picks *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (a->heap[i].hash != b->heap[i].hash)
			return false;
	return true;
}

static void
test_sample(void)
{
	struct picks one, two, halves[2], all;
	size_t low = 0;

	picks_init(&one, 5, 200);
	picks_init(&two, 5, 200);
	picks_init(&all, 5, 200);
	picks_init(&halves[0], 5, 200);
	picks_init(&halves[1], 5, 200);
	offer(&one, 0, 10000, 1, false);
	picks_join(&all, &one, 1);
	offer(&halves[0], 6999, -1, -1, false);
	offer(&halves[1], 3000, 10000, 1, true);
	picks_join(&two, halves, 2);
	OK(all.n == 200 && same_picks(&all, &two),
	    "no order, and no key twice: 1 and 1.0 are one");
	for (size_t i = 0; i < all.n; i++) {
		int32_t n;

		memcpy(&n, all.heap[i].data, 4);
		low += n < 5000;
	}
	OK(low > 60 && low < 140, "%zu of 200 are of the lower half", low);
	picks_release(&two);
	picks_init(&two, 6, 200);
	offer(&two, 0, 10000, 1, false);
	picks_release(&one);
	picks_init(&one, 6, 200);
	picks_join(&one, &two, 1);
	OK(!same_picks(&all, &one), "another seed, another choice");
	picks_release(&one);
	picks_release(&two);
	picks_release(&all);
	picks_release(&halves[0]);
	picks_release(&halves[1]);
}

/* ---------------------------------------------------------------- versions */

static const struct {
	const char *target;  /* n of the document there; NULL: none */
	const char *history; /* n after each entry, at 1:1, 2:1 ..; - deleted */
	bool found;
	uint32_t version, next; /* seconds; 0: null */
} versions[] = {
    {"1", "123", true, 1, 2},
    {"2", "123", true, 2, 3},
    {"3", "123", true, 3, 0},
    {"7", "123", false, 0, 0},
    {"0", "123", true, 0, 1}, /* before the first one */
    {"1", "12131", true, 5, 0},
    {"1", "1213", true, 3, 4},
    {"2", "12-", true, 2, 3},
    {NULL, "1-2", true, 2, 3},
    {NULL, "12", false, 0, 0},
    {"1", "", false, 0, 0},
};

static bson_t *
version(char n)
{
	return n == '-' ? NULL
			: BCON_NEW("_id", BCON_INT32(1), "n", BCON_INT32(n));
}

static void
test_versions(void)
{
	static const uint8_t one[4] = {1};
	const struct value id = {BSON_TYPE_INT32, one, 4};

	for (size_t i = 0; i < sizeof versions / sizeof *versions; i++) {
		struct wanted_set s = {0};
		const char *h = versions[i].history;
		bson_t *there =
		    versions[i].target ? version(*versions[i].target) : NULL;
		bson_t *old = version('0');
		struct wanted *w;

		wanted_add(&s, "a.b", &id, there);
		w = wanted_find(&s, "a.b", &id);
		for (uint32_t at = 1; *h; h++, at++) {
			bson_t *now = version(*h);

			wanted_change(w,
			    &(struct change_seen){
				{at, 1, 1}, true, true, old, now});
			if (old)
				bson_destroy(old);
			old = now;
		}
		OK(w->found == versions[i].found &&
			w->version.secs == versions[i].version &&
			w->next.secs == versions[i].next &&
			!wanted_find(&s, "a.c", &id),
		    "%s after %s: %d %u %u",
		    versions[i].target ? versions[i].target : "nothing",
		    versions[i].history, w->found, w->version.secs,
		    w->next.secs);
		if (old)
			bson_destroy(old);
		if (there)
			bson_destroy(there);
		wanted_release(&s);
	}
}

int
main(void)
{
	change_seed(11);
	test_sums();
	test_ranges();
	test_hostile();
	test_sample();
	test_versions();
	return tap_done();
}
