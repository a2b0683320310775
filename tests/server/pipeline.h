/* mongosim: update by pipeline: $set ($addFields), $unset ($project is not),
 * $replaceWith ($replaceRoot). */
#ifndef MM_SIM_PIPELINE_H
#define MM_SIM_PIPELINE_H

#include "base/buf.h"
#include "base/error.h"

bool pipeline_check(const bson_t *stages, bson_error_t *error);
/* Appends what the stages make of before to out. */
bool pipeline_run(const bson_t *stages, const struct buf *before,
    struct buf *out, bson_error_t *error);

#endif
