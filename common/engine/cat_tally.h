/* engine: what one stream holds, gathered while it is read, private to mm-cat's
 * modules. */
#ifndef MM_ENGINE_CAT_TALLY_H
#define MM_ENGINE_CAT_TALLY_H

#include "engine/cat.h"
#include "stream/segment.h"

struct cat_tally;

struct cat_tally *cat_tally_new(void);
void cat_tally_free(struct cat_tally *t);
/* The next item; a stream record starts anew. `check`: also what the layer
 * below leaves to its users: sums of collections; order, groups and positions
 * of a log. Status 3. */
bool cat_tally_add(struct cat_tally *t, enum stream_kind kind,
    const struct stream_item *item, bool check, bson_error_t *error);
/* "kind=... docs=..." without line end, appended to out. The end that is shown
 * is that of the stream, or `no_end` where it had none. */
void cat_tally_line(
    const struct cat_tally *t, const char *no_end, struct buf *out);
/* A line for each collection, in the order of their numbers. */
void cat_tally_collections(struct cat_tally *t, struct buf *out);
/* "db.coll" of a collection of the stream; NULL: none of that number. */
const char *cat_tally_ns(const struct cat_tally *t, int32_t c);

/* ---- the items of a path, one after the other ---- */
struct cat_source;

/* whole: a directory as one log; else only files. NULL: error. */
struct cat_source *cat_source_open(const char *path, bson_error_t *error);
void cat_source_close(struct cat_source *s);
/* As stream_next. */
enum stream_got cat_source_next(
    struct cat_source *s, struct stream_item *item, bson_error_t *error);
enum stream_kind cat_source_kind(const struct cat_source *s);
bool cat_is_dir(const char *path);
/* The error of a reading that a signal ended: status 9. */
bool cat_stopped(bson_error_t *error);

void cat_printf(struct buf *out, const char *format, ...)
    BSON_GNUC_PRINTF(2, 3);
/* Writes and empties it. */
bool cat_write(const struct cat_opts *o, struct buf *out, bson_error_t *error);

#endif
