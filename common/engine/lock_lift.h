/* engine: lifting locks of a member; private to dump_lock.
 */
#ifndef MM_ENGINE_LOCK_LIFT_H
#define MM_ENGINE_LOCK_LIFT_H

#include "mongo/server.h"

/* Until the count is 0; tries for ten seconds, stop signals or not. */
bool lock_lift_all(struct conn *c, bson_error_t *error);
/* What a killed run has left on the member is lifted. Status 8: it is locked by
 * somebody else. note: lock_note_path. */
bool lock_lift_leftover(
    struct conn *c, const char *me, const char *note, bson_error_t *error);

#endif
