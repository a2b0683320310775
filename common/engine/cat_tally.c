#include "engine/cat_tally.h"

#include <inttypes.h>
#include <string.h>
#include <uthash.h>

#include "base/doc.h"
#include "base/hash.h"

struct coll {
	int32_t c;
	char *ns;
	int64_t docs, bytes;
	uint64_t sum;
	UT_hash_handle hh;
};

struct cat_tally {
	enum stream_kind kind;
	bool repair; /* entries without an order */
	uint8_t id[16];
	char set[128];
	char reason[32];
	struct optime begin, to; /* from or after; to */
	int64_t docs, bytes;
	struct coll *colls;
	/* Of a log that is checked: what came last. */
	struct optime last;
	int32_t txn; /* index within an unfinished group, -1: between groups */
};

struct cat_tally *
cat_tally_new(void)
{
	struct cat_tally *t = bson_malloc0(sizeof *t);

	t->txn = -1;
	return t;
}

static void
forget_colls(struct cat_tally *t)
{
	struct coll *coll, *next;

	HASH_ITER(hh, t->colls, coll, next)
	{
		HASH_DEL(t->colls, coll);
		bson_free(coll->ns);
		bson_free(coll);
	}
}

void
cat_tally_free(struct cat_tally *t)
{
	if (!t)
		return;
	forget_colls(t);
	bson_free(t);
}

static struct coll *
find(const struct cat_tally *t, int32_t c)
{
	struct coll *coll;

	HASH_FIND(hh, t->colls, &c, sizeof c, coll);
	return coll;
}

const char *
cat_tally_ns(const struct cat_tally *t, int32_t c)
{
	struct coll *coll = find(t, c);

	return coll ? coll->ns : NULL;
}

static void
add_stream(struct cat_tally *t, enum stream_kind kind, const bson_t *doc)
{
	const char *text, *begin = kind == STREAM_OPLOG ? "after" : "from";
	bson_t source;

	forget_colls(t);
	memset(t, 0, sizeof *t);
	t->kind = kind;
	t->repair = record_repair(doc);
	t->txn = -1;
	t->begin = t->to = OPTIME_NULL;
	optime_read(doc, begin, &t->begin);
	t->last = t->begin;
	if (record_doc(doc, "source", &source, NULL) &&
	    record_text(&source, "set", &text, NULL))
		bson_strncpy(t->set, text, sizeof t->set);
	doc_bytes(doc, "id", t->id, sizeof t->id);
}

static bool
add_coll(struct cat_tally *t, const bson_t *doc, bson_error_t *error)
{
	struct coll *coll;
	const char *db, *name;
	int32_t c;

	if (!record_int32(doc, "c", &c, error) ||
	    !record_text(doc, "db", &db, error) ||
	    !record_text(doc, "coll", &name, error))
		return false;
	coll = bson_malloc0(sizeof *coll);
	coll->c = c;
	coll->ns = bson_strdup_printf("%s.%s", db, name);
	HASH_ADD(hh, t->colls, c, sizeof coll->c, coll);
	return true;
}

/* The index of an entry within its transaction, -1 for one by itself. */
static void
read_txn(const bson_t *entry, int32_t *i, bool *last)
{
	bson_iter_t it;
	bson_t txn;

	*i = -1;
	*last = true;
	if (!record_doc(entry, "txn", &txn, NULL))
		return;
	*last =
	    bson_iter_init_find(&it, &txn, "last") && bson_iter_as_bool(&it);
	if (!record_int32(&txn, "i", i, NULL))
		*i = INT32_MAX; /* in no order */
}

static bool
check_entry(struct cat_tally *t, const bson_t *entry, bson_error_t *error)
{
	char a[OPTIME_TEXT], b[OPTIME_TEXT];
	struct optime at;
	int32_t i;
	bool last, ok;

	if (!optime_of(entry, &at))
		return error_set(error, MM_EXIT_STREAM, 0,
		    "an entry has no field \"ts\" of type timestamp");
	read_txn(entry, &i, &last);
	if (t->txn >= 0)
		ok = i == t->txn + 1 && optime_cmp(at, t->last) == 0;
	else
		ok = i <= 0 && optime_cmp(at, t->last) > 0;
	if (!ok)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "the entry at %s (%" PRId32
		    " of its group) does not follow %s (%" PRId32 ")",
		    optime_text(at, a), i, optime_text(t->last, b), t->txn);
	t->last = at;
	t->txn = last ? -1 : i;
	return true;
}

static bool
check_block(struct cat_tally *t, struct coll *coll, const struct block_view *b,
    bson_error_t *error)
{
	struct block_cursor cur;
	const uint8_t *doc;
	uint32_t len;
	bson_t entry;

	block_rewind(&cur, b);
	while (block_next(&cur, &doc, &len)) {
		if (coll)
			coll->sum += hash_xxh64(doc, len, 0);
		if (t->kind != STREAM_OPLOG || t->repair)
			continue;
		if (!bson_init_static(&entry, doc, len))
			return error_set(error, MM_EXIT_STREAM, 0,
			    "an entry is no document");
		if (!check_entry(t, &entry, error))
			return false;
	}
	return true;
}

static bool
add_block(struct cat_tally *t, const struct block_view *b, bool check,
    bson_error_t *error)
{
	struct coll *coll = find(t, b->c);

	t->docs += b->n;
	t->bytes += (int64_t)b->len;
	if (coll) {
		coll->docs += b->n;
		coll->bytes += (int64_t)b->len;
	}
	return !check || check_block(t, coll, b, error);
}

static bool
check_cend(const struct cat_tally *t, const bson_t *doc, bson_error_t *error)
{
	struct coll *coll;
	int64_t sum;
	int32_t c;

	if (!record_int32(doc, "c", &c, error) ||
	    !record_int64(doc, "sum", &sum, error))
		return false;
	coll = find(t, c);
	if (coll && coll->sum != (uint64_t)sum)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "the documents of \"%s\" do not have the sum of its end",
		    coll->ns);
	return true;
}

/* A mark or an end: between groups, and nothing goes back. */
static bool
check_position(struct cat_tally *t, const char *what, struct optime at,
    bson_error_t *error)
{
	char a[OPTIME_TEXT], b[OPTIME_TEXT];

	if (t->txn >= 0)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "record \"%s\" at %s stands inside a transaction", what,
		    optime_text(at, a));
	if (optime_cmp(at, t->last) < 0)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "record \"%s\" at %s does not follow %s", what,
		    optime_text(at, a), optime_text(t->last, b));
	t->last = at;
	return true;
}

static bool
add_end(struct cat_tally *t, const bson_t *doc, bool check, bson_error_t *error)
{
	const char *reason;

	if (!record_text(doc, "reason", &reason, error))
		return false;
	bson_strncpy(t->reason, reason, sizeof t->reason);
	if (t->kind == STREAM_OPLOG && !record_optime(doc, "to", &t->to, error))
		return false;
	optime_read(doc, "to", &t->to);
	return !check || t->kind != STREAM_OPLOG ||
	    check_position(t, "end", t->to, error);
}

bool
cat_tally_add(struct cat_tally *t, enum stream_kind kind,
    const struct stream_item *item, bool check, bson_error_t *error)
{
	struct optime at;

	switch (item->type) {
	case RECORD_STREAM:
		add_stream(t, kind, &item->control);
		return true;
	case RECORD_COLL:
		return add_coll(t, &item->control, error);
	case RECORD_BLOCK:
		return add_block(t, &item->block, check, error);
	case RECORD_CEND:
		return !check || check_cend(t, &item->control, error);
	case RECORD_MARK:
		return !check || !optime_of(&item->control, &at) ||
		    check_position(t, "mark", at, error);
	case RECORD_END:
		return add_end(t, &item->control, check, error);
	case RECORD_OTHER:
		break;
	}
	return true;
}

static void
add_optime(struct buf *out, const char *key, struct optime o)
{
	char text[OPTIME_TEXT];

	if (!optime_is_null(o))
		cat_printf(out, " %s=%s", key, optime_text(o, text));
}

void
cat_tally_line(const struct cat_tally *t, const char *no_end, struct buf *out)
{
	cat_printf(out, "kind=%s id=", stream_kind_text(t->kind));
	for (int i = 0; i < 16; i++)
		cat_printf(out, "%s%02x",
		    i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", t->id[i]);
	cat_printf(out, " source=%s", t->set);
	add_optime(out, t->kind == STREAM_OPLOG ? "after" : "from", t->begin);
	add_optime(out, "to", t->to);
	if (t->kind != STREAM_OPLOG)
		cat_printf(out, " collections=%u", HASH_COUNT(t->colls));
	cat_printf(out, " docs=%" PRId64 " bytes=%" PRId64 " end=%s", t->docs,
	    t->bytes, t->reason[0] ? t->reason : no_end);
}

static int
by_number(struct coll *a, struct coll *b)
{
	return a->c < b->c ? -1 : a->c > b->c;
}

void
cat_tally_collections(struct cat_tally *t, struct buf *out)
{
	struct coll *coll, *next;

	HASH_SORT(t->colls, by_number);
	HASH_ITER(hh, t->colls, coll, next)
	cat_printf(out, "  %s docs=%" PRId64 " bytes=%" PRId64 "\n", coll->ns,
	    coll->docs, coll->bytes);
}
