/* An operation of a group is held back until the next one that is kept, or the
 * end of the group, tells whether it is the last: filtering never needs more
 * than one entry in memory, however large the transaction was. */
#include "engine/group_cut.h"

#include "base/doc.h"
#include "model/txn.h"

struct group_cut {
	struct tail_filter *filter;
	tail_emit_fn *emit;
	void *arg;
	bool open;
	struct optime at;
	int32_t next; /* number of the next operation that is kept */
	struct buf held, made;
};

struct group_cut *
group_cut_new(struct tail_filter *f, tail_emit_fn *emit, void *arg)
{
	struct group_cut *g = bson_malloc0(sizeof *g);

	g->filter = f;
	g->emit = emit;
	g->arg = arg;
	return g;
}

void
group_cut_free(struct group_cut *g)
{
	if (!g)
		return;
	buf_release(&g->held);
	buf_release(&g->made);
	bson_free(g);
}

bool
group_cut_open(const struct group_cut *g)
{
	return g->open;
}

/* The operation that is held back, as number `next` of its group. */
static bool
put_held(struct group_cut *g, bool last, bson_error_t *error)
{
	struct entry outer = {
	    .raw = g->held.data, .raw_len = (uint32_t)g->held.len};

	if (g->held.len == 0)
		return true;
	buf_clear(&g->made);
	txn_build(g->held.data, g->held.len, &outer, g->next++, last, &g->made);
	buf_clear(&g->held);
	return g->emit(g->arg, g->made.data, g->made.len, g->at, error);
}

bool
group_cut_flat(enum tail_part part, struct optime at, bson_error_t *error)
{
	char text[OPTIME_TEXT];

	return part != TAIL_GROUP ||
	    error_set(error, MM_EXIT_REFUSED, 0,
		"the entry at %s holds a transaction: this log is not as "
		"mm-oplog-tail writes it",
		optime_text(at, text));
}

static bool
keep(struct group_cut *g, const uint8_t *data, size_t len, bson_error_t *error)
{
	enum tail_part part;

	if (!tail_filter_inner(g->filter, data, len, g->at, &part, error) ||
	    !group_cut_flat(part, g->at, error))
		return false;
	if (part != TAIL_TAKE)
		return true;
	if (!put_held(g, false, error))
		return false;
	buf_add(&g->held, data, len);
	return true;
}

bool
group_cut_add(struct group_cut *g, const uint8_t *data, size_t len,
    const bson_t *txn, struct optime at, bool wanted, bson_error_t *error)
{
	bool last = doc_bool(txn, "last");

	if (g->open && optime_cmp(at, g->at) != 0)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "an entry of another time stands inside a transaction");
	if (!g->open) {
		g->open = true;
		g->at = at;
		g->next = 0;
		buf_clear(&g->held);
	}
	if (wanted && !keep(g, data, len, error))
		return false;
	if (!last)
		return true;
	g->open = false;
	return put_held(g, true, error);
}
