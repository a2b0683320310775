/* mongo: a raw-command cursor: find and getMore as we write them.
 *
 * The driver's own cursor drops atClusterTime, refuses `$_` options, hides
 * resume tokens, and leaves a batch out after a lost getMore reply. Here any
 * getMore without a reply ends the cursor (CURSOR_LOST); the caller reopens
 * from its last key or position.
 */
#ifndef MM_MONGO_CURSOR_H
#define MM_MONGO_CURSOR_H

#include "mongo/server.h"

struct cursor_opts {
	const char *db, *coll;
	const bson_t *filter; /* NULL: all */
	const bson_t *more;   /* further fields of the find command: sort,
				 hint, min, max, collation, $_resumeAfter,
				 showRecordId ...; NULL: none */
	int64_t batch_bytes;  /* wanted size of a reply; 0: 1 MiB. The number
				 of documents is adapted while reading */
	int64_t first_docs;   /* documents in the first reply; 0: 100 */
	int64_t most_docs;    /* in any reply; 0: as many as fit */
	int64_t limit;        /* 0: none */
	const char *read_concern; /* NULL: majority; "local", ... */
	bool tailable;            /* with awaitData */
	int64_t await_ms; /* maxTimeMS of a getMore on a tail; 0: 1000 */
};

struct cursor;

enum cursor_got {
	CURSOR_ERROR = -1, /* fatal: error is set */
	CURSOR_END = 0,
	CURSOR_DOC = 1,
	CURSOR_LOST = 2, /* killed, dead, or a reply did not come: reopen;
			    error says why. Code 136: position fell off */
	CURSOR_WAIT = 3  /* tailable: nothing new within await_ms */
};

/* Borrows conn and the strings for its life; copies filter and more. No I/O
 * yet. */
struct cursor *cursor_new(struct conn *c, const struct cursor_opts *opts);
/* The same for another command that answers with a cursor (listCollections,
 * listIndexes, aggregate ...); `command` is copied and sent as it is. */
struct cursor *cursor_new_command(
    struct conn *c, const char *db, const bson_t *command);
/* Kills the server's cursor if it is open. */
void cursor_free(struct cursor *cur);
/* doc: a view, valid until the next call on this cursor. */
enum cursor_got cursor_next(
    struct cursor *cur, const bson_t **doc, bson_error_t *error);
/* Number of documents still in the reply at hand (0: next call asks). */
size_t cursor_buffered(const struct cursor *cur);
/* Bytes of the reply at hand. */
size_t cursor_reply_bytes(const struct cursor *cur);
/* postBatchResumeToken of the last reply, or NULL. */
const bson_t *cursor_resume_token(const struct cursor *cur);

/* One document or none: 1, 0, -1 error. Retried like conn_read. doc is
 * initialised in every case. */
int cursor_one(struct conn *c, const struct cursor_opts *opts, bson_t *doc,
    bson_error_t *error);

#endif
