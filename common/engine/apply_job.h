/* engine: a log and the job it is applied for.
 */
#ifndef MM_ENGINE_APPLY_JOB_H
#define MM_ENGINE_APPLY_JOB_H

#include "engine/grant.h"
#include "mongo/job.h"
#include "stream/record.h"

/* The name of the job that a stream with this header belongs to: `name` when
 * it is given, else the header's own, else by source and selection. text holds
 * SHA256_TEXT bytes and may be what is returned. NULL: error is set. */
const char *apply_job_name(const char *name, const bson_t *head,
    const struct grant *g, char *text, bson_error_t *error);
/* Where a tail has to go on for a job, without its lease: by name, or (NULL)
 * the only job on the target that has exactly this selection and mapping.
 * Status 8: there is none, several, or it has no position yet. */
bool apply_job_position(struct conn *c, const char *name,
    const struct ns_rules *rules, struct optime *from, bson_error_t *error);
/* The name of that job; caller frees with bson_free. */
char *apply_job_find(struct conn *c, const char *name,
    const struct ns_rules *rules, bson_error_t *error);
/* Status 8: nothing can be applied to an open job in this phase. */
bool apply_job_ready(const struct job *j, bson_error_t *error);
/* Takes the lease. Refused (8): not loaded, switched already, or another
 * writer. */
struct job *apply_job_open(
    struct conn *c, const char *name, bson_error_t *error);
/* Status 8: the stream is of another kind, source set or selection than the
 * job whose document this is. */
bool apply_job_check(const bson_t *job, enum stream_kind kind,
    const bson_t *head, const struct grant *g, bson_error_t *error);

#endif
