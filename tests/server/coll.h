/* mongosim: one collection: documents, natural order, indexes.
 *
 * A document is one block of memory: header and raw bytes, never changed in
 * place. A version that an older view may ask for (history.h) stays chained
 * behind the newer one, and a removed document stays as a tombstone (len 0) in
 * every order, so that a read in such a view finds what was there.
 */
#ifndef SIM_COLL_H
#define SIM_COLL_H

#include "base/error.h"
#include "base/buf.h"
#include "order.h"

struct doc {
	int64_t rid;
	uint64_t ts; /* of the write that made it */
	struct doc *older;
	uint32_t len; /* 0: removed */
	uint8_t data[];
};

struct unique; /* an enforced unique index: unique.h */

struct index {
	bson_t *spec;          /* as listIndexes shows it */
	const char *name;      /* inside spec */
	struct unique *unique; /* NULL: not enforced, or not unique */
};

enum latency { OF_READS, OF_WRITES, OF_COMMANDS, OF_TRANS, N_LATENCIES };

struct coll {
	char *ns;
	const char *name; /* inside ns, behind the database */
	size_t db_len;
	uint8_t uuid[16];
	bson_t options;   /* as listCollections shows them */
	uint64_t owner;   /* mark of the one transaction that may write; 0 */
	uint64_t visible; /* catalog change: no majority read before it */
	const struct collator *collator; /* of options; NULL: simple */
	uint64_t serial;                 /* of this process; never used again */
	bool capped, is_oplog, has_id, clustered;
	int64_t cap_size, cap_max;

	struct order natural; /* struct doc by rid */
	struct order by_id;   /* struct doc by _id; empty where !has_id */
	struct index *index;  /* the first is _id_, where has_id */
	size_t n_indexes;
	int64_t next_rid;
	int64_t head;          /* capped: no document before that record id */
	int64_t n_docs, bytes; /* without tombstones */
	uint64_t changes;      /* so far */
	struct {
		int64_t micros, ops;
	} latency[N_LATENCIES];
};

/* Timestamps from here on are marks of open transactions: seen by no other
 * (trans.h). */
#define MARK_BASE UINT64_C(0xffffffff00000000)

/* View of a read: the newest state, or that at a timestamp. */
#define VIEW_LOCAL UINT64_MAX

struct coll *coll_new(const char *db, const char *name, const bson_t *options);
void coll_free(struct coll *c);
void coll_set_name(struct coll *c, const char *db, const char *name);
/* Adopt the options: capped, size, max. */
void coll_set_options(struct coll *c, const bson_t *options);

/* What the view shows of an item of an order; NULL: nothing. */
const struct doc *coll_visible(const struct doc *d, uint64_t view);
/* The _id of a document in a collection that has one. */
void doc_id(const struct doc *d, struct value *id);
/* The key of an _id in by_id, valid until the next is made. */
void coll_id_key(
    const struct coll *c, const struct value *id, int64_t rid, struct key *key);
/* What the view shows of an _id; NULL: nothing. */
const struct doc *coll_id_visible(
    const struct coll *c, const struct value *id, uint64_t view);
/* The newest document of that _id; NULL: none. */
struct doc *coll_by_id(const struct coll *c, const struct value *id);

/* Each of these is one write at timestamp ts, done whole or not at all. The
 * codes are the server's (11000: info holds keyPattern and keyValue). rid 0:
 * the next one. Capped collections drop their oldest. */
bool coll_insert(struct coll *c, const uint8_t *doc, size_t len, uint64_t ts,
    int64_t rid, struct buf *info, bson_error_t *error);
/* d is freed or chained; returns the new document, NULL on error. */
struct doc *coll_update(struct coll *c, struct doc *d, const uint8_t *doc,
    size_t len, uint64_t ts, struct buf *info, bson_error_t *error);
void coll_remove(struct coll *c, struct doc *d, uint64_t ts);
/* Would coll_insert or coll_update (old != NULL) be refused? */
bool coll_check(const struct coll *c, const uint8_t *doc, size_t len,
    const struct doc *old, struct buf *info, bson_error_t *error);
/* Forget all documents, at once and in every view. */
void coll_clear(struct coll *c);
/* Is there a document of that _id with the mark of another transaction? */
bool coll_id_marked(const struct coll *c, const struct value *id);
/* The version with that mark gets the timestamp; 0: it goes. */
void coll_finish(struct coll *c, int64_t rid, uint64_t mark, uint64_t ts);
/* Back to the version of that time, or to none. */
void coll_revert(struct coll *c, struct doc *d, uint64_t ts);
void coll_revert_all(struct coll *c, uint64_t ts);
/* No view asks for what that record was before the time: forget it. */
void coll_trim(struct coll *c, int64_t rid, uint64_t oldest);

#endif
