/* engine: what a selection leaves of a group: the flattened operations of one
 * transaction, numbered anew.
 */
#ifndef MM_ENGINE_GROUP_CUT_H
#define MM_ENGINE_GROUP_CUT_H

#include "engine/tail_filter.h"

struct group_cut;

/* Borrows the filter. emit gets each operation that is kept. */
struct group_cut *group_cut_new(
    struct tail_filter *f, tail_emit_fn *emit, void *arg);
void group_cut_free(struct group_cut *g);
/* An operation with its field `txn`. not wanted: the group is only followed to
 * its end. Status 3: another group has no end; 8: as tail_filter_inner, or an
 * operation within an operation. */
bool group_cut_add(struct group_cut *g, const uint8_t *data, size_t len,
    const bson_t *txn, struct optime at, bool wanted, bson_error_t *error);
/* Between the first and the last operation of a group. */
bool group_cut_open(const struct group_cut *g);
/* Status 8: part is an operation within an operation, which no log stream
 * holds. */
bool group_cut_flat(enum tail_part part, struct optime at, bson_error_t *error);

#endif
