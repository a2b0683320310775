/* engine: indexes whose building has been begun, or is about to be: entries of
 * the list of a job (engine/held.h) that say "build", or "replay" where an
 * index of the same name or key may be there that is of a later time. What is
 * listed is built sooner or later, whoever is killed: by the applier that comes
 * next, or by mm-load --finish-indexes.
 */
#ifndef MM_ENGINE_HELD_BUILD_H
#define MM_ENGINE_HELD_BUILD_H

#include "engine/held.h"
#include "mongo/job.h"

bool held_is_build(const struct held *h);
/* Builds what is listed for the namespace and takes it off the list; a TTL
 * index is put to sleep and stays, as "ttl". No other thread may change the
 * list meanwhile. Status 8: the server does not take the index. */
bool held_build(
    struct conn *c, struct job *j, const char *ns, bson_error_t *error);
/* Calls `each` for every namespace that has such an entry; with `unique`, a
 * held-back unique index. */
bool held_each_pending(struct conn *c, struct job *j, bool unique,
    void (*each)(void *arg, const char *ns), void *arg, bson_error_t *error);

#endif
