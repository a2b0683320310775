/* engine: the loop of mm-oplog-apply: a log into the lanes.
 *
 * Takes streams of kind oplog of the job's own source set and selection that
 * begin at or before what is reached; skips whole groups that are reached
 * already; gives i, u and d to the lanes, makes changes of the catalog, and
 * names the boundaries that a checkpoint may stand at.
 */
#ifndef MM_ENGINE_APPLY_H
#define MM_ENGINE_APPLY_H

#include "engine/apply_ddl.h"
#include "engine/apply_input.h"
#include "engine/grant.h"
#include "mongo/job.h"
#include "mongo/server.h"

struct apply_opts {
	struct apply_input *input;
	struct server *server;
	struct conn *conn; /* for the catalog */
	struct job *job;   /* open, loaded */
	const struct grant *grant;
	int workers, batch_ops;
	struct optime until; /* inclusive, whole groups; null: none */
	int64_t exit_lag_ms; /* -1: none */
	enum ddl_mode ddl;
	const char *ledger, *journal; /* directories, NULL: none */
};

/* Until the end of the input, `until`, or a stop signal; then everything read
 * is acknowledged and the checkpoint saved. After an error too, as far as it
 * goes: the checkpoint stands before what could not be applied. */
bool apply_run(const struct apply_opts *opts, bson_error_t *error);

#endif
