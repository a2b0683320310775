#include "engine/dump.h"

#include <inttypes.h>
#include <string.h>

#include "base/msg.h"
#include "base/sig.h"
#include "base/status.h"
#include "engine/position.h"
#include "engine/read_part.h"
#include "mongo/scan.h"

#define PARTS_MAX 64

struct dump {
	struct server *server;
	struct conn *conn;
	const struct ns_rules *rules;
	const struct dump_opts *opts;
	struct stream_out *out;
	struct readers *readers;
	struct dump_result *result;
	struct optime read_from; /* for a tail that starts at result->from */
};

static bool
open_stream(struct dump *d, bson_error_t *error)
{
	bson_t head = BSON_INITIALIZER, filters;

	if (d->opts->job)
		BSON_APPEND_UTF8(&head, "job", d->opts->job);
	server_append(d->server, "source", &head);
	BSON_APPEND_DOCUMENT_BEGIN(&head, "filters", &filters);
	ns_rules_append(d->rules, &filters);
	bson_append_document_end(&head, &filters);
	optime_append(&head, "from", d->result->from);
	optime_append(&head, "readFrom", d->read_from);
	BSON_APPEND_UTF8(&head, "readConcern", "majority");
	d->out = stream_out_new(&d->opts->out, STREAM_SNAPSHOT, &head, error);
	bson_destroy(&head);
	return d->out;
}

static bool
put_coll(
    struct dump *d, int32_t c, const struct coll *coll, bson_error_t *error)
{
	bson_t doc = BSON_INITIALIZER, est;
	bool view = coll->type == COLL_VIEW, ok;

	BSON_APPEND_UTF8(&doc, "$mm", "coll");
	BSON_APPEND_INT32(&doc, "c", c);
	BSON_APPEND_UTF8(&doc, "db", coll->db);
	BSON_APPEND_UTF8(&doc, "coll", coll->name);
	if (coll->has_uuid)
		BSON_APPEND_BINARY(
		    &doc, "uuid", BSON_SUBTYPE_UUID, coll->uuid, 16);
	BSON_APPEND_UTF8(&doc, "type", view ? "view" : "collection");
	BSON_APPEND_DOCUMENT(&doc, "options", &coll->options);
	if (!view) {
		BSON_APPEND_ARRAY(&doc, "indexes", &coll->indexes);
		BSON_APPEND_DOCUMENT_BEGIN(&doc, "est", &est);
		BSON_APPEND_INT64(&est, "docs", coll->est_docs);
		BSON_APPEND_INT64(&est, "bytes", coll->est_bytes);
		bson_append_document_end(&doc, &est);
	}
	ok = stream_put(d->out, &doc, error);
	bson_destroy(&doc);
	return ok || error_prefix(error, "\"%s\"", coll->ns);
}

/* In how many parts a collection is to be read. */
static int
parts_of(const struct dump *d, const struct coll *coll)
{
	int64_t n = coll->est_bytes / d->opts->part_bytes;

	if (n == 0 || d->opts->readers.threads == 1 ||
	    coll->type == COLL_CAPPED)
		return 1;
	if (n < 2 * d->opts->readers.threads)
		n = 2 * d->opts->readers.threads;
	return n < PARTS_MAX ? (int)n : PARTS_MAX;
}

static bool
announce(
    struct dump *d, int32_t c, const struct coll *coll, bson_error_t *error)
{
	bson_t **bounds = NULL;
	size_t n = 0;
	int parts = parts_of(d, coll);

	if (!put_coll(d, c, coll, error))
		return false;
	if (coll->type == COLL_VIEW)
		return true;
	if (parts > 1 &&
	    !scan_split(
		d->conn, coll->db, coll->name, parts, &bounds, &n, error))
		return error_prefix(error, "\"%s\"", coll->ns);
	msg_verbose("\"%s\": about %" PRId64 " documents in %zu parts",
	    coll->ns, coll->est_docs, n + 1);
	status_add("docs_total", coll->est_docs);
	status_add("bytes_total", coll->est_bytes);
	readers_add(d->readers, c, coll, bounds, n);
	return true;
}

static bool
announce_all(struct dump *d, bson_error_t *error)
{
	struct coll_list list = {0};
	bool ok = catalog_list(d->conn, d->rules, true, &list, error);

	for (size_t i = 0; ok && i < list.n; i++) {
		ok = sig_stopping()
		    ? read_stopped(error)
		    : announce(d, (int32_t)i, &list.item[i], error);
		/* Ten thousand raw catalogue entries would be a burden. */
		coll_release(&list.item[i]);
		bson_init(&list.item[i].options);
		bson_init(&list.item[i].indexes);
	}
	d->result->collections = list.n;
	if (ok && list.n == 0)
		msg_warn("nothing is selected: no collection matches");
	coll_list_release(&list);
	return ok;
}

static bool
put_end(struct dump *d, const char *reason, bson_error_t *error)
{
	bson_t extra = BSON_INITIALIZER;
	bool ok;

	if (!optime_is_null(d->result->to)) {
		optime_append(&extra, "to", d->result->to);
		optime_append(&extra, "readFrom", d->read_from);
	}
	ok = stream_put_end(d->out, reason, &extra, error);
	bson_destroy(&extra);
	d->result->docs = stream_out_docs(d->out);
	return ok;
}

static bool
read_all(struct dump *d, bson_error_t *error)
{
	bson_error_t end;

	status_state("copying");
	d->readers = readers_new(d->server, d->out, &d->opts->readers);
	if (announce_all(d, error) && readers_run(d->readers, error))
		return conn_positions(d->conn, &d->result->to, NULL, error) &&
		    put_end(d, "complete", error);
	/* A signal also ends the tries to reach a source that is away. */
	if (sig_stopping() && error_status(error) == MM_EXIT_SOURCE)
		read_stopped(error);
	/* The reader of a cut stream is to know that it was cut on purpose. */
	if (error_status(error) == MM_EXIT_STOPPED &&
	    !put_end(d, "signal", &end))
		*error = end;
	return false;
}

/* A dump may be run by somebody who may not see transactions; a tail then
 * starts at the position itself, and refuses what it cannot see whole. */
static bool
take_position(struct dump *d, bson_error_t *error)
{
	struct optime *from = &d->result->from;

	if (position_now(d->conn, &d->read_from, from, error))
		return true;
	if (error_status(error) != MM_EXIT_REFUSED ||
	    !conn_positions(d->conn, from, NULL, error))
		return false;
	d->read_from = *from;
	return true;
}

bool
dump_run(struct server *s, const struct ns_rules *rules,
    const struct dump_opts *opts, struct dump_result *result,
    bson_error_t *error)
{
	struct dump d = {
	    .server = s, .rules = rules, .opts = opts, .result = result};
	bool ok;

	*result = (struct dump_result){.from = OPTIME_NULL, .to = OPTIME_NULL};
	d.conn = conn_open(s, error);
	ok = d.conn && take_position(&d, error);
	if (ok)
		status_position("position", result->from);
	ok = ok && open_stream(&d, error) && read_all(&d, error);
	readers_free(d.readers);
	if (d.out)
		stream_out_free(d.out);
	if (d.conn)
		conn_close(d.conn);
	return ok;
}
