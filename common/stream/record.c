#include "stream/record.h"

#include <inttypes.h>
#include <string.h>

#include "base/hash.h"
#include "base/le.h"

/* The last bytes of a sealed document: 0x12 "x" 0, the int64, 0. */
#define SEAL_BYTES 12

static const char *const kinds[] = {
    "snapshot", "oplog", "diff", "journal", "ledger", "digest", "users"};
static const char *const types[] = {
    "stream", "coll", "block", "cend", "mark", "end"};

const char *
stream_kind_text(enum stream_kind kind)
{
	return kinds[kind];
}

bool
stream_kind_parse(const char *text, enum stream_kind *kind)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (strcmp(text, kinds[i]) == 0) {
			*kind = (enum stream_kind)i;
			return true;
		}
	}
	return false;
}

const char *
record_type_text(enum record_type type)
{
	return type == RECORD_OTHER ? "unknown" : types[type];
}

void
record_seal(bson_t *doc, uint64_t number)
{
	uint64_t x;
	uint8_t *data;

	BSON_APPEND_INT64(doc, "x", 0);
	/* The document is the caller's own; only the value is put in. */
	data = (uint8_t *)bson_get_data(doc);
	x = hash_xxh64(data, doc->len - SEAL_BYTES, number);
	x = BSON_UINT64_TO_LE(x);
	memcpy(data + doc->len - 9, &x, sizeof x);
}

bool
record_name(const bson_t *doc, enum record_type *type, bson_error_t *error)
{
	bson_iter_t it;
	const char *name;

	*type = RECORD_OTHER;
	if (!bson_iter_init(&it, doc) || !bson_iter_next(&it) ||
	    strcmp(bson_iter_key(&it), "$mm") != 0 ||
	    !BSON_ITER_HOLDS_UTF8(&it))
		return error_set(error, MM_EXIT_STREAM, 0,
		    "no control document where one is due");
	name = bson_iter_utf8(&it, NULL);
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (strcmp(name, types[i]) == 0)
			*type = (enum record_type)i;
	return true;
}

static bool
seal_holds(const bson_t *doc, uint64_t number)
{
	const uint8_t *data = bson_get_data(doc), *seal;

	if (doc->len < 5 + SEAL_BYTES)
		return false;
	seal = data + doc->len - SEAL_BYTES;
	if (seal[0] != BSON_TYPE_INT64 || seal[1] != 'x' || seal[2] != 0)
		return false;
	return le64(seal + 3) ==
	    hash_xxh64(data, doc->len - SEAL_BYTES, number);
}

bool
record_check(const bson_t *doc, uint64_t number, enum record_type *type,
    bson_error_t *error)
{
	bson_iter_t it;
	uint32_t at = 0;

	if (!record_name(doc, type, error))
		return false;
	if (!seal_holds(doc, number))
		return error_set(error, MM_EXIT_STREAM, 0,
		    "damaged control document: its checksum x is wrong for "
		    "number %" PRIu64,
		    number);
	/* A right checksum over a document that is no BSON is still no BSON. */
	bson_iter_init(&it, doc);
	while (bson_iter_next(&it))
		at = it.off;
	if (it.err_off != 0 || at != doc->len - SEAL_BYTES)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "damaged control document: x is not its last field");
	if (*type == RECORD_OTHER && bson_iter_init_find(&it, doc, "crit") &&
	    BSON_ITER_HOLDS_BOOL(&it) && bson_iter_bool(&it)) {
		bson_iter_init(&it, doc);
		bson_iter_next(&it);
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "critical record \"%s\" is unknown to this version",
		    bson_iter_utf8(&it, NULL));
	}
	return true;
}

static bool
wrong_field(
    const bson_t *doc, const char *field, const char *want, bson_error_t *error)
{
	bson_iter_t it;
	const char *record = "?";

	if (bson_iter_init(&it, doc) && bson_iter_next(&it) &&
	    BSON_ITER_HOLDS_UTF8(&it))
		record = bson_iter_utf8(&it, NULL);
	return error_set(error, MM_EXIT_STREAM, 0,
	    "record \"%s\" has no field \"%s\" of type %s", record, field,
	    want);
}

bool
record_int64(
    const bson_t *doc, const char *field, int64_t *out, bson_error_t *error)
{
	bson_iter_t it;

	if (!bson_iter_init_find(&it, doc, field) ||
	    !BSON_ITER_HOLDS_INT64(&it))
		return wrong_field(doc, field, "int64", error);
	*out = bson_iter_int64(&it);
	return true;
}

bool
record_int32(
    const bson_t *doc, const char *field, int32_t *out, bson_error_t *error)
{
	bson_iter_t it;

	if (!bson_iter_init_find(&it, doc, field) ||
	    !BSON_ITER_HOLDS_INT32(&it))
		return wrong_field(doc, field, "int32", error);
	*out = bson_iter_int32(&it);
	return true;
}

bool
record_text(
    const bson_t *doc, const char *field, const char **out, bson_error_t *error)
{
	bson_iter_t it;
	uint32_t len;

	if (!bson_iter_init_find(&it, doc, field) || !BSON_ITER_HOLDS_UTF8(&it))
		return wrong_field(doc, field, "string", error);
	*out = bson_iter_utf8(&it, &len);
	if (strlen(*out) != len)
		return wrong_field(doc, field, "string without NUL", error);
	return true;
}

static bool
embedded(const bson_t *doc, const char *field, bson_type_t type,
    const char *want, bson_t *out, bson_error_t *error)
{
	const uint8_t *data = NULL;
	uint32_t len = 0;
	bson_iter_t it;

	if (!bson_iter_init_find(&it, doc, field) ||
	    bson_iter_type(&it) != type)
		return wrong_field(doc, field, want, error);
	if (type == BSON_TYPE_ARRAY)
		bson_iter_array(&it, &len, &data);
	else
		bson_iter_document(&it, &len, &data);
	if (!data || !bson_init_static(out, data, len))
		return wrong_field(doc, field, want, error);
	return true;
}

bool
record_doc(
    const bson_t *doc, const char *field, bson_t *out, bson_error_t *error)
{
	return embedded(doc, field, BSON_TYPE_DOCUMENT, "document", out, error);
}

bool
record_array(
    const bson_t *doc, const char *field, bson_t *out, bson_error_t *error)
{
	return embedded(doc, field, BSON_TYPE_ARRAY, "array", out, error);
}

bool
record_optime(const bson_t *doc, const char *field, struct optime *out,
    bson_error_t *error)
{
	if (!optime_read(doc, field, out))
		return wrong_field(doc, field, "{ts, t}", error);
	return true;
}

bool
record_repair(const bson_t *doc)
{
	bson_iter_t it;

	return bson_iter_init_find(&it, doc, "repair") &&
	    BSON_ITER_HOLDS_BOOL(&it) && bson_iter_bool(&it);
}
