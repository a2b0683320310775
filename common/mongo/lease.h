/* mongo: the lease on a job document; private to job.
 */
#ifndef MM_MONGO_LEASE_H
#define MM_MONGO_LEASE_H

#include "mongo/driver.h"

struct lease;

/* Takes the lease of job `name`, whose document is made when it is not there.
 * Refused (8): held by another. doc: the document as it stands then (owned).
 * Starts the thread that renews it. */
struct lease *lease_take(struct conn *c, const char *name, const char *tool,
    bson_t *doc, bson_error_t *error);
/* Whether the writer that a job's document names may still write. */
bool lease_held(
    struct conn *c, const bson_t *doc, bool *held, bson_error_t *error);
/* Ends the thread, gives the lease back (best effort), frees. */
void lease_give(struct lease *l);
/* It was taken by another, or could not be renewed for its whole length. */
bool lease_lost(struct lease *l);
void lease_note_lost(struct lease *l);
/* {_id, writer.epoch}: filter of every write under this lease. Appended. */
void lease_guard(const struct lease *l, bson_t *q);

#endif
