/* A run may end anywhere: one that goes on from where the oldest open
 * transaction began, with what was applied known, gives out exactly the rest.
 * Tried between every two entries of recordings. */
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "corpus.h"
#include "model/txn.h"
#include "tap.h"

enum { MAX = 2000 };

/* What came out, as hashes of its bytes. */
struct out {
	uint64_t hash[MAX];
	int n;
};

static bool
everything(void *arg, const struct entry *op)
{
	(void)arg;
	(void)op;
	return true;
}

static bool
emit(void *arg, const uint8_t *doc, size_t len, bson_error_t *error)
{
	struct out *o = arg;

	(void)error;
	if (o->n < MAX)
		o->hash[o->n++] = hash_xxh64(doc, len, 0);
	return true;
}

struct log {
	struct buf docs;
	size_t at[MAX];
	struct optime pos[MAX];
	int n;
};

static void
log_read(struct log *l, const char *name)
{
	char *path = bson_strdup_printf(
	    "%s/corpus/%s/oplog.bson.zst", tap_tests_dir(), name);
	size_t at = 0, was = 0;
	bson_t doc;

	l->docs = corpus_docs(path);
	for (l->n = 0; l->n < MAX && corpus_next(&l->docs, &at, &doc);
	     was = at) {
		optime_of(&doc, &l->pos[l->n]);
		l->at[l->n++] = was;
	}
	bson_free(path);
}

/* Entries from..to-1; where a later run must begin. False: an error. */
static bool
feed(const struct log *l, int from, int to, struct optime applied,
    struct out *o, int *next)
{
	struct txn_io io = {o, everything, emit, NULL};
	struct txn *t = txn_new(&io, applied);
	bson_error_t error;
	struct optime open;
	bool ok = true;

	for (int i = from; ok && i < to; i++) {
		size_t at = l->at[i];
		enum txn_got got;
		struct entry e;
		bson_t doc;

		corpus_next(&l->docs, &at, &doc);
		entry_parse(bson_get_data(&doc), doc.len, &e, &error);
		got = txn_feed(t, &e, &error);
		if (got == TXN_PLAIN && optime_cmp(e.at, applied) > 0)
			emit(o, e.raw, e.raw_len, NULL);
		if (got == TXN_ERROR)
			tap_note("%s", error.message);
		ok = got != TXN_ERROR;
	}
	*next = to;
	if (txn_read_from(t, &open))
		while (*next > 0 && optime_cmp(l->pos[*next - 1], open) >= 0)
			--*next;
	txn_free(t);
	return ok;
}

static void
recording(const char *name)
{
	static struct log l;
	static struct out whole, parts;
	int next, bad = 0, back = 0;

	log_read(&l, name);
	whole.n = 0;
	bad += !feed(&l, 0, l.n, OPTIME_NULL, &whole, &next);
	for (int cut = 1; cut < l.n; cut++) {
		parts.n = 0;
		bad += !feed(&l, 0, cut, OPTIME_NULL, &parts, &next);
		back += next < cut;
		bad += !feed(&l, next, l.n, l.pos[cut - 1], &parts, &next);
		bad += parts.n != whole.n ||
		    memcmp(parts.hash, whole.hash,
			sizeof *whole.hash * (size_t)whole.n) != 0;
	}
	OK(bad == 0 && whole.n > 0,
	    "%s: cut in %d places, %d of them inside a transaction: %d bad",
	    name, l.n - 1, back, bad);
	buf_release(&l.docs);
}

int
main(void)
{
	recording("4.9-v2/prepared");
	recording("4.9-v2/large-transaction");
	recording("4.9-v2/transactions");
	recording("4.9-v2/ddl");
	return tap_done();
}
