/* engine: which namespaces of the target belong to other jobs (mm-load). What
 * one job may drop must never be loaded by another. */
#ifndef MM_ENGINE_OWNERS_H
#define MM_ENGINE_OWNERS_H

#include "mongo/server.h"

struct owners;

/* Reads what all jobs but `job` own. NULL: error is set. */
struct owners *owners_read(
    struct conn *c, const char *job, bson_error_t *error);
void owners_free(struct owners *o);
/* The job that owns the namespace, or NULL. */
const char *owners_of(const struct owners *o, const char *ns);

#endif
