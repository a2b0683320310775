#include "stream/dump_coll.h"

#include <string.h>

#include "base/doc.h"
#include "base/ejson.h"
#include "base/hash.h"
#include "base/le.h"
#include "io/zio.h"

#define UUID_TEXT 32

/* ------------------------------------------------------------- reading */

static bool
hex(char c, uint8_t *out)
{
	const char *digits = "0123456789abcdef", *at;

	if (c >= 'A' && c <= 'F')
		c = (char)(c - 'A' + 'a');
	at = c ? strchr(digits, c) : NULL;
	if (at)
		*out = (uint8_t)(at - digits);
	return at != NULL;
}

static void
append_uuid(bson_t *record, const char *text)
{
	uint8_t uuid[16], high, low;

	if (!text || strlen(text) != UUID_TEXT)
		return;
	for (size_t i = 0; i < sizeof uuid; i++) {
		if (!hex(text[2 * i], &high) || !hex(text[2 * i + 1], &low))
			return;
		uuid[i] = (uint8_t)(high << 4 | low);
	}
	BSON_APPEND_BINARY(record, "uuid", BSON_SUBTYPE_UUID, uuid, 16);
}

static bool
is_type(const char *type, const bson_t *meta, const char *name)
{
	return (type && strcmp(type, name) == 0) ||
	    strcmp(doc_text_or(meta, "type", ""), name) == 0;
}

static void
append_coll(int32_t c, const char *db, const char *coll, const bson_t *meta,
    bool view, bson_t *record)
{
	bson_t none = BSON_INITIALIZER, options, indexes;

	if (!doc_sub(meta, "options", &options))
		bson_init_static(&options, bson_get_data(&none), none.len);
	if (!doc_sub(meta, "indexes", &indexes))
		bson_init_static(&indexes, bson_get_data(&none), none.len);
	BSON_APPEND_UTF8(record, "$mm", "coll");
	BSON_APPEND_INT32(record, "c", c);
	BSON_APPEND_UTF8(record, "db", db);
	BSON_APPEND_UTF8(record, "coll", coll);
	append_uuid(record, doc_text(meta, "uuid"));
	BSON_APPEND_UTF8(record, "type", view ? "view" : "collection");
	BSON_APPEND_DOCUMENT(record, "options", &options);
	if (!view)
		BSON_APPEND_ARRAY(record, "indexes", &indexes);
}

bool
dump_coll_read(int32_t c, const char *db, const char *coll,
    const char *metadata, const char *type, bson_t *record, bool *view,
    bson_error_t *error)
{
	size_t len = metadata ? strlen(metadata) : 0;
	bson_error_t why;
	bson_t *meta;
	bool ok = true;

	if (len > DUMP_META_MAX)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "metadata of \"%s.%s\" of more than %u MiB", db, coll,
		    DUMP_META_MAX >> 20);
	meta = ejson_parse(len ? metadata : "{}", &why);
	if (!meta)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "the metadata of \"%s.%s\" are no Extended JSON", db, coll);
	*view = is_type(type, meta, "view") ||
	    doc_text(meta, "options.viewOn") != NULL;
	if (is_type(type, meta, "timeseries") ||
	    bson_has_field(meta, "options.timeseries"))
		ok = error_set(error, MM_EXIT_REFUSED, 0,
		    "\"%s.%s\" is a time series collection: not supported, "
		    "exclude it",
		    db, coll);
	else if (bson_has_field(meta, "options.encryptedFields"))
		ok = error_set(error, MM_EXIT_REFUSED, 0,
		    "\"%s.%s\" is an encrypted collection: not supported, "
		    "exclude it",
		    db, coll);
	else
		append_coll(c, db, coll, meta, *view, record);
	bson_destroy(meta);
	return ok;
}

/* ------------------------------------------------------------- writing */

static void
append_sub(const bson_t *record, const char *field, bson_t *meta)
{
	bson_iter_t it;

	if (bson_iter_init_find(&it, record, field))
		bson_append_iter(meta, field, -1, &it);
}

char *
dump_coll_json(const bson_t *record, bson_error_t *error)
{
	bson_t meta = BSON_INITIALIZER, none = BSON_INITIALIZER;
	char text[UUID_TEXT + 1], *json;
	uint8_t uuid[16];

	append_sub(record, "options", &meta);
	append_sub(record, "indexes", &meta);
	if (!bson_has_field(&meta, "indexes"))
		BSON_APPEND_ARRAY(&meta, "indexes", &none);
	if (doc_bytes(record, "uuid", uuid, sizeof uuid)) {
		for (size_t i = 0; i < sizeof uuid; i++)
			bson_snprintf(text + 2 * i, 3, "%02x", uuid[i]);
		BSON_APPEND_UTF8(&meta, "uuid", text);
	}
	BSON_APPEND_UTF8(
	    &meta, "collectionName", doc_text_or(record, "coll", ""));
	BSON_APPEND_UTF8(&meta, "type", doc_text_or(record, "type", ""));
	json = bson_as_canonical_extended_json(&meta, NULL);
	bson_destroy(&meta);
	if (!json)
		error_set(error, MM_EXIT_REFUSED, 0,
		    "options or indexes of \"%s.%s\" cannot be written as JSON",
		    doc_text_or(record, "db", ""),
		    doc_text_or(record, "coll", ""));
	return json;
}

/* ----------------------------------------------------------- documents */

bool
dump_coll_flush(struct dump_coll *d, bson_error_t *error)
{
	return stream_put_block(d->out, &d->block, NULL, error);
}

bool
dump_coll_put(
    struct dump_coll *d, const uint8_t *doc, uint32_t len, bson_error_t *error)
{
	block_add(&d->block, doc, len);
	d->docs++;
	d->bytes += len;
	d->sum += hash_xxh64(doc, len, 0);
	return !block_full(&d->block) || dump_coll_flush(d, error);
}

bool
dump_coll_end(struct dump_coll *d, bson_error_t *error)
{
	bson_t end = BSON_INITIALIZER;
	bool ok = dump_coll_flush(d, error);

	BSON_APPEND_UTF8(&end, "$mm", "cend");
	BSON_APPEND_INT32(&end, "c", d->block.c);
	BSON_APPEND_INT64(&end, "docs", d->docs);
	BSON_APPEND_INT64(&end, "bytes", d->bytes);
	BSON_APPEND_INT64(&end, "sum", (int64_t)d->sum);
	ok = ok && stream_put(d->out, &end, error);
	bson_destroy(&end);
	return ok;
}

void
dump_coll_release(struct dump_coll *d)
{
	block_release(&d->block);
}

static int
cut(enum fdio_got got, bson_error_t *error)
{
	if (got == FDIO_STOPPED)
		error_set(error, MM_EXIT_STOPPED, 0,
		    "stopped by a signal before the end");
	else if (got == FDIO_END)
		error_set(
		    error, MM_EXIT_STREAM, 0, "cut short within a document");
	return -1;
}

int
dump_doc_read(struct zio_reader *in, struct buf *doc, bson_error_t *error)
{
	uint8_t head[4];
	enum fdio_got got = zio_read_full(in, head, sizeof head, true, error);
	uint32_t len;

	if (got == FDIO_END)
		return 0;
	if (got != FDIO_ALL)
		return cut(got, error);
	len = le32(head);
	if (len == UINT32_MAX)
		return 2;
	if (len < 5 || len > STREAM_DOC_MAX) {
		error_set(error, MM_EXIT_STREAM, 0,
		    "a document of %u bytes cannot be", len);
		return -1;
	}
	doc->len = 0;
	buf_reserve(doc, len);
	memcpy(doc->data, head, sizeof head);
	got = zio_read_full(in, doc->data + 4, len - 4, true, error);
	if (got != FDIO_ALL)
		return cut(got, error);
	doc->len = len;
	if (doc->data[len - 1] != 0) {
		error_set(
		    error, MM_EXIT_STREAM, 0, "a document does not end with 0");
		return -1;
	}
	return 1;
}
