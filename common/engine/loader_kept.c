/* Documents of the stream whose `_id` another document of the target has. */
#include "engine/loader_work.h"

#include <string.h>

#include "model/docid.h"

void
loader_note_stood(struct loader *l, const struct piece *p)
{
	if (l->n_stood == l->cap_stood) {
		l->cap_stood = l->cap_stood ? 2 * l->cap_stood : 64;
		l->stood =
		    bson_realloc(l->stood, l->cap_stood * sizeof *l->stood);
	}
	l->stood[l->n_stood++] = *p;
}

bool
loader_leave_out(struct loader *l, const struct loader_to *to,
    const struct piece *p, const char *why, bson_error_t *error)
{
	l->whole = l->whole && standing_how(l->standing) == STANDING_SKIP;
	return standing_left_out(
	    l->standing, to->ns, p->doc, p->len, why, error);
}

/* ------------------------------------------------------------- what is there
 */

struct key {
	uint64_t hash;
	size_t i; /* of the document */
	bool there, equal;
};

struct look {
	const struct piece *doc;
	struct key *key; /* by hash */
	size_t n;
};

static int
by_hash(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	return (x->hash > y->hash) - (x->hash < y->hash);
}

/* The first key of that hash. */
static size_t
lower(const struct look *l, uint64_t hash)
{
	size_t from = 0, to = l->n;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (l->key[mid].hash < hash)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

static void
compare(void *arg, const bson_t *found)
{
	const struct look *l = arg;
	struct value id, mine;
	bson_error_t ignored;
	uint64_t hash;

	if (!docid_of(found, &id, &ignored))
		return;
	hash = docid_hash(&id);
	for (size_t k = lower(l, hash); k < l->n && l->key[k].hash == hash;
	     k++) {
		const struct piece *p = &l->doc[l->key[k].i];

		loader_id(p, &mine);
		if (!docid_same(&id, &mine))
			continue;
		l->key[k].there = true;
		l->key[k].equal = p->len == found->len &&
		    memcmp(p->doc, bson_get_data(found), p->len) == 0;
	}
}

/* Of each of n documents: whether its `_id` is there, and whether the document
 * is equal; caller frees, in the order of the documents. */
static struct key *
look(struct loader *l, const char *ns, const struct piece *doc, size_t n,
    bson_error_t *error)
{
	struct value *ids = bson_malloc(n * sizeof *ids);
	struct look what = {doc, bson_malloc(n * sizeof *what.key), n};
	struct key *in_order = bson_malloc(n * sizeof *in_order);
	bool ok;

	for (size_t i = 0; i < n; i++) {
		loader_id(&doc[i], &ids[i]);
		what.key[i] = (struct key){.hash = docid_hash(&ids[i]), .i = i};
	}
	qsort(what.key, n, sizeof *what.key, by_hash);
	ok = bulk_read_ids(l->conn, ns, ids, n, compare, &what, error);
	for (size_t k = 0; k < n; k++)
		in_order[what.key[k].i] = what.key[k];
	bson_free(what.key);
	bson_free(ids);
	if (ok)
		return in_order;
	bson_free(in_order);
	return NULL;
}

/* ---------------------------------------------------------------- settling */

static bool
differs(struct loader *l, const struct loader_to *to, const struct piece *p,
    bool there, bson_error_t *error)
{
	return loader_leave_out(l, to, p,
	    there ? "the target's document is another one"
		  : "another _id of the target is equal by its collation",
	    error);
}

bool
loader_settle(struct loader *l, const struct loader_to *to, bson_error_t *error)
{
	struct key *key;
	bool ok = true;

	if (l->n_stood == 0)
		return true;
	if (standing_how(l->standing) != STANDING_IDENTICAL) {
		l->n_stood = 0;
		return true;
	}
	key = look(l, to->ns, l->stood, l->n_stood, error);
	ok = key;
	for (size_t i = 0; ok && i < l->n_stood; i++)
		if (!key[i].equal)
			ok = differs(l, to, &l->stood[i], key[i].there, error);
	bson_free(key);
	l->n_stood = 0;
	return ok;
}

bool
loader_sift(struct loader *l, const struct loader_to *to, bson_error_t *error)
{
	enum standing_how how = standing_how(l->standing);
	struct key *key = look(l, to->ns, l->todo, l->n, error);
	size_t kept = 0, met = 0;
	bool ok = key;

	for (size_t i = 0; ok && i < l->n; i++) {
		struct piece p = l->todo[i];

		met += key[i].there;
		p.replace = key[i].there && how == STANDING_REPLACE;
		if (!key[i].there || (p.replace && !key[i].equal))
			l->todo[kept++] = p;
		else if (!key[i].equal && how == STANDING_IDENTICAL)
			ok = differs(l, to, &p, true, error);
	}
	if (ok)
		l->n = kept;
	/* Later it may be the load's own. */
	if (l->tries == 0)
		standing_met(l->standing, met);
	bson_free(key);
	return ok;
}
