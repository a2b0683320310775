/* engine: mm-oplog-apply of a repair (mm-stream(5), REPAIRS; mm-diff --emit
 * repair).
 *
 * The whole stream is read first. Then the job's checkpoint goes back to where
 * the repair says that the log has to be applied again from, then the documents
 * are written: each as the source had it at some time after that. So after an
 * end at any moment the repair can be given again, and a log that is applied
 * from the checkpoint on ends in what the source has, with or without it.
 */
#ifndef MM_ENGINE_APPLY_REPAIR_H
#define MM_ENGINE_APPLY_REPAIR_H

#include "engine/apply.h"

/* opts: input, server, conn, job, grant, workers, batch_ops, ledger count.
 * Status 3: the repair is cut; 8: it is not whole, or not alone in the input;
 * 9: a stop signal. */
bool apply_repair(const struct apply_opts *opts, bson_error_t *error);

#endif
