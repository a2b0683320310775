/* engine: which collection (UUID) the entries of a log are about.
 *
 * A name that goes over to another collection does so by a change of the
 * catalog, which is in the log. When it does so without one, the log is not
 * whole: what was in the collection before is not what the entries expect.
 * Known from what this run has read, so of a log that begins in between it is
 * not seen.
 */
#ifndef MM_ENGINE_APPLY_UUID_H
#define MM_ENGINE_APPLY_UUID_H

#include "model/entry.h"

struct apply_uuids;

struct apply_uuids *apply_uuids_new(void);
void apply_uuids_free(struct apply_uuids *u);
/* An i, u or d. Status 8: of another collection than the one before. Entries
 * without UUID (other stores, old servers) are never refused. */
bool apply_uuids_check(
    struct apply_uuids *u, const struct entry *e, bson_error_t *error);
/* An entry that was handled before: keeps its UUID in mind. */
void apply_uuids_note(struct apply_uuids *u, const struct entry *e);
/* The catalog changes under these names (a namespace or a database; may be
 * empty). */
void apply_uuids_forget(struct apply_uuids *u, const char *ns);

#endif
