/* mongosim: logical sessions and the memory of retryable writes. */
#ifndef SIM_SESSION_H
#define SIM_SESSION_H

#include "request.h"

/* What one statement of a retryable write answered. */
struct statement {
	int32_t id;
	int64_t n, modified;
	struct buf upserted; /* a document {_id}; empty: none */
	struct buf reply;    /* of findAndModify: its elements */
};

/* r->lsid and r->txn_number from the command. 225: the number is older than
 * the session's. A newer one forgets the statements before. */
bool session_begin(struct request *r, bson_error_t *error);
/* Forget what was written after that time. */
void session_roll_back(uint64_t ts);
/* The statement, when it was done before under this number; else NULL. */
const struct statement *session_done(const struct request *r, int32_t stmt);
/* Remember it. upserted_id NULL: none. Nothing without a txnNumber. */
void session_remember(const struct request *r, int32_t stmt, int64_t n,
    int64_t modified, const struct value *upserted_id, struct optime at);
/* The reply that belongs to a statement just remembered. */
void session_remember_reply(
    const struct request *r, int32_t stmt, const uint8_t *elements, size_t len);
/* The row of config.transactions, after the last statement of a command. */
void session_save(const struct request *r);
/* Session fields of an entry that belongs to statement stmt. */
void session_entry(const struct request *r, int32_t stmt, struct log_entry *e);

#endif
