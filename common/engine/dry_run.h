/* engine: a log looked at instead of applied (mm-oplog-apply --dryRun).
 *
 * Walks it as the applier does, with the same judgement of each entry, and
 * writes a line for each one that would be refused or left out:
 *   POSITION <tab> NAMESPACE <tab> refused|skipped <tab> reason
 * and a last line with what there was of each kind. What only shows on the
 * target (duplicate keys, validators, collections of others) is not known.
 */
#ifndef MM_ENGINE_DRY_RUN_H
#define MM_ENGINE_DRY_RUN_H

#include "engine/apply_ddl.h"
#include "engine/apply_plan.h"

struct dry_run_opts {
	struct apply_plan *plan; /* read */
	struct conn *conn;       /* the target; NULL: none is asked */
	enum ddl_mode ddl;
	struct optime until; /* as apply_opts */
	int fd;              /* for the lines */
	const char *name;
};

/* False: the input is damaged, or error says what is wrong. *refused: applying
 * it would end at a line that is listed. With a target the job, which must be
 * there and fit, says what is applied already. */
bool dry_run(
    const struct dry_run_opts *opts, bool *refused, bson_error_t *error);

#endif
