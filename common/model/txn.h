/* model: transactions put together from their entries.
 *
 * A server writes a transaction as one applyOps, as a chain of them (linked by
 * prevOpTime, the last without partialTxn), or prepared and later committed
 * or aborted. Here the pieces are kept until the commit; then the operations
 * of the selection come out flattened, in order, as one group. Chains
 * without a session (batched writes), nested applyOps, and several
 * transactions at a time are taken. Pieces hold only what is selected.
 *
 * Pure but for the functions passed in. One thread.
 */
#ifndef MM_MODEL_TXN_H
#define MM_MODEL_TXN_H

#include "model/entry.h"

#define TXN_MEMORY (16u << 20) /* kept in memory, over all transactions */
#define TXN_NESTED 10          /* applyOps within applyOps */

/* Where pieces go beyond TXN_MEMORY; one spill a transaction. */
struct txn_spill {
	void *(*open)(void *arg, bson_error_t *error); /* NULL: failed */
	bool (*append)(
	    void *spill, const void *data, size_t len, bson_error_t *error);
	bool (*read)(void *spill, uint64_t at, void *data, size_t len,
	    bson_error_t *error);
	void (*close)(void *spill);
};

struct txn_io {
	void *arg;
	/* Is this operation (i, u, d, c; position of its piece) selected? */
	bool (*selected)(void *arg, const struct entry *op);
	/* One flattened operation of a committed transaction, a whole
	 * document that lives until the return. */
	bool (*emit)(
	    void *arg, const uint8_t *doc, size_t len, bson_error_t *error);
	/* NULL: a larger transaction is refused (8). */
	const struct txn_spill *spill;
};

struct txn;

/* Groups that end at or before `applied` were handled in an earlier run: they
 * are read, and not emitted. io is copied. */
struct txn *txn_new(const struct txn_io *io, struct optime applied);
void txn_free(struct txn *t);

enum txn_got {
	TXN_ERROR = -1,
	TXN_PLAIN, /* no part of a transaction: the caller's, as it is */
	TXN_TAKEN  /* handled here */
};

/* Every entry of the log in order, selected or not (a later transaction of a
 * session ends an unfinished one). One that was fed before is taken without
 * effect. Status 6: the commit of something whose
 * start was not read: read from an older position. Status 8: malformed,
 * nested too deep, or its own count of operations is not met. */
enum txn_got txn_feed(
    struct txn *t, const struct entry *e, bson_error_t *error);

/* From where a later run must read so that no open transaction is cut: the
 * first piece of the oldest one. False: none is open. */
bool txn_read_from(const struct txn *t, struct optime *from);

/* A flattened operation: the fields of `inner` in their order (ts, t, wall and
 * txn aside), then ts, t and wall of the outer entry, then
 * txn: {i: int32[, last: true]}. Appended to out. */
void txn_build(const uint8_t *inner, size_t len, const struct entry *outer,
    int32_t i, bool last, struct buf *out);

#endif
