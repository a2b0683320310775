/* engine: comparing the documents of one pair of collections, or of one range
 * of their _ids: three methods, all exact and of constant memory.
 *
 * merge: both sides in the order of _id, one step at a time: one read of each
 * side. Needs that both sides have the order that value_cmp knows.
 * lookup: each side is read once, and the other is asked for its _ids by $in:
 * needs no order, so it serves every collation.
 * sequence: natural order (capped collections), unequal places looked up.
 */
#ifndef MM_ENGINE_COMPARE_TASK_H
#define MM_ENGINE_COMPARE_TASK_H

#include "base/buf.h"
#include "engine/compare_pair.h"
#include "engine/throttle.h"
#include "mongo/scan.h"

enum compare_got {
	COMPARE_FAILED = -1, /* error is set, with the status of the side */
	COMPARE_DONE = 0,
	COMPARE_STOPPED = 2 /* a stop signal, or *abort turned true */
};

/* A difference in documents. missing, extra: the other document is NULL. The
 * views die with the call. False ends the comparison with that error. */
typedef bool compare_found_fn(void *arg, enum diff_class class,
    const bson_t *source, const bson_t *target, bson_error_t *error);

struct compare_task {
	struct pair *pair;
	struct conn *source, *target;
	const struct value *from, *to; /* [from, to) of _id, NULL: open */
	compare_found_fn *found;
	void *arg;
	const atomic_bool *abort;
	struct throttle *throttle; /* what is read from the source */
};

enum compare_got compare_merge(
    const struct compare_task *task, bson_error_t *error);
enum compare_got compare_lookup(
    const struct compare_task *task, bson_error_t *error);
enum compare_got compare_sequence(
    const struct compare_task *task, bson_error_t *error);

/* ---- for the methods ---- */

/* One side of a pair while it is read. */
struct compare_side {
	const struct compare_task *task;
	struct scan *scan; /* NULL: the collection is not there */
	const bson_t *doc; /* the current one; NULL at the end */
	struct value id;   /* its _id */
	struct buf last;   /* type byte and bytes of the _id before */
	bool ordered;      /* check that _ids ascend */
	_Atomic int64_t *docs, *bytes; /* of the tally */
	_Atomic uint64_t *sum;
	int64_t new_docs, new_bytes; /* not in it yet */
	uint64_t new_sum;
	size_t unpaid; /* bytes not told to the throttle; source only */
};

enum compare_which { COMPARE_SOURCE, COMPARE_TARGET };

/* Prepares reading; nothing is read. natural: the whole in natural order. */
void compare_side_init(struct compare_side *s, const struct compare_task *task,
    enum compare_which which, bool natural, bool ordered);
/* The next document into s->doc, NULL at the end. Status 8 where `ordered` is
 * violated. */
enum compare_got compare_side_next(struct compare_side *s, bson_error_t *error);
void compare_side_release(struct compare_side *s);

/* The document with this _id on that side at majority: 1, 0 none, -1 error.
 * doc is initialised in every case. */
int compare_find(const struct compare_task *task, enum compare_which which,
    const struct value *id, bson_t *doc, bson_error_t *error);

/* Byte for byte. */
bool compare_same(const bson_t *a, const bson_t *b);
/* Appends a value under a name. */
void compare_append_value(bson_t *doc, const char *name, const struct value *v);

#endif
