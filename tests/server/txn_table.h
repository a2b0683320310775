/* mongosim: config.transactions: the newest write of each session. Not
 * logged. */
#ifndef SIM_TXN_TABLE_H
#define SIM_TXN_TABLE_H

#include "base/optime.h"
#include "model/entry.h"

struct txn_row {
	const uint8_t *lsid;
	size_t lsid_len;
	int64_t number;
	struct optime last, start; /* start OPTIME_NULL: none is open */
	int64_t wall;
	const char *state; /* NULL: of retryable writes */
};

/* {_id, txnNum, lastWriteOpTime, lastWriteDate, state?, startOpTime?} */
void txn_table_put(const struct txn_row *row);
/* What an entry of another server's log says of its session. */
void txn_table_play(const struct entry *e);

#endif
