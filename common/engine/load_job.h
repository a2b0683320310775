/* engine: the job of a load: opened, cleared of what an earlier try left, and
 * begun (mm-load). */
#ifndef MM_ENGINE_LOAD_JOB_H
#define MM_ENGINE_LOAD_JOB_H

#include "engine/grant.h"
#include "mongo/job.h"

/* Whether the stream goes on with a load that was begun before. */
bool load_resumes(const bson_t *head);
/* `head`: the stream record. name NULL: as the stream says, else by default.
 * An unfinished load of the job is dropped; a finished one too with `drop`,
 * else it is refused (8), as is a job of another source or selection, and one
 * that was switched. A stream that goes on with a load takes it as it is; 8
 * when the job has not that one. NULL: error is set. */
struct job *load_job_begin(struct conn *c, const char *name, const bson_t *head,
    const struct grant *g, bool drop, bson_error_t *error);

/* The name alone; text holds SHA256_TEXT bytes. */
const char *load_job_name(const char *name, const bson_t *head,
    const bson_t *source, const struct grant *g, char *text);
/* Those of the end record of a whole stream. *from and *read_from: as in the
 * header, unless it did not know them. */
bool load_positions(const bson_t *end, struct optime *read_from,
    struct optime *from, struct optime *to, bson_error_t *error);

#endif
