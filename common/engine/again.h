/* engine: commands on the target that may be sent twice (create, drop,
 * createIndexes, collMod): whether to send one again after it failed. */
#ifndef MM_ENGINE_AGAIN_H
#define MM_ENGINE_AGAIN_H

#include "mongo/server.h"

/* True after a while when no answer came or the server is changing roles, and
 * tries (0 at first) are not used up. False at once for any other failure, and
 * after a stop signal. */
bool again(struct conn *c, const bson_error_t *error, unsigned *tries);
/* The two parts of it: the failure of the last command is of that kind; the
 * while, false: no try is left. */
bool again_lost(const struct conn *c, const bson_error_t *error);
bool again_wait(const bson_error_t *error, unsigned *tries);

#endif
