/* base: a position in an oplog: timestamp and election term. */
#ifndef MM_BASE_OPTIME_H
#define MM_BASE_OPTIME_H

#include <bson/bson.h>

struct optime {
	uint32_t secs; /* timestamp, seconds since 1970 */
	uint32_t inc;  /* timestamp, increment within the second */
	int64_t term;  /* -1: not known (matches every term) */
};

#define OPTIME_NULL ((struct optime){0, 0, -1})
#define OPTIME_TEXT 48 /* bytes that hold any optime_text */

/* True where no position is held (timestamp 0:0). */
bool optime_is_null(struct optime o);
/* By timestamp alone: <0, 0, >0. One timestamp of one set's oplog stands for
 * one entry; the term only tells whether history was rewritten. */
int optime_cmp(struct optime a, struct optime b);
/* Same timestamp, and same term where both are known. */
bool optime_same(struct optime a, struct optime b);
struct optime optime_max(struct optime a, struct optime b);

/* `SECONDS:INCREMENT:TERM`, or `SECONDS:INCREMENT` where the term is unknown;
 * text must hold OPTIME_TEXT bytes; returns text. */
const char *optime_text(struct optime o, char *text);
/* Takes SECONDS:INCREMENT:TERM, SECONDS:INCREMENT, and ISO 8601 times
 * (2026-11-22T10:00:00Z, with increment 0, meaning the start of the second).
 * Status 2 otherwise. */
bool optime_parse(const char *text, struct optime *o, bson_error_t *error);

/* {ts: Timestamp, t: int64} as value of `key`. */
void optime_append(bson_t *doc, const char *key, struct optime o);
/* The fields ts and t of a document (an oplog entry, a control record); t
 * may be missing (term -1) and of any integer type. False: no ts. */
bool optime_of(const bson_t *doc, struct optime *o);
/* The same for the embedded document `key`. */
bool optime_read(const bson_t *doc, const char *key, struct optime *o);

#endif
