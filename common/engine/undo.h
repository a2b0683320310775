/* engine: mm-oplog-apply --undo: a journal played backwards.
 *
 * The newest part of it, (from, to], is taken back: each document that changed
 * there gets the value that it had before the first change. First all of them
 * are compared: the target must hold what the journal has last, or everything
 * stays as it is. Then the job's checkpoint is moved back, then the documents
 * are written, so that after an end at any moment both undoing again and
 * applying the log again end well.
 */
#ifndef MM_ENGINE_UNDO_H
#define MM_ENGINE_UNDO_H

#include "engine/grant.h"
#include "mongo/job.h"
#include "mongo/server.h"

struct undo_range {
	struct optime from, to; /* null: as far as the journal goes */
};

/* FROM..TO, either may be left out. Status 2. */
bool undo_range_parse(
    const char *text, struct undo_range *range, bson_error_t *error);
/* job, source and filters of the journal in dir: the head of its newest file;
 * head is initialised in every case. Status 3, 7; 8: there is no journal. */
bool undo_head(const char *dir, bson_t *head, bson_error_t *error);

struct undo_opts {
	const char *journal, *ledger; /* directories; ledger NULL: none */
	struct undo_range range;
	struct server *server;
	struct conn *conn;
	struct job *job; /* open, loaded */
	const struct grant *grant;
	int workers, batch_ops;
};

/* Status 8: the journal does not hold all of the range exactly, a change of
 * the catalog is in it, or documents are not as the journal left them (all are
 * in the ledger, some are named); nothing was touched. Status 9: a stop signal;
 * the same range can be undone again. */
bool undo_run(const struct undo_opts *opts, bson_error_t *error);

#endif
