/* mongosim: stages that begin a pipeline with documents of their own. */
#ifndef SIM_INFO_STAGE_H
#define SIM_INFO_STAGE_H

#include "request.h"

/* *is: the first stage is one, and docs has what it gives. */
bool info_stage(const struct request *r, const struct coll *c,
    const bson_t *pipeline, struct buf *docs, bool *is, bson_error_t *error);

#endif
