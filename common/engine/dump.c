#include "engine/dump.h"

#include <inttypes.h>
#include <string.h>

#include "base/doc.h"
#include "base/msg.h"
#include "base/sig.h"
#include "base/status.h"
#include "engine/dump_plan.h"
#include "engine/dump_query.h"
#include "engine/position.h"
#include "engine/read_part.h"

/* How long a member may take to come to where another one was. */
enum { LAG_MS = 60000, POLL_MS = 100 };

#define WIRE_SNAPSHOT 12
#define WIRE_SNAPSHOT_CAPPED 25 /* 8.0 */

struct dump {
	struct server *server;
	struct conn *conn;
	const struct ns_rules *rules;
	const struct dump_opts *opts;
	struct stream_out *out;
	struct readers *readers;
	struct dump_result *result;
	struct optime read_from; /* for a tail that starts at result->from */
	struct dump_lock *lock;
	struct optime at; /* where the data stand still */
	int32_t *done;    /* numbers of collections that are done already */
	size_t n_done;
};

/* Whoever does not know them would take a part for the whole. */
static void
append_features(const struct dump_opts *o, bson_t *head)
{
	uint32_t n = 0;
	char buf[16];
	const char *key;
	bson_t list;

	BSON_APPEND_ARRAY_BEGIN(head, "features", &list);
	if (o->resume) {
		bson_uint32_to_string(n++, &key, buf, sizeof buf);
		BSON_APPEND_UTF8(&list, key, "resume");
	}
	if (o->readers.query) {
		bson_uint32_to_string(n++, &key, buf, sizeof buf);
		BSON_APPEND_UTF8(&list, key, "query");
	}
	bson_append_array_end(head, &list);
}

static bool
open_stream(struct dump *d, bson_error_t *error)
{
	bson_t head = BSON_INITIALIZER, filters;

	if (d->opts->job)
		BSON_APPEND_UTF8(&head, "job", d->opts->job);
	server_append(d->server, "source", &head);
	BSON_APPEND_DOCUMENT_BEGIN(&head, "filters", &filters);
	ns_rules_append(d->rules, &filters);
	if (d->opts->readers.query)
		BSON_APPEND_DOCUMENT(&filters, "query", d->opts->readers.query);
	bson_append_document_end(&head, &filters);
	optime_append(&head, "from", d->result->from);
	optime_append(&head, "readFrom", d->read_from);
	BSON_APPEND_UTF8(&head, "readConcern",
	    d->lock                           ? "local"
		: optime_is_null(d->opts->at) ? "majority"
					      : "snapshot");
	if (d->opts->resume)
		BSON_APPEND_UTF8(&head, "resumes", d->opts->resume->load);
	append_features(d->opts, &head);
	d->out = stream_out_new(&d->opts->out, STREAM_SNAPSHOT, &head, error);
	bson_destroy(&head);
	return d->out;
}

/* Nothing of it is to come. */
static bool
put_done(struct dump *d, int32_t c, bson_error_t *error)
{
	bson_t doc = BSON_INITIALIZER;
	bool ok;

	BCON_APPEND(&doc, "$mm", "cend", "c", BCON_INT32(c), "docs",
	    BCON_INT64(0), "bytes", BCON_INT64(0), "sum", BCON_INT64(0));
	ok = stream_put(d->out, &doc, error);
	bson_destroy(&doc);
	return ok;
}

static bool
announce(
    struct dump *d, int32_t c, const struct coll *coll, bson_error_t *error)
{
	struct dump_plan plan;

	if (coll->type == COLL_VIEW)
		return dump_put_coll(d->out, c, coll, NULL, error);
	if (!dump_plan(d->conn, d->opts, coll, &plan, error))
		return error_prefix(error, "\"%s\"", coll->ns);
	if (!dump_put_coll(d->out, c, coll, &plan, error)) {
		readers_plan_release(&plan.read);
		return false;
	}
	if (plan.done) {
		d->done =
		    bson_realloc(d->done, (d->n_done + 1) * sizeof *d->done);
		d->done[d->n_done++] = c;
		return true;
	}
	msg_verbose("\"%s\": about %" PRId64 " documents in %zu parts",
	    coll->ns, coll->est_docs, plan.read.n_bounds + 1);
	if (!plan.unknown) {
		status_add("docs_total", coll->est_docs);
		status_add("bytes_total", coll->est_bytes);
	}
	readers_add(d->readers, c, coll, &plan.read);
	return true;
}

/* The server would say that there is no such snapshot at the moment. */
static bool
may_read(struct dump *d, const struct coll_list *list, bson_error_t *error)
{
	if (d->opts->lock || optime_is_null(d->opts->at) ||
	    server_info(d->server)->wire >= WIRE_SNAPSHOT_CAPPED)
		return true;
	for (size_t i = 0; i < list->n; i++)
		if (list->item[i].type == COLL_CAPPED)
			return error_set(error, MM_EXIT_REFUSED, 0,
			    "\"%s\" is capped: the source cannot read it as "
			    "of a time, that needs MongoDB 8.0; exclude it",
			    list->item[i].ns);
	return true;
}

static bool
announce_all(struct dump *d, bson_error_t *error)
{
	struct coll_list list = {0};
	bool ok = catalog_list(d->conn, d->rules, true, &list, error) &&
	    may_read(d, &list, error);

	for (size_t i = 0; ok && i < list.n; i++) {
		ok = sig_stopping()
		    ? read_stopped(error)
		    : announce(d, (int32_t)i, &list.item[i], error);
		/* Ten thousand raw catalogue entries would be a burden. */
		coll_release(&list.item[i]);
		bson_init(&list.item[i].options);
		bson_init(&list.item[i].indexes);
	}
	/* All coll records come first. */
	for (size_t i = 0; ok && i < d->n_done; i++)
		ok = put_done(d, d->done[i], error);
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

/* Everything is read: up to where. */
static bool
take_end(struct dump *d, bson_error_t *error)
{
	if (d->lock) {
		d->result->to = d->at;
		return dump_lock_end(d->lock, error);
	}
	if (!optime_is_null(d->opts->at)) {
		d->result->to = d->at;
		return true;
	}
	return conn_positions(d->conn, &d->result->to, NULL, error);
}

/* Before anything is written that may have to wait for its reader. */
static void
end_lock(struct dump *d, bson_error_t *error)
{
	bson_error_t why;

	if (!d->lock)
		return;
	if (error)
		dump_lock_broken(d->lock, error);
	if (!dump_lock_free(d->lock, &why)) {
		msg_error("%s", why.message);
		if (error)
			*error = why;
	}
	d->lock = NULL;
}

static bool
read_all(struct dump *d, bson_error_t *error)
{
	struct readers_opts o = d->opts->readers;
	bson_error_t end;

	status_state("copying");
	o.read_concern = d->lock ? "local" : NULL;
	o.at = optime_is_null(d->opts->at) ? OPTIME_NULL : d->at;
	d->readers = readers_new(d->server, d->out, &o);
	if (announce_all(d, error) && readers_run(d->readers, error) &&
	    take_end(d, error)) {
		if (!put_end(d, "complete", error))
			return false;
		if (d->lock)
			dump_lock_catch_up(d->lock);
		return true;
	}
	d->result->to = OPTIME_NULL;
	/* A signal also ends the tries to reach a source that is away. */
	if (sig_stopping() && error_status(error) == MM_EXIT_SOURCE)
		read_stopped(error);
	end_lock(d, error);
	/* The reader of a cut stream is to know that it was cut on purpose. */
	if (error_status(error) == MM_EXIT_STOPPED &&
	    !put_end(d, "signal", &end))
		*error = end;
	return false;
}

/* The start of the copy that is gone on with, which this member must have
 * come to. */
static bool
take_resumed(struct dump *d, bson_error_t *error)
{
	const struct resume *r = d->opts->resume;
	struct optime now = OPTIME_NULL;
	char text[OPTIME_TEXT];
	bool ok = true;

	for (int waited = 0; ok && optime_cmp(now, r->from) < 0;
	     waited += POLL_MS) {
		if (waited > LAG_MS)
			return error_set(error, MM_EXIT_POSITION, 0,
			    "the copy began at %s, where this member has not "
			    "come yet",
			    optime_text(r->from, text));
		if (waited > 0 && !sig_sleep(POLL_MS))
			return read_stopped(error);
		ok = conn_positions(d->conn, &now, NULL, error);
	}
	d->result->from = r->from;
	d->read_from = r->read_from;
	return ok;
}

/* A position at which the data stand: the window is empty. */
static bool
take_still(struct dump *d, bson_error_t *error)
{
	const struct dump_opts *o = d->opts;
	struct optime now;

	if (o->lock) {
		d->lock = dump_lock_take(d->server, o->lock, &d->at, error);
		if (!d->lock)
			return false;
	} else {
		if (server_info(d->server)->wire < WIRE_SNAPSHOT)
			return error_set(error, MM_EXIT_REFUSED, 0,
			    "the source cannot read as of a time outside "
			    "transactions: that needs MongoDB 5.0");
		if (!conn_positions(d->conn, &now, NULL, error))
			return false;
		d->at = o->at.secs ? o->at : now;
		if (optime_cmp(d->at, now) > 0)
			return error_set(error, MM_EXIT_REFUSED, 0,
			    "the time to read at is not committed yet");
	}
	if (o->resume)
		return take_resumed(d, error);
	d->result->from = d->read_from = d->at;
	return position_open(
		   d->conn, o->lock ? "local" : NULL, &d->read_from, error) ||
	    error_status(error) == MM_EXIT_REFUSED;
}

/* A dump may be run by somebody who may not see transactions; a tail then
 * starts at the position itself, and refuses what it cannot see whole. */
static bool
take_position(struct dump *d, bson_error_t *error)
{
	struct optime *from = &d->result->from;

	if (d->opts->lock || !optime_is_null(d->opts->at))
		return take_still(d, error);
	if (d->opts->resume)
		return take_resumed(d, error);
	if (position_now(d->conn, &d->read_from, from, error))
		return true;
	if (error_status(error) != MM_EXIT_REFUSED ||
	    !conn_positions(d->conn, from, NULL, error))
		return false;
	d->read_from = *from;
	return true;
}

static bool
check_resume(struct dump *d, bson_error_t *error)
{
	bson_t doc = BSON_INITIALIZER, filters = BSON_INITIALIZER, source;
	bool ok = true;

	if (d->opts->resume) {
		server_append(d->server, "source", &doc);
		ns_rules_append(d->rules, &filters);
		ok = doc_sub(&doc, "source", &source) &&
		    resume_check(d->opts->resume, &source, &filters,
			d->opts->readers.query, error);
	}
	bson_destroy(&doc);
	bson_destroy(&filters);
	return ok;
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
	ok = d.conn && check_resume(&d, error) &&
	    (!opts->readers.query ||
		dump_query_check(d.conn, rules, opts->readers.query, error)) &&
	    take_position(&d, error);
	if (ok)
		status_position("position", result->from);
	ok = ok && open_stream(&d, error) && read_all(&d, error);
	end_lock(&d, ok ? NULL : error);
	readers_free(d.readers);
	bson_free(d.done);
	if (d.out)
		stream_out_free(d.out);
	if (d.conn)
		conn_close(d.conn);
	return ok;
}
