/* model: one oplog entry, and what it does to one document.
 *
 * A log stream holds entries byte for byte as the server wrote them, and the
 * operations of transactions flattened: inner fields plus the ts, t and wall
 * of the commit and txn:{i[,last:true]}.
 */
#ifndef MM_MODEL_ENTRY_H
#define MM_MODEL_ENTRY_H

#include "base/buf.h"
#include "base/error.h"
#include "base/optime.h"
#include "model/delta.h"
#include "model/value.h"

enum entry_op {
	ENTRY_INSERT,  /* i */
	ENTRY_UPDATE,  /* u */
	ENTRY_DELETE,  /* d */
	ENTRY_COMMAND, /* c */
	ENTRY_NOOP,    /* n, db, and internal kinds that the tail skips */
};

/* Views into the bytes that were parsed; valid as long as those are. For the
 * stack: bson_t wants an alignment that bson_malloc does not give. */
struct entry {
	const uint8_t *raw;
	uint32_t raw_len;
	struct optime at;
	enum entry_op op;
	const char *ns;
	const char *coll; /* in ns, after the first dot; "" if none */
	uint32_t db_len;
	bson_t o, o2;      /* static; o2.len == 0 when there is none */
	const uint8_t *ui; /* 16 bytes of UUID, or NULL */
	int64_t wall;      /* ms since 1970, 0: none */
	bool from_migrate;
	bool upsert;         /* b:true on u */
	const char *command; /* c: name, first field of o; else NULL */
	int32_t txn_index;   /* -1: not part of a transaction */
	bool txn_last;       /* last of its group */
	bool txn_pending;    /* applyOps with partialTxn or prepare */
	struct value lsid, txn_number, prev; /* type 0: absent */
};

/* Status 8: not an entry (field missing or of another type, v other than 2,
 * unknown op, tid): the message names the field and the position. Internal
 * kinds (xi xd ci cu cd km) become ENTRY_NOOP. */
bool entry_parse(
    const uint8_t *data, size_t len, struct entry *e, bson_error_t *error);
/* An operation inside applyOps: has no ts, t and v of its own; they are those
 * of `outer`. */
bool entry_parse_inner(const uint8_t *data, size_t len,
    const struct entry *outer, struct entry *e, bson_error_t *error);
/* The key an i, u or d acts on: o2._id for u, o._id otherwise. Status 8 where
 * it is missing. */
bool entry_key(const struct entry *e, struct value *id, bson_error_t *error);
/* Local, config and admin data, system.profile, resharding and dropped
 * collections: never part of a selection. */
bool entry_ns_internal(const char *ns);

enum entry_effect {
	EFFECT_STORED,  /* out holds the document after the entry */
	EFFECT_DELETED, /* there is no document after the entry */
	EFFECT_NONE     /* nothing to do (delta or delete without document) */
};

/* How far the document at hand was from what the entry expects: replay rules
 * absorb all of these, strict rules count them. */
struct entry_note {
	bool existed; /* i: the _id was there (with other content) */
	bool missing; /* u or d: no document */
	struct delta_note delta;
};

/* One i, u or d entry applied to the document `pre` (NULL: none), by the
 * rules of replay (oplog, idempotent application): insert replaces, a
 * replacement upserts, a delta without document does nothing. Pure; out is
 * appended to only with EFFECT_STORED. Status 8: malformed update. */
bool entry_apply(const struct entry *e, const bson_t *pre, struct buf *out,
    enum entry_effect *effect, struct entry_note *note, bson_error_t *error);

#endif
