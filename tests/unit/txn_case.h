/* An assembler of transactions under test: entries in the short form of the
 * vectors go in, what comes out is noted. */
#ifndef MM_TEST_TXN_CASE_H
#define MM_TEST_TXN_CASE_H

#include "model/txn.h"

/* What comes out, and what the functions passed in were asked for. */
struct got {
	char *text;     /* "i d.x 1;u d.x 2" */
	const char *db; /* selected; NULL: all */
	int last, ops;  /* txn.last seen, operations seen */
	bool in_order;  /* txn.i counts, last at the end */
	size_t spilled;
	int open_spills;
	bool fail_spill, fail_emit;
};

/* With a spill in memory; *g is set up. g->text is the caller's to free. */
struct txn *txn_case_new(struct got *g, uint32_t applied);
/* {ts, lsid, txn, prev, ao: ["i d.x 1", ..], partial ..} or {ts, op}. */
bool txn_case_feed(struct txn *t, struct got *g, const bson_t *in,
    uint32_t applied, bson_error_t *error);
int txn_case_number(const bson_t *doc, const char *field, int otherwise);

#endif
