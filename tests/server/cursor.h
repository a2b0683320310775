/* mongosim: cursors: where a read stands between two batches.
 *
 * A scan keeps the key of the last document it looked at and seeks behind it
 * at the next batch, so nothing of it dangles when data change meanwhile. A
 * sorted or aggregated read is made whole at once and handed out from memory.
 */
#ifndef SIM_CURSOR_H
#define SIM_CURSOR_H

#include "plan.h"
#include "request.h"

struct cursor {
	int64_t id; /* 0: not registered */
	char *ns;
	uint8_t uuid[16];
	bool has_coll; /* false: the collection is not there */
	const struct user *owner;

	struct plan plan;
	bson_t filter, projection; /* own copies */
	bool project, majority, tailable, await, show_rid, token;
	uint64_t at; /* every batch is of that time; 0: of its own */
	bool in_use;
	int64_t skip, limit; /* still to do; limit -1: none */

	bool placed; /* last_rid, last_id hold a position */
	int64_t last_rid;
	struct buf last_id;
	size_t points_done;
	bool eof;

	bool list;       /* from memory: */
	struct buf docs; /* concatenated documents */
	size_t docs_at;
	int64_t batches; /* handed out, for the fault killCursors */
	struct cursor *next;
};

struct cursor *cursor_new(const char *ns, const struct coll *c);
/* Reads as the read concern of the command says. */
void cursor_reads_as(struct cursor *cur, const struct request *r);
/* view_now() of its read concern. */
uint64_t cursor_view(const struct cursor *cur);
void cursor_free(struct cursor *cur);
/* Give it an id and keep it. */
void cursor_register(struct cursor *cur);
struct cursor *cursor_find(int64_t id);
/* Take it off the books and free it; false: no such cursor. */
bool cursor_kill(int64_t id);
/* All that have handed out at least that many batches; how many there were.
 * ns NULL: of every namespace. */
int64_t cursor_kill_all(int64_t min_batches, const char *ns);

struct batch {
	int64_t max_docs; /* -1: no limit; 0: none */
	int64_t n;
	size_t bytes;
};

#define BATCH_BYTES (16 * 1024 * 1024)

/* Appends documents to an open array in `out` until the batch is full (16
 * MiB), the limit reached or the end (cur->eof). c may be NULL (list). */
bool cursor_fill(struct cursor *cur, const struct coll *c, struct batch *batch,
    struct buf *out, bson_error_t *error);

/* Run a plan to its end over the newest state or a view; each returns false
 * to stop. The collection must not change meanwhile. */
typedef bool each_doc(void *ctx, const struct doc *d);
bool scan_each(const struct coll *c, const struct plan *plan,
    const bson_t *filter, uint64_t view, each_doc *each, void *ctx,
    bson_error_t *error);

#endif
