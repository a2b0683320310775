/* stream: the log that mongodump --oplog leaves behind its collections. For
 * archive_in.c and dump_dir.c.
 */
#ifndef MM_STREAM_DUMP_LOG_H
#define MM_STREAM_DUMP_LOG_H

#include "stream/archive.h"

/* One entry more. Status 3: it has no position. */
bool dump_log_note(struct dump_log *log, const uint8_t *entry, size_t len,
    bson_error_t *error);
/* The end record of a whole dump; its positions are the user's word, else
 * those of the log (NULL: of none). */
bool dump_log_end(struct stream_out *out, const struct dump_stream *to,
    const struct dump_log *log, bson_error_t *error);

#endif
