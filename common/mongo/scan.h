/* mongo: all documents of a collection, or of a range of its `_id`s, in `_id`
 * order or natural order, surviving killed cursors and lost replies.
 *
 * `_id` ranges are half-open [from, to) in the order of the `_id` index and
 * hold for mixed types: index bounds (min, max with hint), never a filter. The
 * last range includes MaxKey (a min without max leaves it out: verified on
 * 4.9). After a lost cursor the scan goes on after the last `_id` given; a
 * natural scan by resume token (4.4+) or from the start, skipping to the last
 * document given (capped collections; fails with 4 when it has been
 * overwritten).
 */
#ifndef MM_MONGO_SCAN_H
#define MM_MONGO_SCAN_H

#include "model/value.h"
#include "mongo/cursor.h"

struct scan_opts {
	const char *db, *coll;
	bool natural;
	bool ids_only; /* documents of nothing but _id: from the index alone */
	const struct value *from, *to; /* NULL: open; _id order only */
	const bson_t *collation;       /* of the collection, NULL: simple */
	const bson_t *query; /* only documents that match it; NULL: all */
	const bson_t *after; /* where another scan had got to (scan_place);
				NULL: from the start */
	int64_t batch_bytes;
	int64_t first_docs, most_docs; /* in a reply, as for a cursor; 0 */
	const char *read_concern;      /* NULL: majority */
};

struct scan;

/* Borrows conn; copies the rest. No I/O yet. */
struct scan *scan_new(struct conn *c, const struct scan_opts *opts);
void scan_free(struct scan *s);
/* 1 a document (view until the next call), 0 the end, -1 error (lasting: a
 * dead collection or too many losses without progress), 2 a stop signal came
 * while reopening. */
int scan_next(struct scan *s, const bson_t **doc, bson_error_t *error);
/* Where another scan may go on so that it gives what follows `last`, which is
 * the last document given or the one before it: after that one, or (natural)
 * up to a reply before it. {"": _id} or a resume token, initialised here.
 * False: at the start. */
bool scan_place(const struct scan *s, const bson_t *last, bson_t *at);
/* Documents still in the reply at hand (0: the next call asks), and its bytes.
 */
size_t scan_buffered(const struct scan *s);
size_t scan_reply_bytes(const struct scan *s);
/* How often it was reopened. */
unsigned scan_reopened(const struct scan *s);

/* Splits the `_id`s of a collection into up to n ranges of about equal size by
 * sampling. bounds: n-1 or fewer inner bounds, each a document {"": value},
 * ascending in the order of the collection's collation; caller destroys each
 * and frees the array. Small collections: 0 bounds. */
bool scan_split(struct conn *c, const char *db, const char *coll, int n,
    bson_t ***bounds, size_t *n_bounds, bson_error_t *error);

#endif
