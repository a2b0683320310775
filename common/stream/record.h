/* stream: control documents of format v1 (mm-stream(5) is the definition). */
#ifndef MM_STREAM_RECORD_H
#define MM_STREAM_RECORD_H

#include "base/error.h"
#include "base/optime.h"

#define STREAM_DOC_MAX 17825792u      /* 17 MiB: largest document accepted */
#define STREAM_BLOCK_BYTES (1u << 20) /* a writer closes a block here */
#define STREAM_BLOCK_MAX (32u << 20)  /* a reader takes no larger block */

/* Buffers that a larger document made larger than this are not kept. */
#define STREAM_KEEP_BYTES (4u << 20)

enum record_type {
	RECORD_STREAM,
	RECORD_COLL,
	RECORD_BLOCK,
	RECORD_CEND,
	RECORD_MARK,
	RECORD_END,
	RECORD_OTHER /* unknown, not critical: skipped by readers */
};

enum stream_kind {
	STREAM_SNAPSHOT,
	STREAM_OPLOG,
	STREAM_DIFF,
	STREAM_JOURNAL,
	STREAM_LEDGER,
	STREAM_DIGEST,
	STREAM_USERS
};

/* "snapshot" ... */
const char *stream_kind_text(enum stream_kind kind);
/* False: no such kind. */
bool stream_kind_parse(const char *text, enum stream_kind *kind);
/* "stream" ...; "unknown" for RECORD_OTHER. */
const char *record_type_text(enum record_type type);

/* A stream record of a repair: a log to be applied in another way. */
bool record_repair(const bson_t *doc);

/* Appends `x` to a control document that starts with $mm; number = its
 * running number in the stream. */
void record_seal(bson_t *doc, uint64_t number);
/* The type alone, before anything is checked. Status 3: $mm not first. */
bool record_name(
    const bson_t *doc, enum record_type *type, bson_error_t *error);
/* Status 3: $mm not first, x missing, not last or wrong. Status 8: unknown and
 * `crit: true`. */
bool record_check(const bson_t *doc, uint64_t number, enum record_type *type,
    bson_error_t *error);

/* Fields of control documents with the type the format names; status 3 with
 * record and field otherwise. */
bool record_int64(
    const bson_t *doc, const char *field, int64_t *out, bson_error_t *error);
bool record_int32(
    const bson_t *doc, const char *field, int32_t *out, bson_error_t *error);
bool record_text(const bson_t *doc, const char *field, const char **out,
    bson_error_t *error);
bool record_doc(
    const bson_t *doc, const char *field, bson_t *out, bson_error_t *error);
bool record_array(
    const bson_t *doc, const char *field, bson_t *out, bson_error_t *error);
bool record_optime(const bson_t *doc, const char *field, struct optime *out,
    bson_error_t *error);

#endif
