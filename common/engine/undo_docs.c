/* Documents and their values are compared by two XXH64 with seeds that nobody
 * can know beforehand: 16 bytes instead of the document. Rows of one document
 * come in the order of the log, but for those that a run repeats from its
 * checkpoint on: at or before the last place that was met, a row repeats one.
 * What such a row calls old is newer than the change, so it only says what the
 * document became. */
#include "engine/undo_docs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/hash.h"
#include "io/spill.h"
#include "model/docid.h"

struct undo_docs {
	uint64_t seed[2];
	struct spill *spill;
	uint64_t spilled; /* bytes */
	struct undo_doc *doc;
	size_t n, cap;
	uint32_t *bucket; /* index + 1 */
	size_t buckets;   /* a power of 2 */
	char **ns;
	uint32_t n_ns;
	struct buf key; /* scratch */
};

struct undo_docs *
undo_docs_new(bson_error_t *error)
{
	struct undo_docs *d = bson_malloc0(sizeof *d);

	if (getrandom(d->seed, sizeof d->seed, 0) != sizeof d->seed)
		error_errno(
		    error, MM_EXIT_INTERNAL, "no random number to be had");
	else if (undo_docs_clear(d, error))
		return d;
	undo_docs_free(d);
	return NULL;
}

static void
forget(struct undo_docs *d)
{
	if (d->spill)
		spill_close(d->spill);
	bson_free(d->doc);
	bson_free(d->bucket);
	d->spill = NULL;
	d->doc = NULL;
	d->bucket = NULL;
	d->spilled = d->n = d->cap = d->buckets = 0;
}

void
undo_docs_free(struct undo_docs *d)
{
	if (!d)
		return;
	forget(d);
	for (uint32_t i = 0; i < d->n_ns; i++)
		bson_free(d->ns[i]);
	bson_free(d->ns);
	buf_release(&d->key);
	bson_free(d);
}

bool
undo_docs_clear(struct undo_docs *d, bson_error_t *error)
{
	forget(d);
	d->buckets = 1024;
	d->bucket = bson_malloc0(d->buckets * sizeof *d->bucket);
	return (d->spill = spill_open(error)) != NULL;
}

/* ---------------------------------------------------------------- prints */

static struct undo_print
print_bytes(const struct undo_docs *d, const void *data, size_t len)
{
	return (struct undo_print){hash_xxh64(data, len, d->seed[0]),
	    hash_xxh64(data, len, d->seed[1])};
}

struct undo_print
undo_print(const struct undo_docs *d, const bson_t *doc)
{
	return doc ? print_bytes(d, bson_get_data(doc), doc->len)
		   : (struct undo_print){0, 0};
}

bool
undo_print_same(struct undo_print a, struct undo_print b)
{
	return a.a == b.a && a.b == b.b;
}

static uint32_t
number_of(struct undo_docs *d, const char *ns)
{
	for (uint32_t i = d->n_ns; i > 0; i--)
		if (strcmp(d->ns[i - 1], ns) == 0)
			return i - 1;
	d->ns = bson_realloc(d->ns, (d->n_ns + 1) * sizeof *d->ns);
	d->ns[d->n_ns] = bson_strdup(ns);
	return d->n_ns++;
}

static struct undo_print
print_key(struct undo_docs *d, uint32_t ns, const struct value *id)
{
	buf_clear(&d->key);
	buf_add(&d->key, &ns, sizeof ns);
	docid_canonical(id, &d->key);
	return print_bytes(d, d->key.data, d->key.len);
}

static bool
row_key(struct undo_docs *d, const struct journal_row *row, uint32_t *ns,
    struct undo_print *key, bson_error_t *error)
{
	struct value id;

	if (!docid_of(&row->header, &id, NULL))
		return error_set(error, MM_EXIT_STREAM, 0,
		    "a row of the journal has no _id");
	*ns = number_of(d, row->ns);
	*key = print_key(d, *ns, &id);
	return true;
}

bool
undo_docs_mine(struct undo_docs *d, const struct journal_row *row,
    uint64_t part, uint64_t parts, bool *mine, bson_error_t *error)
{
	struct undo_print key;
	uint32_t ns;

	*mine = true;
	if (parts == 1)
		return true;
	if (!row_key(d, row, &ns, &key, error))
		return false;
	*mine = key.b % parts == part;
	return true;
}

/* ----------------------------------------------------------------- table */

static struct undo_doc *
find(struct undo_docs *d, struct undo_print key)
{
	uint32_t at = d->bucket[key.a & (d->buckets - 1)];

	while (at > 0 && !undo_print_same(d->doc[at - 1].key, key))
		at = d->doc[at - 1].chain;
	return at > 0 ? &d->doc[at - 1] : NULL;
}

static void
hang(struct undo_docs *d, size_t i)
{
	uint32_t *b = &d->bucket[d->doc[i].key.a & (d->buckets - 1)];

	d->doc[i].chain = *b;
	*b = (uint32_t)i + 1;
}

static void
hang_all(struct undo_docs *d)
{
	bson_free(d->bucket);
	d->bucket = bson_malloc0(d->buckets * sizeof *d->bucket);
	for (size_t i = 0; i < d->n; i++)
		hang(d, i);
}

static struct undo_doc *
push(struct undo_docs *d, const struct undo_doc *doc)
{
	if (d->n == d->cap) {
		d->cap = d->cap ? d->cap * 3 / 2 : 1024;
		d->doc = bson_realloc(d->doc, d->cap * sizeof *d->doc);
	}
	d->doc[d->n++] = *doc;
	if (d->n > d->buckets)
		d->buckets *= 2, hang_all(d);
	else
		hang(d, d->n - 1);
	return &d->doc[d->n - 1];
}

static bool
keep(struct undo_docs *d, const bson_t *doc, uint32_t *len, bson_error_t *error)
{
	*len = doc ? doc->len : 0;
	d->spilled += *len;
	return !doc ||
	    spill_append(d->spill, bson_get_data(doc), doc->len, error);
}

/* What the row calls old is what an undo writes. */
static bool
set_old(struct undo_docs *d, struct undo_doc *doc,
    const struct journal_row *row, bson_error_t *error)
{
	bson_t id = BSON_INITIALIZER;
	bson_iter_t it;
	bool ok;

	if (bson_iter_init_find(&it, &row->header, "_id"))
		bson_append_iter(&id, NULL, 0, &it);
	doc->old = undo_print(d, row->old);
	doc->spilled = d->spilled;
	ok = keep(d, &id, &doc->id_len, error) &&
	    keep(d, row->old, &doc->old_len, error);
	bson_destroy(&id);
	return ok;
}

static bool
add_first(struct undo_docs *d, const struct journal_row *row, uint32_t ns,
    struct undo_print key, bson_error_t *error)
{
	struct undo_doc doc = {.key = key,
	    .ns = ns,
	    .now = undo_print(d, row->now),
	    .last = {row->at, row->txn}};

	if (!set_old(d, &doc, row, error))
		return false;
	push(d, &doc);
	return true;
}

bool
undo_docs_add(
    struct undo_docs *d, const struct journal_row *row, bson_error_t *error)
{
	struct undo_place at = {row->at, row->txn};
	struct undo_print key;
	struct undo_doc *doc;
	uint32_t ns;
	int order;

	if (!row_key(d, row, &ns, &key, error))
		return false;
	doc = find(d, key);
	if (!doc)
		return add_first(d, row, ns, key, error);
	order = optime_cmp(at.at, doc->last.at);
	if (order > 0 || (order == 0 && at.txn > doc->last.txn)) {
		doc->last = at;
		if (!undo_print_same(undo_print(d, row->old), doc->now))
			doc->broken = true;
	}
	doc->now = undo_print(d, row->now);
	return true;
}

bool
undo_docs_match(
    struct undo_docs *d, const struct journal_row *row, bson_error_t *error)
{
	struct undo_print key;
	struct undo_doc *doc;
	uint32_t ns;

	if (!row_key(d, row, &ns, &key, error))
		return false;
	doc = find(d, key);
	if (doc &&
	    (undo_print_same(doc->there, undo_print(d, row->old)) ||
		undo_print_same(doc->there, undo_print(d, row->now))))
		doc->known = true;
	return true;
}

/* --------------------------------------------------------------- reading */

size_t
undo_docs_n(const struct undo_docs *d)
{
	return d->n;
}

struct undo_doc *
undo_docs_at(struct undo_docs *d, size_t i)
{
	return &d->doc[i];
}

const char *
undo_docs_ns(const struct undo_docs *d, uint32_t ns)
{
	return d->ns[ns];
}

struct undo_doc *
undo_docs_find(struct undo_docs *d, uint32_t ns, const struct value *id)
{
	return find(d, print_key(d, ns, id));
}

bool
undo_docs_read(struct undo_docs *d, const struct undo_doc *doc, struct buf *id,
    struct buf *old, bson_error_t *error)
{
	buf_reserve(id, doc->id_len);
	if (!spill_read(
		d->spill, doc->spilled, id->data + id->len, doc->id_len, error))
		return false;
	id->len += doc->id_len;
	if (!old || doc->old_len == 0)
		return true;
	buf_reserve(old, doc->old_len);
	if (!spill_read(d->spill, doc->spilled + doc->id_len,
		old->data + old->len, doc->old_len, error))
		return false;
	old->len += doc->old_len;
	return true;
}

/* --------------------------------------------------------------- sorting */

static int
by_ns(const void *a, const void *b)
{
	const struct undo_doc *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? -1 : 1;
	return (x->spilled > y->spilled) - (x->spilled < y->spilled);
}

static int
by_last(const void *a, const void *b)
{
	const struct undo_doc *x = a, *y = b;
	int order = optime_cmp(y->last.at, x->last.at);

	if (order == 0)
		order =
		    (y->last.txn > x->last.txn) - (y->last.txn < x->last.txn);
	return order != 0
	    ? order
	    : (y->spilled > x->spilled) - (y->spilled < x->spilled);
}

static void
sort(struct undo_docs *d, int (*order)(const void *, const void *))
{
	if (d->n > 1)
		qsort(d->doc, d->n, sizeof *d->doc, order);
	hang_all(d);
}

void
undo_docs_sort_ns(struct undo_docs *d)
{
	sort(d, by_ns);
}

void
undo_docs_sort_last(struct undo_docs *d)
{
	sort(d, by_last);
}
