/* stream: archives of mongodump (--archive), to and from snapshot streams.
 *
 * An archive is: the uint32 0x8199E26D, a header document, one document a
 * collection with its metadata as Extended JSON, then pieces of collections in
 * any order: {db, collection, EOF, CRC}, documents, each of these behind the
 * other ended by the bytes FF FF FF FF. CRC is that of all documents of the
 * collection (CRC-64 of xz) and stands where EOF is true. An archive has no
 * end of its own: it is whole when every collection has come to its EOF.
 */
#ifndef MM_STREAM_ARCHIVE_H
#define MM_STREAM_ARCHIVE_H

#include "io/output.h"
#include "stream/stream.h"

#define ARCHIVE_MAGIC 0x8199E26Du

/* Chooses a collection by its name "db.coll". */
typedef bool dump_select_fn(const void *arg, const char *ns);

/* First and last entry of the log that mongodump --oplog leaves; null: there is
 * none. */
struct dump_log {
	struct optime first, last;
};

/* What a snapshot that mongodump has made becomes. */
struct dump_stream {
	int fd; /* the stream is written there, bare */
	const char *name;
	const bson_t *head; /* fields of its stream record: source, filters,
			       from, readConcern */
	struct optime to;   /* nothing after it is in it; null: not known */
	dump_select_fn *select;
	const void *arg;
	/* The log of an archive is written here, entry by entry; NULL: passed
	 * over, after a warning. */
	struct output *log;
};

/* *log: what the archive's own log covers; where `to` is null, these are the
 * positions of the end record. Status 3: damaged or cut, a wrong CRC, no
 * archive; 8: a time series among those chosen, or a log is wanted and there is
 * none. */
bool archive_to_stream(int fd, const char *name, const struct dump_stream *to,
    struct dump_log *log, bson_error_t *error);

/* concurrent: how many collections at most are open at the same time, which
 * the archive says in its header. A snapshot that does not end as complete
 * gives an archive that no reader takes for whole; status 3, or 9 where it was
 * stopped by a signal. */
bool archive_from_stream(int fd, const char *name, int concurrent, int out,
    const char *out_name, bson_error_t *error);

/* Of more bytes behind those of `crc`; 0 for none. */
uint64_t archive_crc(uint64_t crc, const void *data, size_t len);

#endif
