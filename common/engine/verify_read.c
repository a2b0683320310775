/* Documents are asked for by _id, up to 1,000 or 1 MiB of _ids at a time, and
 * known again by their canonical _id. Under a collation the server may answer
 * with another spelling of an _id: what found no answer that way is asked for
 * alone. */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/array.h"
#include "base/hash.h"
#include "base/sig.h"
#include "engine/verify_work.h"
#include "model/docid.h"

enum { ASK_KEYS = 1000, ASK_BYTES = 1 << 20, SLOTS = 4096, MAX_LOST = 5 };

struct ask {
	const struct reading *r;
	enum compare_which which;
	size_t item[ASK_KEYS]; /* place in the batch */
	bool met[ASK_KEYS];
	size_t n, bytes;
	uint16_t slot[SLOTS]; /* index + 1 */
};

static uint64_t seed[2];
static pthread_once_t seeded = PTHREAD_ONCE_INIT;

static void
make_seed(void)
{
	if (getrandom(seed, sizeof seed, 0) != sizeof seed)
		seed[0] = (uint64_t)bson_get_monotonic_time();
}

void
leaf_of(const bson_t *doc, struct leaf *leaf)
{
	pthread_once(&seeded, make_seed);
	leaf->len = doc->len;
	leaf->hash[0] = hash_xxh64(bson_get_data(doc), doc->len, seed[0]);
	leaf->hash[1] = hash_xxh64(bson_get_data(doc), doc->len, seed[1]);
}

bool
leaf_same(const struct leaf *a, const struct leaf *b)
{
	return a->len == b->len &&
	    (a->len == 0 || memcmp(a->hash, b->hash, sizeof a->hash) == 0);
}

static const struct key *
key_of(const struct ask *a, size_t i)
{
	return &a->r->batch->item[a->item[i]];
}

static void
index_ask(struct ask *a)
{
	memset(a->slot, 0, sizeof a->slot);
	memset(a->met, 0, sizeof a->met);
	for (size_t i = 0; i < a->n; i++) {
		struct value id = key_id(a->r->batch, key_of(a, i));
		size_t h = docid_hash(&id) % SLOTS;

		while (a->slot[h])
			h = (h + 1) % SLOTS;
		a->slot[h] = (uint16_t)(i + 1);
	}
}

static bool
meet(struct ask *a, size_t i, const bson_t *doc, bson_error_t *error)
{
	a->met[i] = true;
	if (a->r->leaf)
		leaf_of(doc, &a->r->leaf[a->item[i]]);
	return !a->r->doc || a->r->doc(a->r->arg, a->item[i], doc, error);
}

static bool
take(struct ask *a, const bson_t *doc, bson_error_t *error)
{
	struct value id;

	if (!docid_of(doc, &id, error))
		return false;
	if ((id.type == BSON_TYPE_DOCUMENT || id.type == BSON_TYPE_ARRAY) &&
	    !value_sound(id.data, id.len))
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "\"%s\": an _id is no sound BSON", a->r->ns->ns);
	for (size_t h = docid_hash(&id) % SLOTS; a->slot[h];
	     h = (h + 1) % SLOTS) {
		size_t i = (size_t)a->slot[h] - 1;
		struct value mine = key_id(a->r->batch, key_of(a, i));

		if (docid_same(&mine, &id))
			return a->met[i] || meet(a, i, doc, error);
	}
	return true;
}

static void
filter_of(const struct ask *a, size_t first, size_t n, bson_t *filter)
{
	bson_t in, list;
	char room[ARRAY_KEY];
	uint32_t k = 0;

	bson_init(filter);
	BSON_APPEND_DOCUMENT_BEGIN(filter, "_id", &in);
	BSON_APPEND_ARRAY_BEGIN(&in, "$in", &list);
	for (size_t i = 0; i < n; i++) {
		struct value id = key_id(a->r->batch, key_of(a, first + i));

		compare_append_value(&list, array_key(&k, room), &id);
	}
	bson_append_array_end(&in, &list);
	bson_append_document_end(filter, &in);
}

static struct cursor *
open_find(const struct ask *a, size_t first, size_t n)
{
	const struct reading *r = a->r;
	bool target = a->which == COMPARE_TARGET;
	char db[NS_MAX + 1] = "";
	bson_t filter, more = BSON_INITIALIZER;
	struct cursor_opts opts = {
	    .db = db, .filter = &filter, .more = &more, .first_docs = 1000};
	struct cursor *cur;

	ns_split(target ? r->ns->target_ns : r->ns->ns, db, &opts.coll);
	filter_of(a, first, n, &filter);
	if (target)
		applied_after(&r->b->applied, &more);
	cur = cursor_new(target ? r->b->target : r->b->source, &opts);
	bson_destroy(&more);
	bson_destroy(&filter);
	return cur;
}

/* One spelling, whatever the answer's: it is the collation's doing. */
static bool
find_alone(struct ask *a, size_t i, bson_error_t *error)
{
	struct cursor *cur = open_find(a, i, 1);
	const bson_t *doc;
	enum cursor_got got = cursor_next(cur, &doc, error);
	bool ok =
	    got == CURSOR_END || (got == CURSOR_DOC && meet(a, i, doc, error));

	cursor_free(cur);
	return ok;
}

static enum cursor_got
find_once(struct ask *a, bson_error_t *error)
{
	struct cursor *cur = open_find(a, 0, a->n);
	enum cursor_got got;
	const bson_t *doc;

	while ((got = cursor_next(cur, &doc, error)) == CURSOR_DOC)
		if (!take(a, doc, error)) {
			got = CURSOR_ERROR;
			break;
		}
	cursor_free(cur);
	return got;
}

static bool
find_all(struct ask *a, bson_error_t *error)
{
	enum cursor_got got;

	if (a->n == 0)
		return true;
	index_ask(a);
	for (int lost = 0; (got = find_once(a, error)) != CURSOR_END; lost++) {
		if (got == CURSOR_ERROR || lost == MAX_LOST)
			return error_prefix(error, "\"%s\"", a->r->ns->ns);
		if (!sig_sleep(100 << lost))
			return error_set(error, MM_EXIT_STOPPED, 0, "stopped");
	}
	for (size_t i = 0; a->r->ns->collated && i < a->n; i++)
		if (!a->met[i] && !find_alone(a, i, error))
			return error_prefix(error, "\"%s\"", a->r->ns->ns);
	a->n = a->bytes = 0;
	return true;
}

bool
verify_read(
    const struct reading *r, enum compare_which which, bson_error_t *error)
{
	struct ask *a = bson_malloc0(sizeof *a);
	bool ok = true;

	a->r = r;
	a->which = which;
	for (size_t i = r->first; ok && i < r->first + r->n; i++) {
		const struct key *key = &r->batch->item[i];

		if (r->leaf)
			r->leaf[i].len = 0;
		if (!r->wanted[i])
			continue;
		if (a->n == ASK_KEYS || a->bytes + key->len > ASK_BYTES)
			ok = find_all(a, error);
		a->item[a->n++] = i;
		a->bytes += key->len;
	}
	ok = ok && find_all(a, error);
	bson_free(a);
	return ok;
}
