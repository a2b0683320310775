/* mongosim: local.oplog.rs: the clock, the ring, the entries.
 *
 * The record id of an entry is its timestamp. Fields, order and types are
 * those of the recordings (tests/corpus).
 */
#ifndef SIM_OPLOG_H
#define SIM_OPLOG_H

#include "base/optime.h"
#include "coll.h"

struct bytes {
	const uint8_t *data;
	size_t len;
};

struct log_entry {
	const char *op; /* "i", "u", "d", "c", "n" */
	const char *ns;
	const uint8_t *uuid; /* NULL: none */
	struct bytes o, o2;  /* o2.data NULL: none */
	/* Of a retryable write; lsid.data NULL: none. */
	struct bytes lsid; /* as logged: {id, uid} */
	int64_t txn_number;
	int32_t stmt;
	struct optime previous; /* of the session; OPTIME_NULL: none */
	struct optime pre_image, post_image;
	bool from_migrate;
	bool transaction; /* the entry of one: no stmtId */
};

/* Makes the ring with its first two entries. */
void oplog_init(void);
/* The optime for a write to that collection; OPTIME_NULL where writes are not
 * logged (the database local): such an entry is not written. */
struct optime oplog_begin(const struct coll *c);
/* The next timestamp, greater than all before; unused ones leave no trace. */
struct optime oplog_next(void);
/* Write the entry at that optime (nothing at OPTIME_NULL), which becomes the
 * newest write, and the newest of the majority view unless that is held. */
void oplog_write(const struct log_entry *e, struct optime at);
/* A command entry: ns is DB.$cmd. Returns its optime; OPTIME_NULL for the
 * database local, where nothing is logged. */
struct optime oplog_command(const char *db, const uint8_t *uuid,
    const struct buf *o, const struct buf *o2);
/* An entry with the given fields, then ts, t, wall, v, then `behind` (NULL:
 * nothing): what mongosim does not write itself. Changes no data. */
struct optime oplog_write_as(const bson_t *fields, const bson_t *behind);
/* An entry of another server, as it is. */
void oplog_add(const uint8_t *doc, size_t len, struct optime at, int64_t wall);
/* The entry that sim.hole hid can be seen now. False: there is none. */
bool oplog_fill(void);
/* The ring is empty, for entries of another member from that one on. */
void oplog_clear(struct optime first);
/* The ring holds nothing but a note at that position. */
void oplog_restart(struct optime at);
/* A note with no effect: {msg: TEXT} or a document. */
struct optime oplog_note(const uint8_t *o, size_t len);
/* The ring loses its oldest n entries, but never its newest. */
void oplog_drop_oldest(int64_t n);
/* Writes `periodic noop` when nothing was written for a while. */
void oplog_tick(void);

#endif
