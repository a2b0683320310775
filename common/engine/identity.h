/* engine: whether a job and a stream belong together. */
#ifndef MM_ENGINE_IDENTITY_H
#define MM_ENGINE_IDENTITY_H

#include "engine/grant.h"

/* `job`: its document; `source`: of the stream's header. Status 8: another
 * source set, selection or mapping. What the job has not yet fits. */
bool identity_check(const bson_t *job, const bson_t *source,
    const struct grant *g, bson_error_t *error);

/* Two `source` documents name one replica set, as far as both know it. */
bool identity_same(const bson_t *a, const bson_t *b);

#endif
