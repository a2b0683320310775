/* engine: the journal: old and new value of every change that an applier made
 * (mm-stream(5), JOURNALS). Written ahead: a row is with the system before its
 * write is sent, and on the disk before the checkpoint moves. A change may
 * stand there twice, after a restart or a lost reply; the first row of (ns,
 * _id, ts, i) counts.
 */
#ifndef MM_ENGINE_JOURNAL_H
#define MM_ENGINE_JOURNAL_H

#include "engine/trail.h"
#include "model/entry.h"

struct journal;

/* head as in trail_open. Rows at or before `fuzzy` are marked: what they call
 * old may be newer than the change. */
struct journal *journal_new(const char *dir, const bson_t *head,
    struct optime fuzzy, bson_error_t *error);
void journal_free(struct journal *j);
/* One entry, applied to pre (NULL: no document), with `effect` and its
 * document. */
bool journal_change(struct journal *j, const struct entry *e, const bson_t *pre,
    enum entry_effect effect, const struct buf *now, bson_error_t *error);
/* A command, about to be carried out. */
bool journal_command(
    struct journal *j, const struct entry *e, bson_error_t *error);
/* Before the writes are sent; before a checkpoint; at the end. */
bool journal_flush(struct journal *j, bson_error_t *error);
bool journal_sync(struct journal *j, bson_error_t *error);
bool journal_close(struct journal *j, bson_error_t *error);

/* One row as it is read again: views until the next one. */
struct journal_row {
	struct optime at;
	int32_t txn; /* index in its transaction, -1: none */
	const char *ns;
	bool command, fuzzy;
	bson_t header;
	const bson_t *old, *now; /* NULL: no document */
};
typedef bool journal_row_fn(
    void *arg, const struct journal_row *row, bson_error_t *error);
/* Every row that is whole, oldest first. Status 3, 7, 8 as trail_read. */
bool journal_read(const char *dir, const char *job, journal_row_fn *each,
    void *arg, bson_error_t *error);

#endif
