/* engine: streams cut down to a selection (mm-cat cut).
 *
 * What comes out is what the program that wrote the input would have written
 * with the narrower selection: logs entry for entry, groups whole and numbered
 * anew, marks and positions kept. Logs that join each other come out as one,
 * unless their `seen` differs; what an earlier one covered is left out.
 */
#ifndef MM_ENGINE_CUT_H
#define MM_ENGINE_CUT_H

#include "io/output.h"
#include "model/ns.h"
#include "stream/segment.h"

struct cut_opts {
	const struct ns_rules *rules; /* borrowed; with mapping or without */
	struct output *out;           /* borrowed; NULL: dir */
	int level;                    /* 0: bare, else zstd */
	const char *dir;              /* of segments: only logs */
	int64_t max_bytes;            /* of a segment */
};

struct cut;

struct cut *cut_new(const struct cut_opts *opts, bson_error_t *error);
void cut_free(struct cut *c);
/* The streams of a path (as mm-cat takes it). Status 8: the input does not
 * hold all of the selection, or is of another kind or source; 6: a log does
 * not join the one before or the directory. */
bool cut_add(struct cut *c, const char *path, bson_error_t *error);
/* Ends the log; without this call it stays truncated. */
bool cut_end(struct cut *c, bson_error_t *error);

/* ------------------------------------------- between the modules of cut */

struct cut_log; /* where the log goes */

/* The head of an output stream, from that of an input: its fields but those
 * that tell who wrote it and where a log begins, with the narrower filters.
 * Status 8: not covered. */
bool cut_head(const struct ns_rules *rules, const bson_t *control, bson_t *head,
    bson_error_t *error);

struct cut_log *cut_log_new(const struct cut_opts *opts, bson_error_t *error);
void cut_log_free(struct cut_log *l);
bool cut_log_item(
    struct cut_log *l, const struct stream_item *item, bson_error_t *error);
/* The input ended without an end record (an open segment): between groups. */
bool cut_log_end(struct cut_log *l, bson_error_t *error);

#endif
