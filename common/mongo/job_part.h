/* mongo: jobs whose copy is a part of a collection only (mm-dump --query): no
 * log can keep it up to date, and it must not pass for the whole.
 */
#ifndef MM_MONGO_JOB_PART_H
#define MM_MONGO_JOB_PART_H

#include "mongo/server.h"

/* False, status 8: the copy of the job with this document is a part. */
bool job_doc_whole(const bson_t *doc, bson_error_t *error);
/* The same by name; no such job: true. */
bool job_whole(struct conn *c, const char *name, bson_error_t *error);
/* Calls `each` for every namespace of the target that holds a part, until it
 * says false; for none where jobs may not be read. */
bool job_each_part(struct conn *c,
    bool (*each)(void *arg, const char *ns, const char *job), void *arg,
    bson_error_t *error);

#endif
