/* mongo: one write command in the making; private to bulk.
 *
 * The command is built in its final form while operations are added, so that
 * sending copies nothing, and can be sent again as it is, under the same
 * transaction number.
 */
#ifndef MM_MONGO_PART_H
#define MM_MONGO_PART_H

#include "base/buf.h"
#include "model/value.h"
#include "mongo/driver.h"

enum part_kind {
	PART_INSERT,
	PART_UPDATE,
	PART_DELETE,
	PART_INSERT_ZERO, /* one document with a zero timestamp, old server */
	PART_KINDS
};

struct part {
	enum part_kind kind;
	struct buf b;
	size_t array;       /* place of the array of operations */
	size_t array_len;   /* b.len up to its last operation */
	uint32_t *op;       /* indexes of the operations, in order of adding */
	uint32_t n, op_cap; /* operations in it */
	bool zero_time;     /* a document in it has Timestamp(0,0) at top */
};

/* Starts over, memory kept. */
void part_begin(struct part *p, enum part_kind kind, const char *coll);
void part_release(struct part *p);
/* Gives memory back when it is much. */
void part_trim(struct part *p);
/* Room for one more operation of that many bytes? An empty part takes any. */
bool part_fits(const struct part *p, size_t bytes, uint32_t max_ops);
/* Each is operation `op`. */
void part_insert(struct part *p, uint32_t op, const uint8_t *doc, size_t len);
void part_replace(struct part *p, uint32_t op, const struct value *id,
    const uint8_t *doc, size_t len, bool literal, bool upsert);
void part_delete(struct part *p, uint32_t op, const struct value *id);
/* Closes the command; may be done again with other options. */
struct part_options {
	bool ordered;
	bool bypass_validation;
	bool keep_zero_time; /* the server knows bypassEmptyTsReplacement */
	int64_t txn_number;  /* 0: none */
};
void part_finish(struct part *p, const struct part_options *o, bson_t *command);

#endif
