/* Selecting and flattening what applyOps holds. It is done when a piece is
 * read, so that of a large transaction of somebody else nothing is kept. */
#include "model/txn_ops.h"

#include <string.h>

#include "base/le.h"
#include "model/put.h"

static bool
bad(const struct entry *e, const char *why, bson_error_t *error)
{
	char text[OPTIME_TEXT];

	return error_set(error, MM_EXIT_REFUSED, 0, "applyOps at %s: %s",
	    optime_text(e->at, text), why);
}

static bool add(const struct txn_io *io, const struct entry *e,
    const bson_t *command, int depth, struct txn_ops *ops, bson_error_t *error);

static bool
add_one(const struct txn_io *io, const struct entry *outer,
    const struct value *v, int depth, struct txn_ops *ops, bson_error_t *error)
{
	char text[OPTIME_TEXT];
	struct entry op;

	if (v->type != BSON_TYPE_DOCUMENT)
		return bad(outer, "an operation is no document", error);
	if (!entry_parse_inner(v->data, v->len, outer, &op, error))
		return error_prefix(
		    error, "applyOps at %s", optime_text(outer->at, text));
	if (op.op == ENTRY_NOOP)
		return true;
	if (op.command && strcmp(op.command, "applyOps") == 0)
		return add(io, outer, &op.o, depth + 1, ops, error);
	if (!io->selected(io->arg, &op))
		return true;
	buf_add(&ops->docs, v->data, v->len);
	ops->selected++;
	return true;
}

static bool
add(const struct txn_io *io, const struct entry *e, const bson_t *command,
    int depth, struct txn_ops *ops, bson_error_t *error)
{
	struct elem list, op;
	struct walk w;

	if (depth > TXN_NESTED)
		return bad(e, "nested too deep", error);
	if (!walk_find(
		bson_get_data(command), command->len, "applyOps", &list) ||
	    list.value.type != BSON_TYPE_ARRAY ||
	    !walk_init(&w, list.value.data, list.value.len))
		return bad(e, "holds no array", error);
	while (walk_next(&w, &op)) {
		ops->all += depth == 0;
		if (!add_one(io, e, &op.value, depth, ops, error))
			return false;
	}
	return !w.broken || bad(e, "not sound BSON", error);
}

bool
txn_ops_add(const struct txn_io *io, const struct entry *e, struct txn_ops *ops,
    bson_error_t *error)
{
	return add(io, e, &e->o, 0, ops, error);
}

/* ------------------------------------------------- building */

static bool
is_outer(const char *name)
{
	return strcmp(name, "ts") == 0 || strcmp(name, "t") == 0 ||
	    strcmp(name, "wall") == 0 || strcmp(name, "txn") == 0;
}

static void
put_txn(struct buf *out, int32_t i, bool last)
{
	size_t at = put_begin_in(out, BSON_TYPE_DOCUMENT, "txn");

	put_int32(out, "i", i);
	if (last)
		put_bool(out, "last", true);
	put_end(out, at);
}

void
txn_build(const uint8_t *inner, size_t len, const struct entry *outer,
    int32_t i, bool last, struct buf *out)
{
	static const char *const names[] = {"ts", "t", "wall"};
	struct walk w;
	struct elem e;
	size_t at;

	buf_reserve(out, len + 96);
	at = put_begin(out);
	walk_init(&w, inner, len);
	while (walk_next(&w, &e))
		if (!is_outer(e.name))
			put_elem(out, &e);
	for (size_t k = 0; k < 3; k++)
		if (walk_find(outer->raw, outer->raw_len, names[k], &e))
			put_elem(out, &e);
	put_txn(out, i, last);
	put_end(out, at);
}

bool
txn_ops_emit(const struct txn_io *io, const uint8_t *docs, size_t len,
    const struct entry *commit, uint32_t *i, uint32_t n, struct buf *scratch,
    bson_error_t *error)
{
	for (size_t at = 0; at < len;) {
		uint32_t size = le32(docs + at);

		buf_clear(scratch);
		txn_build(
		    docs + at, size, commit, (int32_t)*i, *i + 1 == n, scratch);
		++*i;
		if (!io->emit(io->arg, scratch->data, scratch->len, error))
			return false;
		at += size;
	}
	return true;
}
