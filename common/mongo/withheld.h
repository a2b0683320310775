/* mongo: rights that users and roles which were brought to the target get only
 * when applications may write there: mm_control.withheld, a document each:
 * {_id: {job, kind, db, name}, before: [rights], after: [rights]}.
 *
 * Who makes them (mm-load --users) writes the document first, then the user
 * with the rights of `after` (none, as a rule). mm-switch takes all of a job
 * into its plan of the target (engine/switch_block.h), gives `before` when it
 * opens the target, and removes the documents.
 */
#ifndef MM_MONGO_WITHHELD_H
#define MM_MONGO_WITHHELD_H

#include "mongo/server.h"

/* change: {kind: "user"|"role", db, name, before: [..], after: [..]}, as
 * model/grants.h has it. Once more: the later one counts. */
bool withheld_add(
    struct conn *c, const char *job, const bson_t *change, bson_error_t *error);
/* All of the job as a plan {changes: [..]}, which is initialised in any
 * case. */
bool withheld_read(
    struct conn *c, const char *job, bson_t *plan, bson_error_t *error);
/* Nothing of the job is withheld any longer. */
bool withheld_remove(struct conn *c, const char *job, bson_error_t *error);

#endif
