/* engine: the namespaces an applier writes: what each is called on the target,
 * and how its entries must be ordered there.
 */
#ifndef MM_ENGINE_TARGET_H
#define MM_ENGINE_TARGET_H

#include <stdatomic.h>

#include "base/optime.h"
#include "engine/grant.h"
#include "mongo/catalog.h"
#include "mongo/job.h"

enum target_order {
	ORDER_ID,       /* only entries of one _id keep their order */
	ORDER_ALL,      /* a unique index is enforced: log order, one lane */
	ORDER_CAPPED,   /* capped: log order, one lane */
	ORDER_COLLATED, /* _id has a collation: log order, one by one */
};

struct target {
	char source[NS_MAX + 1]; /* name in the stream */
	char ns[NS_MAX + 1];     /* name on the target */
	uint64_t hash;           /* of ns */
	enum target_order order;
	atomic_uint typical; /* bytes of a document, as seen lately */
	atomic_bool large;   /* documents above 1 MiB were seen */
	bool stale;          /* the catalog changed since it was read */
	struct target *next;
};

struct targets;

/* Borrows all. What is found becomes the job's, in its books, before anything
 * is written to it: not every log tells that a collection was made. */
struct targets *targets_new(
    struct conn *c, const struct grant *grant, struct job *job);
void targets_free(struct targets *t);
/* Status 8: outside the filters of its stream, another job's, or something that
 * cannot be written; position `at` is for the message. The result lives as long
 * as t. Reads the target's catalog when a name is met for the first time. */
struct target *targets_find(
    struct targets *t, const char *ns, struct optime at, bson_error_t *error);
/* The catalog of this namespace, or of this database, changed: it is learnt
 * anew when it is found the next time. No lane may be at work on it. */
void targets_changed(struct targets *t, const char *ns);
/* While a unique index is being built: log order in one lane, whatever the
 * catalog says; else by the catalog, which is learnt anew. As targets_changed.
 */
void targets_one_lane(struct targets *t, const char *ns, bool on);

#endif
