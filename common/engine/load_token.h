/* engine: the resume token of a load that was not finished (mm-load).
 */
#ifndef MM_ENGINE_LOAD_TOKEN_H
#define MM_ENGINE_LOAD_TOKEN_H

#include "model/ns.h"
#include "mongo/server.h"

/* Of the job by name, or (NULL) of the only one with this selection, as a line
 * to standard output. Status 1 where nothing is there to go on with. */
bool load_token_print(struct conn *c, const char *name,
    const struct ns_rules *rules, bson_error_t *error);

#endif
