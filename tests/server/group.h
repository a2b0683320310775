/* mongosim: the stage $group with the accumulators $sum, $min and $max;
 * others are refused. */
#ifndef SIM_GROUP_H
#define SIM_GROUP_H

#include "base/buf.h"
#include "base/error.h"

/* Concatenated documents -> one document a group, in order of appearance. */
bool group_docs(struct buf *docs, const bson_t *spec, bson_error_t *error);

#endif
