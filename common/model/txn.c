/* Pieces are found by the position of the piece before them (prevOpTime), not
 * by session: batched writes have chains without one. A transaction whose
 * first pieces were not read is kept as a headless chain and is an error only
 * when it commits after `applied`: a log read from `readFrom` may begin in
 * the middle of one that was over before. */
#include "model/txn.h"

#include <inttypes.h>
#include <string.h>

#include "model/number.h"
#include "model/txn_chain.h"

/* What an entry says about itself. */
struct kind {
	bool apply, commit, abort;
	bool alone; /* does not take part in a chain */
	bool partial, prepare;
	struct optime prev; /* null: begins a chain */
	int64_t number, count;
};

struct txn *
txn_new(const struct txn_io *io, struct optime applied)
{
	struct txn *t = bson_malloc0(sizeof *t);

	t->io = *io;
	t->applied = applied;
	t->fed = OPTIME_NULL;
	return t;
}

void
txn_free(struct txn *t)
{
	if (!t)
		return;
	while (t->chains)
		chain_drop(t, t->chains);
	buf_release(&t->ops.docs);
	buf_release(&t->scratch);
	buf_release(&t->piece);
	bson_free(t);
}

bool
txn_read_from(const struct txn *t, struct optime *from)
{
	if (!t->chains)
		return false;
	*from = t->chains->first;
	for (const struct chain *c = t->chains; c; c = c->next)
		if (optime_cmp(c->first, *from) < 0)
			*from = c->first;
	return true;
}

/* ------------------------------------------------- reading the entry */

static int64_t
integer(const struct value *v, int64_t otherwise)
{
	int64_t i;

	return number_is(v->type) && number_int64(v, &i) ? i : otherwise;
}

static bool
flag(const struct value *v)
{
	return v->type == BSON_TYPE_BOOL && *v->data;
}

static void
kind_of(const struct entry *e, struct kind *k)
{
	struct elem x;
	struct walk w;
	bson_t prev;

	memset(k, 0, sizeof *k);
	k->prev = OPTIME_NULL;
	k->number = integer(&e->txn_number, -1);
	k->count = -1;
	if (e->op != ENTRY_COMMAND)
		return;
	k->apply = strcmp(e->command, "applyOps") == 0;
	k->commit = strcmp(e->command, "commitTransaction") == 0;
	k->abort = strcmp(e->command, "abortTransaction") == 0;
	if (e->prev.type == BSON_TYPE_DOCUMENT &&
	    bson_init_static(&prev, e->prev.data, e->prev.len))
		optime_of(&prev, &k->prev);
	if (!k->apply)
		return;
	k->alone = walk_find(e->raw, e->raw_len, "multiOpType", &x) &&
	    integer(&x.value, 0) == 1;
	walk_init(&w, bson_get_data(&e->o), e->o.len);
	while (walk_next(&w, &x)) {
		if (strcmp(x.name, "partialTxn") == 0)
			k->partial = flag(&x.value);
		else if (strcmp(x.name, "prepare") == 0)
			k->prepare = flag(&x.value);
		else if (strcmp(x.name, "count") == 0)
			k->count = integer(&x.value, -1);
	}
	if (k->alone)
		k->prev = OPTIME_NULL;
}

static bool
same_session(const struct chain *c, const struct entry *e)
{
	return c->lsid.type && value_same(&c->lsid, &e->lsid);
}

/* For commit and abort: by the piece before, else by the transaction. */
static struct chain *
chain_of(const struct txn *t, const struct entry *e, const struct kind *k)
{
	struct chain *c =
	    optime_is_null(k->prev) ? NULL : chain_after(t, k->prev);

	if (c || !e->lsid.type)
		return c;
	for (c = t->chains; c; c = c->next)
		if (same_session(c, e) && c->number == k->number)
			break;
	return c;
}

/* A session that goes on with a higher number has given up what it had open
 * (a prepared transaction cannot be given up so). */
static void
supersede(struct txn *t, const struct entry *e, const struct kind *k)
{
	struct chain *c, *next;

	if (!e->lsid.type || k->number < 0)
		return;
	for (c = t->chains; c; c = next) {
		next = c->next;
		if (!c->prepared && c->number < k->number && same_session(c, e))
			chain_drop(t, c);
	}
}

/* ------------------------------------------------- commit */

/* All of c (NULL: nothing before), then the operations at hand. */
static bool
emit_group(struct txn *t, const struct chain *c, const struct entry *e,
    bson_error_t *error)
{
	uint32_t n = t->ops.selected + (c ? c->selected : 0), i = 0;

	if (c && !chain_emit(t, c, e, &i, n, error))
		return false;
	return txn_ops_emit(&t->io, t->ops.docs.data, t->ops.docs.len, e, &i, n,
	    &t->scratch, error);
}

static bool
cut(const struct entry *e, const char *what, bson_error_t *error)
{
	char text[OPTIME_TEXT];

	return error_set(error, MM_EXIT_POSITION, 0,
	    "%s at %s: %s was not read: read from an older position",
	    e->command, optime_text(e->at, text), what);
}

static bool
counted(const struct txn *t, const struct chain *c, const struct entry *e,
    const struct kind *k, bson_error_t *error)
{
	char text[OPTIME_TEXT];

	if (k->count < 0 || !c || c->headless ||
	    k->count == c->all + t->ops.all)
		return true;
	return error_set(error, MM_EXIT_REFUSED, 0,
	    "applyOps at %s: %" PRId64 " operations instead of %" PRId64,
	    optime_text(e->at, text), c->all + t->ops.all, k->count);
}

static bool
is_new(const struct txn *t, const struct entry *e)
{
	return optime_cmp(e->at, t->applied) > 0;
}

/* It comes out, where it has not yet; missing: what of it was not read, or
 * NULL. */
static bool
end_chain(struct txn *t, struct chain *c, const struct entry *e,
    const char *missing, bson_error_t *error)
{
	if (is_new(t, e)) {
		if (missing)
			return cut(e, missing, error);
		if (!emit_group(t, c, e, error))
			return false;
	}
	if (c)
		chain_drop(t, c);
	return true;
}

/* The last piece of an unprepared chain, or all of a transaction. */
static bool
feed_last(struct txn *t, struct chain *c, const struct entry *e,
    const struct kind *k, bson_error_t *error)
{
	bool headless = c ? c->headless : !optime_is_null(k->prev);

	return end_chain(
	    t, c, e, headless ? "the start of its chain" : NULL, error);
}

static bool
feed_piece(struct txn *t, const struct entry *e, const struct kind *k,
    bson_error_t *error)
{
	struct chain *c = NULL;

	buf_clear(&t->ops.docs);
	t->ops.selected = 0;
	t->ops.all = 0;
	if (!txn_ops_add(&t->io, e, &t->ops, error))
		return false;
	if (!optime_is_null(k->prev))
		c = chain_after(t, k->prev);
	if (!counted(t, c, e, k, error))
		return false;
	if (!k->partial && !k->prepare)
		return feed_last(t, c, e, k, error);
	if (!c)
		c = chain_new(t, e, k->prev, k->number);
	c->last = e->at;
	c->prepared = k->prepare;
	return chain_keep(t, c, error);
}

static bool
feed_commit(struct txn *t, const struct entry *e, const struct kind *k,
    bson_error_t *error)
{
	struct chain *c = chain_of(t, e, k);

	buf_clear(&t->ops.docs);
	t->ops.selected = 0;
	return end_chain(t, c, e,
	    !c || c->headless || !c->prepared ? "the prepared transaction"
					      : NULL,
	    error);
}

static bool
feed(struct txn *t, const struct entry *e, const struct kind *k,
    bson_error_t *error)
{
	struct chain *c;

	if (optime_cmp(e->at, t->fed) <= 0)
		return true; /* read again */
	if (k->apply && !feed_piece(t, e, k, error))
		return false;
	if (k->commit && !feed_commit(t, e, k, error))
		return false;
	if (k->abort && (c = chain_of(t, e, k)))
		chain_drop(t, c);
	t->fed = e->at;
	return true;
}

enum txn_got
txn_feed(struct txn *t, const struct entry *e, bson_error_t *error)
{
	struct kind k;

	if (e->op != ENTRY_COMMAND && !(t->chains && e->lsid.type))
		return TXN_PLAIN;
	kind_of(e, &k);
	supersede(t, e, &k);
	if (!k.apply && !k.commit && !k.abort)
		return TXN_PLAIN;
	return feed(t, e, &k, error) ? TXN_TAKEN : TXN_ERROR;
}
