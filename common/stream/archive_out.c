#include "stream/archive.h"

#include <string.h>
#include <uthash.h>

#include "base/doc.h"
#include "io/fdio.h"
#include "stream/dump_coll.h"

struct coll {
	int32_t c;
	char *db, *name;
	bool view, ended;
	uint64_t crc;
	UT_hash_handle hh;
};

struct writing {
	struct stream_in *in;
	int out;
	const char *name;
	int concurrent;
	char *version; /* of the server */
	struct coll *colls;
	struct buf prelude; /* until the first block */
	bool begun;
	char reason[16]; /* of the end record, "" before it */
};

static const uint8_t terminator[4] = {0xff, 0xff, 0xff, 0xff};

static void
add_doc(struct buf *b, const bson_t *doc)
{
	buf_add(b, bson_get_data(doc), doc->len);
}

static bool
put(struct writing *w, const void *data, size_t len, bson_error_t *error)
{
	return fdio_write_all(w->out, w->name, data, len, error);
}

/* ------------------------------------------------------------- prelude */

static void
put_head(struct writing *w)
{
	uint32_t magic = BSON_UINT32_TO_LE(ARCHIVE_MAGIC);
	bson_t head = BSON_INITIALIZER;

	BSON_APPEND_INT32(&head, "concurrent_collections", w->concurrent);
	BSON_APPEND_UTF8(&head, "version", "0.1");
	BSON_APPEND_UTF8(&head, "server_version", w->version ? w->version : "");
	BSON_APPEND_UTF8(&head, "tool_version", "mm-dump " MM_VERSION);
	buf_add(&w->prelude, &magic, sizeof magic);
	add_doc(&w->prelude, &head);
	bson_destroy(&head);
}

static bool
take_coll(struct writing *w, const bson_t *record, bson_error_t *error)
{
	struct coll *coll = bson_malloc0(sizeof *coll);
	bson_t doc = BSON_INITIALIZER;
	char *json = dump_coll_json(record, error);

	coll->c = (int32_t)doc_int(record, "c");
	coll->db = bson_strdup(doc_text_or(record, "db", ""));
	coll->name = bson_strdup(doc_text_or(record, "coll", ""));
	coll->view = strcmp(doc_text_or(record, "type", ""), "view") == 0;
	HASH_ADD(hh, w->colls, c, sizeof coll->c, coll);
	if (json) {
		BSON_APPEND_UTF8(&doc, "db", coll->db);
		BSON_APPEND_UTF8(&doc, "collection", coll->name);
		BSON_APPEND_UTF8(&doc, "metadata", json);
		BSON_APPEND_INT32(&doc, "size", 0);
		BSON_APPEND_UTF8(&doc, "type", coll->view ? "view" : "");
		add_doc(&w->prelude, &doc);
	}
	bson_free(json);
	bson_destroy(&doc);
	return json &&
	    (!w->begun ||
		error_set(error, MM_EXIT_REFUSED, 0,
		    "a collection is announced after the first data: an "
		    "archive cannot hold it"));
}

static bool
begin(struct writing *w, bson_error_t *error)
{
	bool ok;

	if (w->begun)
		return true;
	w->begun = true;
	buf_add(&w->prelude, terminator, sizeof terminator);
	ok = put(w, w->prelude.data, w->prelude.len, error);
	buf_release(&w->prelude);
	return ok;
}

/* -------------------------------------------------------------- pieces */

static struct coll *
find(const struct writing *w, int32_t c)
{
	struct coll *coll;

	HASH_FIND(hh, w->colls, &c, sizeof c, coll);
	return coll;
}

static bool
put_header(
    struct writing *w, const struct coll *coll, bool eof, bson_error_t *error)
{
	bson_t doc = BSON_INITIALIZER;
	bool ok;

	BSON_APPEND_UTF8(&doc, "db", coll->db);
	BSON_APPEND_UTF8(&doc, "collection", coll->name);
	BSON_APPEND_BOOL(&doc, "EOF", eof);
	BSON_APPEND_INT64(&doc, "CRC", eof ? (int64_t)coll->crc : 0);
	ok = put(w, bson_get_data(&doc), doc.len, error);
	bson_destroy(&doc);
	return ok;
}

static bool
put_piece(
    struct writing *w, const struct block_view *block, bson_error_t *error)
{
	struct coll *coll = find(w, block->c);

	if (!coll)
		return error_set(
		    error, MM_EXIT_STREAM, 0, "a block of no collection");
	coll->crc = archive_crc(coll->crc, block->docs, block->len);
	return put_header(w, coll, false, error) &&
	    put(w, block->docs, block->len, error) &&
	    put(w, terminator, sizeof terminator, error);
}

static bool
put_eof(struct writing *w, struct coll *coll, bson_error_t *error)
{
	coll->ended = true;
	return put_header(w, coll, true, error) &&
	    put(w, terminator, sizeof terminator, error);
}

static bool
end_coll(struct writing *w, const bson_t *record, bson_error_t *error)
{
	struct coll *coll = find(w, (int32_t)doc_int(record, "c"));

	return !coll || put_eof(w, coll, error);
}

static bool
end(struct writing *w, const bson_t *record, bson_error_t *error)
{
	struct coll *coll, *next;

	bson_strncpy(
	    w->reason, doc_text_or(record, "reason", ""), sizeof w->reason);
	if (strcmp(w->reason, "complete") != 0)
		return true;
	HASH_ITER(hh, w->colls, coll, next)
	if (coll->view && !coll->ended && !put_eof(w, coll, error))
		return false;
	return true;
}

static bool
take(struct writing *w, const struct stream_item *item, bson_error_t *error)
{
	switch (item->type) {
	case RECORD_STREAM:
		if (stream_in_kind(w->in) != STREAM_SNAPSHOT)
			return error_set(error, MM_EXIT_REFUSED, 0,
			    "an archive is made of a snapshot alone");
		bson_free(w->version);
		w->version =
		    bson_strdup(doc_text(&item->control, "source.version"));
		put_head(w);
		return true;
	case RECORD_COLL:
		return take_coll(w, &item->control, error);
	case RECORD_BLOCK:
		return begin(w, error) && put_piece(w, &item->block, error);
	case RECORD_CEND:
		return begin(w, error) && end_coll(w, &item->control, error);
	case RECORD_END:
		return begin(w, error) && end(w, &item->control, error);
	default:
		return true;
	}
}

static bool
whole(const struct writing *w, bson_error_t *error)
{
	if (strcmp(w->reason, "complete") == 0)
		return true;
	if (strcmp(w->reason, "signal") == 0)
		return error_set(error, MM_EXIT_STOPPED, 0,
		    "the snapshot was stopped before its end");
	return error_set(error, MM_EXIT_STREAM, 0,
	    "the snapshot ends with reason \"%s\"", w->reason);
}

bool
archive_from_stream(int fd, const char *name, int concurrent, int out,
    const char *out_name, bson_error_t *error)
{
	struct writing w = {.out = out,
	    .name = out_name,
	    .concurrent = concurrent,
	    .prelude = BUF_INIT};
	struct stream_item item;
	struct coll *coll, *next;
	enum stream_got got;
	bool ok = true;

	w.in = stream_in_new(fd, name, false);
	while (ok && (got = stream_next(w.in, &item, error)) == STREAM_GOT)
		ok = take(&w, &item, error);
	ok = ok && got == STREAM_EOF && whole(&w, error);
	stream_in_free(w.in);
	HASH_ITER(hh, w.colls, coll, next)
	{
		HASH_DELETE(hh, w.colls, coll);
		bson_free(coll->db);
		bson_free(coll->name);
		bson_free(coll);
	}
	buf_release(&w.prelude);
	bson_free(w.version);
	return ok;
}
