/* stream: a collection as mongodump describes it, and as a stream does; and
 * its documents on their way into a stream. For archive_*.c and dump_dir.c.
 */
#ifndef MM_STREAM_DUMP_COLL_H
#define MM_STREAM_DUMP_COLL_H

#include "stream/stream.h"

#define DUMP_META_MAX (16u << 20) /* bytes of one collection's metadata */

/* Appends the fields of a coll record. metadata: Extended JSON {options,
 * indexes, uuid, collectionName, type}, NULL: none; type: "", "view",
 * "timeseries" or NULL. Status 3: no such JSON; 8: a time series or
 * an encrypted one. */
bool dump_coll_read(int32_t c, const char *db, const char *coll,
    const char *metadata, const char *type, bson_t *record, bool *view,
    bson_error_t *error);
/* The metadata of a coll record; caller frees with bson_free. NULL, status 8:
 * it cannot be written as JSON. */
char *dump_coll_json(const bson_t *record, bson_error_t *error);

/* One collection being written into a stream. */
struct dump_coll {
	struct stream_out *out;
	struct block block;
	int64_t docs, bytes;
	uint64_t sum;
};

bool dump_coll_put(
    struct dump_coll *d, const uint8_t *doc, uint32_t len, bson_error_t *error);
/* What is in its block, so that another collection may have the memory. */
bool dump_coll_flush(struct dump_coll *d, bson_error_t *error);
bool dump_coll_end(struct dump_coll *d, bson_error_t *error);
void dump_coll_release(struct dump_coll *d);

/* A BSON document of 5 bytes to STREAM_DOC_MAX. doc keeps its memory: 1; 0 at
 * the end before its first byte; 2: the four bytes FF instead; -1. Status 3:
 * cut, an impossible length, no 0 at its end. */
struct zio_reader;
int dump_doc_read(struct zio_reader *in, struct buf *doc, bson_error_t *error);

#endif
