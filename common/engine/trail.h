/* engine: a directory of streams that an applier leaves behind: its ledger or
 * its journal. One file a run, numbered, made with the first document:
 * NUMBER.KIND.bson.zst, with .partial behind it until it is whole. What a
 * killed run left counts as far as it is intact.
 */
#ifndef MM_ENGINE_TRAIL_H
#define MM_ENGINE_TRAIL_H

#include "stream/stream.h"

struct trail;

/* head: job, source and filters of the stream records. Makes the directory.
 * Status 7; 8: its files are of another job. */
struct trail *trail_open(const char *dir, enum stream_kind kind,
    const bson_t *head, bson_error_t *error);
void trail_free(struct trail *t);

/* Several threads may add: what is added between lock and unlock stays
 * together. After a failure every call fails the same way. */
void trail_lock(struct trail *t);
void trail_unlock(struct trail *t);
bool trail_add(
    struct trail *t, const void *doc, size_t len, bson_error_t *error);
/* What was added is with the system, and survives the program. */
bool trail_flush(struct trail *t, bson_error_t *error);
/* ... and on the disk. */
bool trail_sync(struct trail *t, bson_error_t *error);
/* Of the file of this run; 0: nothing was added yet, or it has ended. */
unsigned trail_number(struct trail *t);
/* Ends the file of this run and gives it its name. */
bool trail_close(struct trail *t, bson_error_t *error);

/* A control document of type mark into the stream, behind what was added; a
 * run that has added nothing leaves it out. */
bool trail_mark(struct trail *t, const bson_t *mark, bson_error_t *error);

struct trail_file {
	unsigned number;
	bool partial;       /* its run was killed, or goes on */
	const bson_t *head; /* of the stream */
};

/* Functions may be NULL; false from one, with error set, ends the reading. */
struct trail_reader {
	void *arg;
	/* Before anything of that file: a row does not go from one to the
	 * next. */
	bool (*file)(
	    void *arg, const struct trail_file *file, bson_error_t *error);
	bool (*doc)(void *arg, const bson_t *doc, bson_error_t *error);
	bool (*mark)(void *arg, const bson_t *mark, bson_error_t *error);
	bool heads; /* nothing but `file` */
};

/* Every document of every run, in order. Status 3: a file is damaged (a
 * .partial may be cut), 8: another kind or job (job NULL: any). A directory
 * that is not there has none. */
bool trail_read(const char *dir, enum stream_kind kind, const char *job,
    const struct trail_reader *r, bson_error_t *error);

#endif
