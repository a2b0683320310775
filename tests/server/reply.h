/* mongosim: cursor replies, field by field as the server has them. */
#ifndef SIM_REPLY_H
#define SIM_REPLY_H

#include "cursor.h"

struct batch_out {
	size_t cursor, array;
};

/* {cursor: {NAME: [ ... documents go here. */
void reply_open(struct request *r, const char *name, struct batch_out *o);
/* ... ], postBatchResumeToken?, id, ns}}. */
void reply_close(
    struct request *r, const struct batch_out *o, const struct cursor *cur);

/* The whole reply of a new cursor, which is registered, or freed when there
 * is no more. max_docs -1: the server's default. */
bool reply_first_batch(struct request *r, struct cursor *cur,
    const struct coll *c, int64_t max_docs, bool single, bson_error_t *error);
/* Nothing there: the server words this one in another order. */
bool reply_nothing(struct request *r, const char *ns);

#endif
