#include "stream/archive.h"

#include <inttypes.h>
#include <string.h>
#include <uthash.h>

#include "base/doc.h"
#include "base/msg.h"
#include "io/fdio.h"
#include "io/zio.h"
#include "stream/dump_coll.h"
#include "stream/dump_log.h"

#define COLLS_MAX (1u << 20)
#define KEPT_BYTES (1u << 20)
#define GZIP_MAGIC 0x8b1fu

struct coll {
	char *ns;
	bool chosen, view, log, ended;
	struct dump_coll put;
	uint64_t crc;
	UT_hash_handle hh;
};

struct reading {
	struct zio_reader *in;
	const struct dump_stream *to;
	struct stream_out *out;
	struct buf doc;
	struct coll *colls;
	struct coll *filling; /* has documents in its block */
	int32_t n;            /* announced in the stream */
	struct dump_log *log;
	bool has_log;
	struct buf kept; /* of the log, to be written */
};

static bool
damaged(bson_error_t *error, const char *what)
{
	return error_set(error, MM_EXIT_STREAM, 0, "%s", what);
}

/* Of the archive's own documents. */
static bool
view_doc(const struct reading *r, bson_t *doc, bson_error_t *error)
{
	return (bson_init_static(doc, r->doc.data, r->doc.len) &&
		   bson_validate(doc, BSON_VALIDATE_NONE, NULL)) ||
	    damaged(error, "a document is no BSON");
}

/* ------------------------------------------------------------- prelude */

static bool
read_magic(struct reading *r, bson_error_t *error)
{
	uint32_t magic;
	enum fdio_got got =
	    zio_read_full(r->in, &magic, sizeof magic, true, error);

	if (got == FDIO_END)
		return damaged(error, "the input is empty");
	if (got == FDIO_STOPPED)
		return error_set(error, MM_EXIT_STOPPED, 0,
		    "stopped by a signal before the end");
	if (got != FDIO_ALL)
		return false;
	magic = BSON_UINT32_FROM_LE(magic);
	if ((magic & 0xffff) == GZIP_MAGIC)
		return damaged(error,
		    "the archive is compressed: \"gzip -dc FILE | mm-load "
		    "--archive ...\" reads it");
	return magic == ARCHIVE_MAGIC ||
	    damaged(error, "it is no archive of mongodump");
}

static struct coll *
find(const struct reading *r, const bson_t *doc)
{
	char *ns = bson_strdup_printf("%s.%s", doc_text_or(doc, "db", ""),
	    doc_text_or(doc, "collection", ""));
	struct coll *coll;

	HASH_FIND_STR(r->colls, ns, coll);
	bson_free(ns);
	return coll;
}

static bool
announce(struct reading *r, struct coll *coll, const bson_t *doc,
    bson_error_t *error)
{
	bson_t record = BSON_INITIALIZER;
	bool ok;

	coll->put = (struct dump_coll){.out = r->out, .block = {.c = r->n++}};
	ok = dump_coll_read(coll->put.block.c, doc_text_or(doc, "db", ""),
		 doc_text_or(doc, "collection", ""), doc_text(doc, "metadata"),
		 doc_text(doc, "type"), &record, &coll->view, error) &&
	    stream_put(r->out, &record, error);
	bson_destroy(&record);
	return ok;
}

static bool
add_coll(struct reading *r, const bson_t *doc, bson_error_t *error)
{
	struct coll *coll;

	if (!doc_text(doc, "db") || !doc_text(doc, "collection") ||
	    !doc_text(doc, "metadata"))
		return damaged(
		    error, "a collection without a name, or metadata");
	if (find(r, doc))
		return damaged(error, "a collection is announced twice");
	if (HASH_COUNT(r->colls) >= COLLS_MAX)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "more than %u collections in one archive", COLLS_MAX);
	coll = bson_malloc0(sizeof *coll);
	coll->ns = bson_strdup_printf(
	    "%s.%s", doc_text(doc, "db"), doc_text(doc, "collection"));
	HASH_ADD_KEYPTR(hh, r->colls, coll->ns, strlen(coll->ns), coll);
	coll->log = !*doc_text(doc, "db");
	coll->chosen = !coll->log && r->to->select(r->to->arg, coll->ns);
	r->has_log |= coll->log;
	if (coll->log && !r->to->log)
		msg_warn("the archive has a log, which is passed over: the "
			 "copy is as the collections were read, each at its "
			 "own time (--oplog-out keeps the log, for "
			 "mm-oplog-apply --input-format=bson)");
	else if (!coll->log && !coll->chosen)
		msg_verbose("\"%s\" is not selected", coll->ns);
	return !coll->chosen || announce(r, coll, doc, error);
}

static bool
read_prelude(struct reading *r, bson_error_t *error)
{
	bson_t doc;
	int got = dump_doc_read(r->in, &r->doc, error);

	if (got == 0 || got == 2)
		return damaged(error, "the archive has no header");
	if (got < 0 || !view_doc(r, &doc, error))
		return false;
	if (strcmp(doc_text_or(&doc, "version", ""), "0.1") != 0)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "the archive is of version \"%s\", this program reads 0.1",
		    doc_text_or(&doc, "version", ""));
	while ((got = dump_doc_read(r->in, &r->doc, error)) == 1)
		if (!view_doc(r, &doc, error) || !add_coll(r, &doc, error))
			return false;
	if (got == 2 && r->to->log && !r->has_log)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "the archive has no log: it was not made with --oplog");
	return got == 2 ||
	    (got == 0 && damaged(error, "the archive ends in its prelude"));
}

/* -------------------------------------------------------------- pieces */

static bool
write_log(struct reading *r, bson_error_t *error)
{
	bool ok = !r->to->log ||
	    fdio_write_all(output_fd(r->to->log), output_name(r->to->log),
		r->kept.data, r->kept.len, error);

	buf_clear(&r->kept);
	return ok;
}

static bool
put_entry(struct reading *r, bson_error_t *error)
{
	if (!dump_log_note(r->log, r->doc.data, r->doc.len, error))
		return false;
	if (r->to->log)
		buf_add(&r->kept, r->doc.data, r->doc.len);
	return r->kept.len < KEPT_BYTES || write_log(r, error);
}

static bool
end_coll(struct reading *r, struct coll *coll, int64_t crc, bson_error_t *error)
{
	coll->ended = true;
	if ((uint64_t)crc != coll->crc)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "the documents of \"%s\" are not those that were written "
		    "(CRC)",
		    coll->ns);
	if (coll->log)
		return write_log(r, error);
	if (r->filling == coll)
		r->filling = NULL;
	return !coll->chosen || coll->view || dump_coll_end(&coll->put, error);
}

static bool
put_doc(struct reading *r, struct coll *coll, bson_error_t *error)
{
	coll->crc = archive_crc(coll->crc, r->doc.data, r->doc.len);
	if (coll->log)
		return put_entry(r, error);
	if (!coll->chosen)
		return true;
	if (coll->view)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "\"%s\" is a view with documents (--viewsAsCollections): "
		    "exclude it",
		    coll->ns);
	/* One block at a time: an archive may hold very many collections. */
	if (r->filling && r->filling != coll &&
	    !dump_coll_flush(&r->filling->put, error))
		return false;
	if (r->filling && r->filling != coll)
		dump_coll_release(&r->filling->put);
	r->filling = coll;
	return dump_coll_put(
	    &coll->put, r->doc.data, (uint32_t)r->doc.len, error);
}

/* 1, 0 the end, -1. */
static int
read_piece(struct reading *r, bson_error_t *error)
{
	struct coll *coll;
	bson_t head;
	bool eof;
	int64_t crc;
	int got = dump_doc_read(r->in, &r->doc, error);

	if (got == 2)
		damaged(error, "a piece without a header");
	if (got != 1)
		return got == 2 ? -1 : got;
	if (!view_doc(r, &head, error))
		return -1;
	coll = find(r, &head);
	if (!coll || coll->ended) {
		damaged(error,
		    coll ? "a collection goes on behind its end"
			 : "a piece of a collection that was not announced");
		return -1;
	}
	eof = doc_bool(&head, "EOF");
	crc = doc_int(&head, "CRC");
	while ((got = dump_doc_read(r->in, &r->doc, error)) == 1)
		if (eof ? !damaged(error, "documents behind an end")
			: !put_doc(r, coll, error))
			return -1;
	if (got == 0)
		damaged(error, "cut short within a collection");
	if (got != 2)
		return -1;
	return !eof || end_coll(r, coll, crc, error) ? 1 : -1;
}

static bool
read_pieces(struct reading *r, bson_error_t *error)
{
	struct coll *coll, *next;
	int got;

	while ((got = read_piece(r, error)) == 1)
		;
	if (got < 0)
		return false;
	HASH_ITER(hh, r->colls, coll, next)
	if (!coll->ended)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "cut short: collection \"%s\" has no end", coll->ns);
	return dump_log_end(r->out, r->to, r->log, error);
}

bool
archive_to_stream(int fd, const char *name, const struct dump_stream *to,
    struct dump_log *log, bson_error_t *error)
{
	struct reading r = {
	    .to = to, .doc = BUF_INIT, .kept = BUF_INIT, .log = log};
	struct stream_out_opts o = {.fd = to->fd, .name = to->name};
	struct coll *coll, *next;
	bool ok;

	*log = (struct dump_log){OPTIME_NULL, OPTIME_NULL};
	r.in = zio_reader_new(fd, name);
	ok = read_magic(&r, error) &&
	    (r.out = stream_out_new(&o, STREAM_SNAPSHOT, to->head, error)) &&
	    read_prelude(&r, error) && read_pieces(&r, error);
	if (!ok && error_status(error) == MM_EXIT_STREAM)
		error_prefix(
		    error, "%s: byte %" PRIu64, name, zio_reader_offset(r.in));
	HASH_ITER(hh, r.colls, coll, next)
	{
		HASH_DELETE(hh, r.colls, coll);
		dump_coll_release(&coll->put);
		bson_free(coll->ns);
		bson_free(coll);
	}
	if (r.out)
		stream_out_free(r.out);
	zio_reader_free(r.in);
	buf_release(&r.doc);
	buf_release(&r.kept);
	return ok;
}
