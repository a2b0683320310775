/* mongo: writes of many documents to one collection of the target.
 *
 * Always: validate:false, bypassDocumentValidation, w:majority j:true,
 * wtimeout 60 s, the conn's explicit session (so that a write that hung and
 * arrives late is refused by the server). Documents are sent byte for byte:
 * names with `$` or dots, empty names, Timestamp(0,0) at top level (oplog 7.6)
 * included.
 */
#ifndef MM_MONGO_BULK_H
#define MM_MONGO_BULK_H

#include "model/value.h"
#include "mongo/server.h"

struct bulk;

enum bulk_outcome {
	BULK_CLEAN,   /* everything acknowledged by a majority */
	BULK_ERRORS,  /* acknowledged, but the listed operations were refused;
			 unordered: all others are done; ordered: all before
			 the first are done, none after */
	BULK_UNKNOWN, /* write concern error or no reply: read again, send
			 again; error is set */
	BULK_FAILED   /* nothing more can be expected: error is set */
};

struct bulk_error {
	size_t index; /* of the operation, in the order of adding */
	int32_t code;
	char message[256];
	bool duplicate;    /* 11000 */
	bool duplicate_id; /* that, on the _id index */
};

/* Reusable; ns "db.coll" is copied. */
struct bulk *bulk_new(struct conn *c);
void bulk_free(struct bulk *b);
/* Start over for this namespace. */
void bulk_begin(struct bulk *b, const char *ns, bool ordered);
/* Copies doc. */
void bulk_insert(struct bulk *b, const uint8_t *doc, size_t len);
/* Replace (upsert) the document whose _id equals that of doc. */
void bulk_replace(struct bulk *b, const uint8_t *doc, size_t len);
void bulk_delete(struct bulk *b, const struct value *id);
size_t bulk_count(const struct bulk *b);
size_t bulk_bytes(const struct bulk *b);
/* Sends what was added (split as the server's limits demand), and starts over
 * for the same namespace. errors: in order of index, view until the next call.
 * A command without an answer was sent again under its transaction number for
 * some 30 s before this says BULK_UNKNOWN. Without the right to
 * bypassDocumentValidation the target's validators are asked (121). */
enum bulk_outcome bulk_run(struct bulk *b, const struct bulk_error **errors,
    size_t *n_errors, bson_error_t *error);

/* Documents of the `_id`s from the target at majority, primary, by find with
 * $in: for each found document calls `found`, again for the same one when a
 * cursor was lost on the way (the later call counts). Status 5. */
typedef void bulk_found_fn(void *arg, const bson_t *doc);
bool bulk_read_ids(struct conn *c, const char *ns, const struct value *ids,
    size_t n, bulk_found_fn *found, void *arg, bson_error_t *error);

#endif
