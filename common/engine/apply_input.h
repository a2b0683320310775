/* engine: what an applier reads: standard input, files joined byte by byte, or
 * a directory of segments that may still grow; the first two also as plain
 * entries.
 */
#ifndef MM_ENGINE_APPLY_INPUT_H
#define MM_ENGINE_APPLY_INPUT_H

#include "model/ns.h"
#include "stream/segment.h"

struct apply_input;

/* No files and no directory: standard input. Borrows the names. follow: wait
 * for more at the end of the directory. */
struct apply_input *apply_input_new(
    char *const *files, int n, const char *dir, bool follow);
/* The bytes are plain entries (engine/plain_log), of which rules (borrowed)
 * selects. */
void apply_input_plain(struct apply_input *in, const struct ns_rules *rules,
    struct optime after, bool allow_truncated);
void apply_input_free(struct apply_input *in);
/* The header of the first stream, to know source and selection before the
 * position is known; head is a copy, destroyed by the caller in every case. In
 * an empty directory it waits (follow). STREAM_EOF: the directory is empty. */
enum stream_got apply_input_head(struct apply_input *in, bson_t *head,
    enum stream_kind *kind, bson_error_t *error);
/* The next item. `from` counts at the first call, for a directory: where to
 * begin. Everything apply_input_head has read is given again. */
enum stream_got apply_input_next(struct apply_input *in, struct optime from,
    struct stream_item *item, enum stream_kind *kind, bson_error_t *error);
/* After an error of apply_input_next that is about one entry of plain ones and
 * nothing more: reading may go on; entry is a view of it. */
bool apply_input_entry(const struct apply_input *in, bson_t *entry);
/* Puts name, record and byte in front of an error about the last item. Always
 * false. */
bool apply_input_where(const struct apply_input *in, bson_error_t *error);

#endif
