/* engine: the journal: old and new value of every change that an applier made
 * (mm-stream(5), JOURNALS). Written ahead: a row is with the system before its
 * write is sent, and on the disk before the checkpoint moves. A change may
 * stand there twice, after a restart or a lost reply; the first row of (ns,
 * _id, ts, i) counts.
 *
 * Files of runs that followed one another are an epoch: since it began nothing
 * was applied to the job that is not in there. The job's checkpoint names the
 * epoch that its last run has written to, or none.
 */
#ifndef MM_ENGINE_JOURNAL_H
#define MM_ENGINE_JOURNAL_H

#include "engine/trail.h"
#include "model/entry.h"
#include "mongo/job.h"

struct journal;

/* head as in trail_open; cp: the job's checkpoint as this run begins; to: the
 * end of the copy. Begins an epoch where the checkpoint is not of the newest
 * one in dir, or where that one may have lost what was not on the disk. Rows
 * up to where something may have been applied before the epoch are marked
 * fuzzy: what they call old may be newer than the change. */
struct journal *journal_new(const char *dir, const bson_t *head,
    const struct job_checkpoint *cp, struct optime to, bson_error_t *error);
void journal_free(struct journal *j);
/* For the checkpoint, once this run has begun to write. */
const char *journal_epoch(const struct journal *j);
/* One entry, applied to pre (NULL: no document), with `effect` and its
 * document. */
bool journal_change(struct journal *j, const struct entry *e, const bson_t *pre,
    enum entry_effect effect, const struct buf *now, bson_error_t *error);
/* A command, about to be carried out. */
bool journal_command(
    struct journal *j, const struct entry *e, bson_error_t *error);
/* Before the writes are sent; at the end. */
bool journal_flush(struct journal *j, bson_error_t *error);
bool journal_close(struct journal *j, bson_error_t *error);
/* Before this checkpoint is saved: forced to the disk, and where a tail has to
 * read from to go on there. The checkpoint gets the number of the file, so that
 * a newest file that is lost is missed. */
bool journal_checkpoint(
    struct journal *j, struct job_checkpoint *cp, bson_error_t *error);

/* ---- reading; views until the function returns ---- */

struct journal_file {
	unsigned number;
	const char *epoch;   /* "": kept by a version that had none */
	bool whole;          /* nothing can have been lost of it */
	struct optime sound; /* rows after it are exact, if all later files of
				the epoch are there as well */
	const bson_t *head;
};

struct journal_row {
	struct optime at;
	int32_t txn; /* index in its transaction, -1: none */
	const char *ns;
	const char *command; /* NULL: a change of a document */
	bool fuzzy;
	bson_t header;
	const bson_t *old, *now; /* NULL: no document */
};

/* Functions may be NULL; false from one, with error set, ends the reading. */
struct journal_reader {
	void *arg;
	bool (*file)(
	    void *arg, const struct journal_file *file, bson_error_t *error);
	bool (*row)(
	    void *arg, const struct journal_row *row, bson_error_t *error);
	/* A tail that reads from there sees whole what is committed after
	 * `at`. */
	bool (*mark)(void *arg, struct optime at, struct optime read_from,
	    bson_error_t *error);
	bool heads; /* nothing but `file` */
};

/* Every row that is whole, oldest first; each file begins with a mark. Status
 * 3, 7, 8 as trail_read. */
bool journal_read(const char *dir, const char *job,
    const struct journal_reader *r, bson_error_t *error);

#endif
