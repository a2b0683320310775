/* model: the unfinished transactions. For txn*.c only. */
#ifndef MM_MODEL_TXN_CHAIN_H
#define MM_MODEL_TXN_CHAIN_H

#include "model/txn_ops.h"

struct piece {
	struct piece *next;
	uint8_t *data; /* NULL: in the spill at `at` */
	uint64_t at;
	size_t len;
};

struct chain {
	struct chain *next;
	struct optime first, last; /* of its pieces */
	bool headless, prepared;
	struct value lsid; /* bytes owned; type 0: none */
	int64_t number;
	struct piece *pieces, **end;
	uint32_t selected; /* operations in them */
	int64_t all;       /* operations, selected or not */
	void *spill;
	uint64_t spilled; /* bytes in it */
};

struct txn {
	struct txn_io io;
	struct optime applied;
	struct optime fed;    /* the last entry taken */
	struct chain *chains; /* oldest first */
	size_t memory;        /* bytes of pieces kept in memory */
	struct txn_ops ops;   /* of the entry at hand */
	struct buf scratch, piece;
};

/* Begins with the piece e; prev not null: its start was not read. */
struct chain *chain_new(
    struct txn *t, const struct entry *e, struct optime prev, int64_t number);
/* Taken out of t and freed. */
void chain_drop(struct txn *t, struct chain *c);
/* The one whose last piece is at prev, or NULL. */
struct chain *chain_after(const struct txn *t, struct optime prev);
/* The operations at hand (t->ops) become a piece of c. */
bool chain_keep(struct txn *t, struct chain *c, bson_error_t *error);
/* All pieces of c, committed by e, as operations *i and following of n. */
bool chain_emit(struct txn *t, const struct chain *c, const struct entry *e,
    uint32_t *i, uint32_t n, bson_error_t *error);

#endif
