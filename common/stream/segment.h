/* stream: a directory of oplog segments (mm-stream(5), SEGMENT DIRECTORIES).
 *
 * One source set and one selection a directory. A segment is a complete oplog
 * stream, named <after>_<last>.oplog.bson.zst, half-open (after, last];
 * neighbours join by equality. Only whole groups are in a segment.
 */
#ifndef MM_STREAM_SEGMENT_H
#define MM_STREAM_SEGMENT_H

#include "stream/stream.h"

/* ---- writing (mm-oplog-tail) ---- */
struct segment_dir;

struct segment_opts {
	const char *dir;
	int level;         /* 1-12; segments are always compressed */
	int64_t max_bytes; /* rotate at this many compressed bytes */
	int64_t max_ms;    /* ... or at this age */
	bool synchronous;  /* fsync after each flush */
	int64_t fsync_ms;  /* else at least this often */
};

/* Creates the directory if needed, locks it (a second writer: status 8),
 * recovers what a killed writer left: a .partial is cut after its last whole
 * group and written anew as a segment. *last is the position of the newest
 * segment, or, in a directory where none was closed yet, the position that its
 * .partial started from; OPTIME_NULL in an empty directory. *read_from is
 * where a tail must read from to see open transactions whole. `head` is the
 * identity: source {set, ...} and filters must equal those of the segments
 * that are there (else status 8). */
struct segment_dir *segment_dir_open(const struct segment_opts *opts,
    const bson_t *head, struct optime *last, struct optime *read_from,
    bson_error_t *error);
/* Starts at `after` (which must equal *last unless that is null: status 6).
 * `seen` goes into each header; read_from into the first, for a recovery
 * before the first mark. */
bool segment_start(struct segment_dir *d, struct optime after,
    struct optime seen, struct optime read_from, bson_error_t *error);
/* The stream of the current segment, to put blocks and marks into; changes
 * with each rotation. */
struct stream_out *segment_stream(struct segment_dir *d);
/* Everything up to `at` (between groups) is in the stream: flush, fsync as
 * asked, and rotate when size or age say so, or `force`. A segment without
 * progress is not rotated. */
bool segment_progress(struct segment_dir *d, struct optime at,
    struct optime read_from, bool force, bson_error_t *error);
/* Ends the current segment (reason as in stream_put_end); one without progress
 * is dropped. Another may be started. segment_dir_free unlocks. */
bool segment_dir_close(struct segment_dir *d, const char *reason,
    struct optime at, struct optime read_from, bson_error_t *error);
void segment_dir_free(struct segment_dir *d);

/* ---- reading (mm-oplog-apply -D, mm-cat) ---- */
struct segment_info {
	char *file;                /* name within the directory */
	struct optime after, last; /* terms from the content: -1 by name only */
	bool partial;
};
/* All segments by name order, the open .partial last. *n of them; free with
 * segment_list_free. Status 6: two neighbours do not join (names both). */
bool segment_list(const char *dir, struct segment_info **list, size_t *n,
    bson_error_t *error);
void segment_list_free(struct segment_info *list, size_t n);

/* The log in a directory as one sequence of items from `from` on (the segment
 * that holds the position after `from`; whole groups at or before it are still
 * given, the caller skips; null: from the first segment on). With `follow` it
 * waits for new data in the open .partial and for new segments, until a stop
 * signal; without, it ends after the last one, or after the last whole group
 * that the open .partial holds. Status 6: `from` is before the first segment,
 * or a gap; 8: segments of different sources or selections; 3: no segment.
 *
 * Each segment gives its RECORD_STREAM and RECORD_END. A RECORD_STREAM without
 * the end of the one before means that the tail was killed and started again
 * while it was followed: the caller drops an unfinished group and skips the
 * groups it has already seen. */
struct segment_in;
struct segment_in *segment_in_new(
    const char *dir, struct optime from, bool follow, bson_error_t *error);
void segment_in_free(struct segment_in *s);
/* As stream_next. A .partial that has no more data yet is no error when
 * following; an `end` with reason rotated is handed out like any item. */
enum stream_got segment_next(
    struct segment_in *s, struct stream_item *item, bson_error_t *error);

/* Two stream records of the same source set and the same filters: they may
 * stand in one directory. Status 8. */
bool segment_same_origin(const bson_t *a, const bson_t *b, bson_error_t *error);

/* mm-cat rebuild: the manifest anew from the segments. */
bool segment_rebuild(const char *dir, bson_error_t *error);

#endif
