/* stream: what mongodump has written into a directory (DIR/DB/COLL.bson and
 * COLL.metadata.json, either with .gz), as a snapshot stream.
 */
#ifndef MM_STREAM_DUMP_DIR_H
#define MM_STREAM_DUMP_DIR_H

#include "stream/archive.h"

/* Status 3: a file is damaged or cut; 7: cannot be read; 8: a time series among
 * those chosen. */
bool dump_dir_to_stream(
    const char *dir, const struct dump_stream *to, bson_error_t *error);

/* Of DIR/oplog.bson: 1; 0 there is none; -1. */
int dump_dir_oplog(const char *dir, struct dump_log *log, bson_error_t *error);

#endif
