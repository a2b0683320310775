/* engine: transactions and other grouped writes in the log.
 *
 * As long as transactions are not assembled, every applyOps, partial,
 * prepared or committed transaction that may touch the selection is refused by
 * name and position (8); what certainly does not touch it is only a position.
 */
#ifndef MM_ENGINE_TAIL_TXN_H
#define MM_ENGINE_TAIL_TXN_H

#include "engine/tail_filter.h"

struct tail_txn;

/* Borrows the filter. */
struct tail_txn *tail_txn_new(struct tail_filter *f);
void tail_txn_free(struct tail_txn *t);
/* An entry that tail_filter_look called TAIL_GROUP, in log order. Entries
 * before the start of the stream are given too, so that what is open there is
 * known. */
bool tail_txn_take(struct tail_txn *t, const uint8_t *data, size_t len,
    const struct tail_look *look, bson_error_t *error);

#endif
