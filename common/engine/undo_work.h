/* engine: an undo under way. For undo*.c. */
#ifndef MM_ENGINE_UNDO_WORK_H
#define MM_ENGINE_UNDO_WORK_H

#include "engine/apply_trails.h"
#include "engine/lanes.h"
#include "engine/undo.h"
#include "engine/undo_docs.h"

struct undo {
	const struct undo_opts *o;
	struct job_checkpoint cp;   /* as it was found */
	struct job_checkpoint goal; /* when all is done */
	struct optime from, end;    /* (from, end]: the rows that count */
	struct optime newest;       /* of these rows */
	uint64_t rows, part, parts;
	struct undo_docs *docs; /* of one part */
	struct apply_trails trails;
	int64_t foreign, written;
	bool pending; /* some are only known when undo_docs_match says so */
};

/* undo_survey.c. Which rows count, and the checkpoint that belongs to the
 * state before them. Status 8: the journal does not hold them all, exactly, or
 * they cannot be taken back. */
bool undo_survey(struct undo *u, bson_error_t *error);
/* These rows, as far as they are after `after` and of the part at hand. */
bool undo_each(struct undo *u,
    bool (*each)(struct undo_docs *d, const struct journal_row *row,
	bson_error_t *error),
    struct optime after, bson_error_t *error);

/* undo_check.c. What the target holds, for each document in u->docs. Those
 * that are not as the journal left them are named and counted in u->foreign. */
bool undo_check(struct undo *u, bson_error_t *error);
/* undo_write.c. The lanes that write, and all documents of u->docs through
 * them. */
struct lanes *undo_lanes(struct undo *u, bson_error_t *error);
bool undo_write(struct undo *u, struct lanes *lanes, struct targets *targets,
    bson_error_t *error);

#endif
