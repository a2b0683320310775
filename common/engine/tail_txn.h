/* engine: transactions and grouped writes of the log, put together while a
 * plain log is read (model/txn), and given on at their commit.
 */
#ifndef MM_ENGINE_TAIL_TXN_H
#define MM_ENGINE_TAIL_TXN_H

#include "engine/tail_filter.h"
#include "mongo/server.h"

struct tail_txn;

/* Borrows filter. Groups that end at or before `applied` are read, not
 * emitted. */
struct tail_txn *tail_txn_new(struct tail_filter *f, tail_emit_fn *emit,
    void *arg, struct optime applied);
void tail_txn_free(struct tail_txn *t);

enum tail_txn_got {
	TAIL_TXN_ERROR = -1,
	TAIL_TXN_PLAIN, /* no part of a group */
	TAIL_TXN_TAKEN, /* kept, or emitted as a group */
	TAIL_TXN_CUT    /* it commits what began before the first entry that
			   was fed: tail_txn_begin says where */
};

/* An entry that is TAIL_GROUP; while tail_txn_open every entry. */
enum tail_txn_got tail_txn_feed(
    struct tail_txn *t, const uint8_t *data, size_t len, bson_error_t *error);
/* The position of the oldest piece that is kept; false: nothing is open. */
bool tail_txn_open(const struct tail_txn *t, struct optime *first);
/* The first piece of the group that the entry ends, by following prevOpTime
 * through the source's oplog. Status 6 when it is gone. */
bool tail_txn_begin(struct conn *c, const uint8_t *data, size_t len,
    struct optime *first, bson_error_t *error);

#endif
