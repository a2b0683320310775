/* mongo: inside of a scan: what scan.c (cursor after cursor) and scan_place.c
 * (where it is) share. For these only.
 */
#ifndef MM_MONGO_SCAN_WORK_H
#define MM_MONGO_SCAN_WORK_H

#include "mongo/place.h"
#include "mongo/scan.h"

enum stage { STAGE_SCAN, STAGE_MAXKEY, STAGE_END };

struct scan {
	struct conn *c;
	char *db, *coll, *read_concern;
	bool natural, collated, tokens, ids_only;
	int64_t batch_bytes, first_docs, most_docs;
	bson_t *query;       /* NULL: all */
	struct buf from, to; /* {"": value}; empty: open */
	enum stage stage;
	struct cursor *cur;
	struct buf last;    /* `_id` of the last document given, as from */
	bool reopening;     /* the next document may be the last one again */
	struct place token; /* natural: after all documents given */
	struct place prev;  /* after those before the last reply */
	struct place ahead; /* prev, when the reply asked for has come */
	struct buf reply;   /* hashes of what was given of the last reply */
	bool back;          /* reading again from prev */
	bool given_here;    /* this cursor gave a document */
	uint64_t last_hash; /* natural: of the last `_id` given */
	bool given;         /* a document was given */
	bool has_min;       /* the cursor at hand began at a bound */
	unsigned reopened, fruitless;
};

/* {"": value} */
void scan_put_bound(struct buf *b, const struct value *v);
/* False: empty, that is open. */
bool scan_get_bound(const struct buf *b, struct value *v);
/* As if this scan had come there itself; before its first cursor. */
void scan_start_after(struct scan *s, const bson_t *after);

#endif
