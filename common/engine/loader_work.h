/* engine: inside of a loader: what loader.c (in any order), loader_order.c (in
 * order) and loader_kept.c (beside documents of others) share. For these only.
 */
#ifndef MM_ENGINE_LOADER_WORK_H
#define MM_ENGINE_LOADER_WORK_H

#include "engine/loader.h"

struct loader_to {
	const char *ns;
	bool kept;
};

struct piece {
	const uint8_t *doc;
	uint32_t len;
	bool replace; /* in order: it is there */
};

struct loader {
	struct conn *conn;
	struct standing *standing;
	struct bulk *bulk;
	struct piece *todo; /* n of them are still to be written */
	size_t n, cap;
	struct piece *stood; /* with the same `_id`; n_stood of them */
	size_t n_stood, cap_stood;
	unsigned tries; /* without a step forward */
	bool whole;     /* no document was left out */
};

/* What is in a block becomes todo. Status 8: one has no `_id`. */
bool loader_collect(
    struct loader *l, const struct block_view *block, bson_error_t *error);
/* After a try that brought nothing. False: stop, or no hope is left. */
bool loader_pause(struct loader *l, bson_error_t *error);
/* Status 8: the target does not take todo[e->index]; always false. */
bool loader_refused(
    const struct loader *l, const struct bulk_error *e, bson_error_t *error);
void loader_id(const struct piece *p, struct value *id);

/* Beside documents of others. */

/* Remembers a document whose `_id` another one has. */
void loader_note_stood(struct loader *l, const struct piece *p);
/* What was remembered is settled as standing_how says, unless it is to be
 * replaced: then it stays. */
bool loader_settle(
    struct loader *l, const struct loader_to *to, bson_error_t *error);
/* Another document has its unique key: false when that ends the load. */
bool loader_leave_out(struct loader *l, const struct loader_to *to,
    const struct piece *p, const char *why, bson_error_t *error);
/* Looks which of todo have their `_id` on the target already: these are settled
 * and taken out, or marked as such that are to be replaced. */
bool loader_sift(
    struct loader *l, const struct loader_to *to, bson_error_t *error);

#endif
