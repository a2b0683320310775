/* stream: writing and reading streams of format v1.
 *
 * WRITING. One struct stream_out a stream. Any thread may write; the order of
 * calls is the order in the stream. Blocks are compressed by the thread that
 * writes them: a call takes its place (the running number), compresses
 * outside the lock, then waits for its turn. Control documents are given
 * without `x`; they are sealed here.
 *
 * READING, sequential: stream_next gives item after item, checked: control
 * documents in order, blocks whole (counts, lengths, XXH64, each document's
 * own length). READING in parallel (mm-load): several threads call
 * stream_next_unit; decoding and checking happen in the calling thread, and
 * each returns only when all units before it have been admitted, so control
 * documents are handled in stream order while data is inserted in parallel.
 */
#ifndef MM_STREAM_STREAM_H
#define MM_STREAM_STREAM_H

#include "base/buf.h"
#include "stream/record.h"

/* ------------------------------------------------------------- writing */

struct stream_out;

struct stream_out_opts {
	int fd;           /* borrowed; closed by the caller after _end */
	const char *name; /* for messages */
	int level;        /* 0: bare (-Z none), else zstd level */
	bool live;        /* open frame, flush when told; no pzstd headers */
	bool table;       /* a seek table after `end` (closed segments) */
};

/* `head`: the fields of the stream record after $mm, v, kind: filters, source,
 * from ... as the kind demands; those of id (fresh UUID), created, tool, host
 * and features that it does not have are put in here. The record is written at
 * once. NULL on error. After a failed write every call fails the same way. */
struct stream_out *stream_out_new(const struct stream_out_opts *opts,
    enum stream_kind kind, const bson_t *head, bson_error_t *error);
/* Frees; a stream without end record stays truncated, as it should. */
void stream_out_free(struct stream_out *s);

/* A block being filled by one thread. */
struct block {
	int32_t c;       /* collection id, 0 in oplog streams */
	int64_t n;       /* documents */
	struct buf docs; /* their bytes */
};
void block_add(struct block *b, const void *doc, size_t len);
/* Full enough to be written. */
bool block_full(const struct block *b);
void block_release(struct block *b);

/* `extra`: more fields of the block record (first, last, partition), may be
 * NULL. The block is empty afterwards. Empty blocks are not written. */
bool stream_put_block(struct stream_out *s, struct block *b,
    const bson_t *extra, bson_error_t *error);
/* A coll, cend or mark record: doc starts with $mm and has no x. Collection
 * numbers are >= 0 and unique; at an end with reason complete each collection
 * that is no view must have its cend. */
bool stream_put(struct stream_out *s, const bson_t *doc, bson_error_t *error);
/* Live: everything so far can be decoded by the reader. */
bool stream_flush(struct stream_out *s, bson_error_t *error);
/* The end record with reason (complete, until, signal, rotated), `extra`
 * fields (to, readFrom; may be NULL) and the totals; ends the frame. */
bool stream_put_end(struct stream_out *s, const char *reason,
    const bson_t *extra, bson_error_t *error);
/* Bytes written to fd so far; documents in blocks so far. */
uint64_t stream_out_bytes(const struct stream_out *s);
uint64_t stream_out_docs(const struct stream_out *s);

/* ------------------------------------------------------------- reading */

struct stream_in;

/* What a block holds; views. */
struct block_view {
	int32_t c;
	int64_t n, seq;
	const uint8_t *docs;
	size_t len;
	const uint8_t *record; /* its control document */
	uint32_t record_len;
};

struct stream_item {
	enum record_type type;
	bson_t control; /* static view of the control document (block's too) */
	struct block_view block; /* type RECORD_BLOCK */
	uint64_t number;         /* of the control document in its stream */
	uint64_t offset;         /* in the input, for messages */
};

enum stream_got {
	STREAM_ERROR = -1, /* error is set */
	STREAM_EOF = 0,    /* clean end of input after an `end` record */
	STREAM_GOT = 1,
	STREAM_STOPPED = 2 /* a stop signal, between two items */
};

/* fd is borrowed. The input may be several complete streams one after the
 * other; each begins with RECORD_STREAM. Empty input: the first read fails
 * with status 3. Input that ends without `end`: status 3 after everything
 * intact was given. */
struct stream_in *stream_in_new(int fd, const char *name, bool stoppable);
void stream_in_free(struct stream_in *s);
/* The next item; views live until the next call. RECORD_OTHER is skipped
 * inside. Checked: version (8 when newer), features (8), place of records
 * (nothing after end but a new stream, data only in blocks, cend after its
 * coll ...), counts in `end`. */
enum stream_got stream_next(
    struct stream_in *s, struct stream_item *item, bson_error_t *error);
/* Kind of the current stream; valid after its RECORD_STREAM. */
enum stream_kind stream_in_kind(const struct stream_in *s);
/* Put "NAME: record N at byte M" in front of an error about the last item;
 * always false. */
bool stream_in_where(const struct stream_in *s, bson_error_t *error);

/* Documents of a block, one after the other; false at the end. Lengths were
 * checked when the block was read. */
struct block_cursor {
	const uint8_t *at, *end;
};
void block_rewind(struct block_cursor *cur, const struct block_view *view);
bool block_next(struct block_cursor *cur, const uint8_t **doc, uint32_t *len);

/* Parallel reading. A unit is one compressed frame, or one record where the
 * input has no frame headers. */
struct stream_unit; /* one a thread, reused */
struct stream_unit *stream_unit_new(void);
void stream_unit_free(struct stream_unit *u);
/* Called inside the turn of its unit, for each item in stream order, one
 * thread at a time: for bookkeeping (register a collection, note an end). A
 * block is given before its documents are inserted. False stops reading, with
 * error set. */
typedef bool stream_admit_fn(
    void *arg, const struct stream_item *item, bson_error_t *error);
/* Reads, decodes and checks the next unit. STREAM_GOT: the unit's blocks can
 * be walked with stream_unit_block until the next call with this unit. After
 * an error in any thread all others get STREAM_EOF, and the one that failed
 * STREAM_ERROR. */
enum stream_got stream_next_unit(struct stream_in *s, struct stream_unit *u,
    stream_admit_fn *admit, void *arg, bson_error_t *error);
/* The i-th block of the unit; false past the last. */
bool stream_unit_block(
    const struct stream_unit *u, size_t i, struct block_view *view);

#endif
