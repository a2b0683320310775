/* engine: commands of a log, and documents that stand for commands.
 *
 * No command runs as it came: `create` is carried out through the catalog,
 * every other one that changes something is refused by name and position.
 */
#ifndef MM_ENGINE_APPLY_DDL_H
#define MM_ENGINE_APPLY_DDL_H

#include "engine/target.h"
#include "model/entry.h"

/* A command that changes nothing that is kept: beginnings and ends of index
 * builds that were given up, health checks. */
bool apply_ddl_harmless(const struct entry *e);
/* Carries the command out; all lanes stand still. Status 8 otherwise. */
bool apply_ddl_run(struct conn *c, struct targets *targets,
    const struct entry *e, bson_error_t *error);
/* Status 8 where an i, u or d stands for a command (a view is a document of
 * system.views). */
bool apply_ddl_plain(const struct entry *e, bson_error_t *error);

#endif
