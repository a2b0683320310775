#include "engine/tail_txn.h"

#include "engine/position.h"
#include "io/spill.h"
#include "model/txn.h"

struct tail_txn {
	struct tail_filter *filter;
	tail_emit_fn *emit;
	void *arg;
	struct txn *txn;
	bool refused; /* by the filter, while txn asked what is selected */
	bson_error_t why;
	struct optime at; /* of the entry that is fed */
};

/* ------------------------------------------------- what model/txn asks for */

static bool
selected(void *arg, const struct entry *op)
{
	struct tail_txn *t = arg;
	enum tail_part part = TAIL_PASS;

	if (!tail_filter_inner(
		t->filter, op->raw, op->raw_len, op->at, &part, &t->why))
		t->refused = true;
	return part != TAIL_PASS;
}

static bool
emit(void *arg, const uint8_t *doc, size_t len, bson_error_t *error)
{
	struct tail_txn *t = arg;

	return t->emit(t->arg, doc, len, t->at, error);
}

static void *
open_spill(void *arg, bson_error_t *error)
{
	(void)arg;
	return spill_open(error);
}

static bool
append_spill(void *s, const void *data, size_t len, bson_error_t *error)
{
	return spill_append(s, data, len, error);
}

static bool
read_spill(void *s, uint64_t at, void *data, size_t len, bson_error_t *error)
{
	return spill_read(s, at, data, len, error);
}

static void
close_spill(void *s)
{
	spill_close(s);
}

static const struct txn_spill spill = {
    open_spill, append_spill, read_spill, close_spill};

/* ---------------------------------------------------------------- feeding */

struct tail_txn *
tail_txn_new(
    struct tail_filter *f, tail_emit_fn *to, void *arg, struct optime applied)
{
	struct tail_txn *t = bson_malloc0(sizeof *t);
	struct txn_io io = {
	    .arg = t, .selected = selected, .emit = emit, .spill = &spill};

	t->filter = f;
	t->emit = to;
	t->arg = arg;
	t->txn = txn_new(&io, applied);
	return t;
}

void
tail_txn_free(struct tail_txn *t)
{
	if (!t)
		return;
	txn_free(t->txn);
	bson_free(t);
}

enum tail_txn_got
tail_txn_feed(
    struct tail_txn *t, const uint8_t *data, size_t len, bson_error_t *error)
{
	struct entry e;
	enum txn_got got;

	if (!entry_parse(data, len, &e, error))
		return TAIL_TXN_ERROR;
	t->at = e.at;
	got = txn_feed(t->txn, &e, error);
	if (t->refused) {
		t->refused = false;
		*error = t->why;
		return TAIL_TXN_ERROR;
	}
	if (got == TXN_ERROR)
		return error_status(error) == MM_EXIT_POSITION ? TAIL_TXN_CUT
							       : TAIL_TXN_ERROR;
	return got == TXN_PLAIN ? TAIL_TXN_PLAIN : TAIL_TXN_TAKEN;
}

bool
tail_txn_open(const struct tail_txn *t, struct optime *first)
{
	return txn_read_from(t->txn, first);
}

/* ------------------------------------------------------- finding the start */

/* prevOpTime of the entry at `at`. */
static bool
step_back(
    struct conn *c, struct optime at, struct optime *prev, bson_error_t *error)
{
	bson_t filter, more, fields, doc;
	struct cursor_opts opts;
	int got;
	bool ok;

	position_find(c, at, false, 0, &opts, &filter, &more);
	BSON_APPEND_DOCUMENT_BEGIN(&more, "projection", &fields);
	BSON_APPEND_INT32(&fields, "ts", 1);
	BSON_APPEND_INT32(&fields, "t", 1);
	BSON_APPEND_INT32(&fields, "prevOpTime", 1);
	bson_append_document_end(&more, &fields);
	got = cursor_one(c, &opts, &doc, error);
	if (got == 0)
		error_set(error, MM_EXIT_POSITION, 0,
		    "the source's oplog ends before a transaction's piece");
	ok = got > 0 && position_matches(c, &at, &doc, error);
	*prev = OPTIME_NULL;
	if (ok)
		optime_read(&doc, "prevOpTime", prev);
	bson_destroy(&doc);
	bson_destroy(&filter);
	bson_destroy(&more);
	return ok;
}

bool
tail_txn_begin(struct conn *c, const uint8_t *data, size_t len,
    struct optime *first, bson_error_t *error)
{
	bson_t entry;
	struct optime at, prev;
	char text[OPTIME_TEXT];

	if (!bson_init_static(&entry, data, len) || !optime_of(&entry, first) ||
	    !optime_read(&entry, "prevOpTime", &prev) || optime_is_null(prev))
		return false; /* error is what made us look */
	at = *first;
	while (!optime_is_null(prev)) {
		*first = prev;
		if (!step_back(c, *first, &prev, error))
			return error_prefix(error,
			    "the transaction that ends at %s began earlier",
			    optime_text(at, text));
	}
	return true;
}
