/* model: the operations inside applyOps. For txn*.c only. */
#ifndef MM_MODEL_TXN_OPS_H
#define MM_MODEL_TXN_OPS_H

#include "model/txn.h"

/* What one piece contributes. */
struct txn_ops {
	struct buf docs;   /* selected operations, one after the other */
	uint32_t selected; /* how many */
	int64_t all;       /* operations of the piece, not unnested */
};

/* Adds those of the applyOps entry e to *ops. */
bool txn_ops_add(const struct txn_io *io, const struct entry *e,
    struct txn_ops *ops, bson_error_t *error);

/* Emits `docs`, which are number *i and following of `n` in the group. */
bool txn_ops_emit(const struct txn_io *io, const uint8_t *docs, size_t len,
    const struct entry *commit, uint32_t *i, uint32_t n, struct buf *scratch,
    bson_error_t *error);

#endif
