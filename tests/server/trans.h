/* mongosim: multi-document transactions.
 *
 * What an open transaction writes is in the collections at once, with its mark
 * in place of a timestamp: every other reader is shown the version behind,
 * every other writer conflicts. The commit gives the versions its timestamp,
 * an abort takes them away. Reads inside are of the newest committed state and
 * one's own writes; a document that was changed since the start conflicts.
 */
#ifndef SIM_TRANS_H
#define SIM_TRANS_H

#include "request.h"

enum trans_state { TRANS_OPEN, TRANS_PREPARED, TRANS_COMMITTED, TRANS_ABORTED };

struct touched {
	uint8_t uuid[16];
	int64_t rid; /* 0: the collection was made */
};

struct trans {
	enum trans_state state;
	uint64_t mark, since; /* since: newest write when it began */
	int64_t number, started;
	const uint8_t *lsid; /* the session's */
	size_t lsid_len;
	struct buf ops; /* documents, as in applyOps */
	int64_t n_ops;
	struct touched *touched;
	size_t n_touched;
	struct optime first, last; /* entries written so far */
	bool broken;               /* a statement failed */
	bool conflict;             /* by a conflict */
	struct trans *next;        /* of the open ones */
};

extern const char trans_conflict[]; /* errmsg */

struct trans *trans_new(const uint8_t *lsid, size_t len, int64_t number);
/* Aborted where it is open. May be NULL. */
void trans_free(struct trans *t);

/* Is anything written that is neither committed nor aborted? c: to that
 * collection; NULL: to any. */
bool trans_pending(const struct coll *c);
/* Those that are open or prepared; NULL: the first. */
struct trans *trans_next(const struct trans *t);
/* All that are open and not prepared. */
void trans_abort_open(void);
/* Those that are too old are aborted. */
void trans_expire(void);

/* By coll.c and oplog.c, for the transaction of the present command. */
void trans_touch(const struct coll *c, int64_t rid);
void trans_op(const uint8_t *op, size_t len);

/* Before a write, in a transaction or not: 112 where another one stands in
 * the way, 263 for what transactions may not write to. Nothing is changed
 * yet. d may be a tombstone. */
bool trans_may_write(struct coll *c, bson_error_t *error);
bool trans_may_change(const struct doc *d, bson_error_t *error);
bool trans_may_insert(
    struct coll *c, const uint8_t *doc, size_t len, bson_error_t *error);
/* A write outside of transactions that met one: waits until something has
 * changed, then true: try again. */
bool trans_again(const struct request *r, const bson_error_t *error);

void trans_commit(struct trans *t);
void trans_abort(struct trans *t);
/* What it wrote gets that timestamp; the caller has logged it. */
void trans_end(struct trans *t, uint64_t ts);
void trans_prepare(struct trans *t);
/* A prepared one. */
void trans_commit_prepared(struct trans *t, uint64_t commit_ts);

/* trans_log.c: the entries, and config.transactions. Each returns the optime
 * of its last entry. */
struct optime trans_log(struct trans *t, bool prepare);
struct optime trans_log_end(struct trans *t, const struct buf *o);

#endif
