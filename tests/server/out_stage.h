/* mongosim: the stage $out. */
#ifndef SIM_OUT_STAGE_H
#define SIM_OUT_STAGE_H

#include "cursor.h"

/* The pipeline's last stage, where it is $out: its value. */
bool out_stage_find(const bson_t *pipeline, bson_iter_t *value);
/* All that the cursor would give becomes that collection, by way of a
 * temporary one, as the server does it; the cursor is empty then. */
bool out_stage_run(struct request *r, struct cursor *cur,
    const bson_iter_t *value, bson_error_t *error);

#endif
