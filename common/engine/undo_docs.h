/* engine: what an undo knows of the documents that changed in its range.
 *
 * Up to 200 bytes of memory a document; `_id` and the oldest value of each are
 * in a temporary file (io/spill.h).
 */
#ifndef MM_ENGINE_UNDO_DOCS_H
#define MM_ENGINE_UNDO_DOCS_H

#include "engine/journal.h"
#include "model/value.h"

#define UNDO_DOC_BYTES 200 /* of memory, a document */

/* Of a document's bytes; all zero: there is no document. */
struct undo_print {
	uint64_t a, b;
};

/* Place of a change in the log. */
struct undo_place {
	struct optime at;
	int32_t txn;
};

struct undo_doc {
	struct undo_print key;   /* of namespace and canonical _id */
	struct undo_print old;   /* before its first change */
	struct undo_print now;   /* after the last row */
	struct undo_print there; /* on the target */
	struct undo_place last;
	uint64_t spilled;
	uint32_t id_len, old_len; /* old_len 0: there was none */
	uint32_t ns;
	uint32_t chain; /* next of the same bucket, + 1 */
	bool broken;    /* somebody else changed it between two rows */
	bool known;     /* `there` is a value that the journal has */
};

struct undo_docs;

struct undo_docs *undo_docs_new(bson_error_t *error);
void undo_docs_free(struct undo_docs *d);
/* Forgets the documents. */
bool undo_docs_clear(struct undo_docs *d, bson_error_t *error);

/* Whether a row belongs to part `part` of `parts`, by its key. Status 3: it
 * has no _id. */
bool undo_docs_mine(struct undo_docs *d, const struct journal_row *row,
    uint64_t part, uint64_t parts, bool *mine, bson_error_t *error);
/* A row of the range, in the order of the journal. */
bool undo_docs_add(
    struct undo_docs *d, const struct journal_row *row, bson_error_t *error);
/* A row that may be on its way: where the target holds its old or its new
 * value, that is known. */
bool undo_docs_match(
    struct undo_docs *d, const struct journal_row *row, bson_error_t *error);

size_t undo_docs_n(const struct undo_docs *d);
struct undo_doc *undo_docs_at(struct undo_docs *d, size_t i);
const char *undo_docs_ns(const struct undo_docs *d, uint32_t ns);
/* The document of a namespace's `_id`, or NULL. */
struct undo_doc *undo_docs_find(
    struct undo_docs *d, uint32_t ns, const struct value *id);
/* Reads {_id} and (old not NULL) the oldest value; appended. */
bool undo_docs_read(struct undo_docs *d, const struct undo_doc *doc,
    struct buf *id, struct buf *old, bson_error_t *error);
/* By namespace, then as they were met. */
void undo_docs_sort_ns(struct undo_docs *d);
/* The one that changed last first. */
void undo_docs_sort_last(struct undo_docs *d);

struct undo_print undo_print(const struct undo_docs *d, const bson_t *doc);
bool undo_print_same(struct undo_print a, struct undo_print b);

#endif
