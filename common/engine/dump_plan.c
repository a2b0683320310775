/* A single part is read in natural order, which a server gives fastest (1.65
 * times the speed of `_id` order), provided that the scan can go on after a
 * lost cursor by a resume token: from 4.4 on. Ranges need `_id` order. A capped
 * collection is one part in natural order always, so that its order survives. A
 * clustered one has its `_id`s for record ids.
 *
 * A copy is gone on with as it was begun: the same parts, the same order.
 * Record ids are a member's own, so that a scan in natural order goes on only
 * at the member where it began. */
#include "engine/dump_plan.h"

#include <inttypes.h>
#include <string.h>

#include "base/array.h"
#include "base/msg.h"
#include "mongo/cursor.h"
#include "mongo/scan.h"

#define PARTS_MAX 64
#define QUERY_PART_BYTES (64 << 20)
#define QUERY_PARTS_MAX 1000
#define WIRE_44 9
#define CODE_KEY_NOT_FOUND 211
#define CODE_POSITION_LOST 136

/* A server says nothing before it has found a whole reply, or has come to the
 * end of the part: with a query that few match, its parts are so small that it
 * says so before it is taken for dead. */
static int
parts_of_query(const struct dump_opts *o, const struct coll *coll)
{
	int64_t n = coll->est_bytes /
	    (o->part_bytes < QUERY_PART_BYTES ? o->part_bytes
					      : QUERY_PART_BYTES);

	if (o->partition == DUMP_NONE || o->partition == DUMP_NATURAL)
		return 1;
	if (o->partition == DUMP_ID && n < 2 * o->readers.threads)
		n = 2 * o->readers.threads;
	return n < 1 ? 1 : n < QUERY_PARTS_MAX ? (int)n : QUERY_PARTS_MAX;
}

/* In how many parts a collection is to be read. */
static int
parts_of(const struct dump_opts *o, const struct coll *coll)
{
	int64_t n = coll->est_bytes / o->part_bytes;

	if (o->readers.query)
		return parts_of_query(o, coll);
	if (o->partition == DUMP_NONE || o->partition == DUMP_NATURAL ||
	    (n == 0 && o->partition != DUMP_ID) || o->readers.threads == 1)
		return 1;
	if (n < 2 * o->readers.threads)
		n = 2 * o->readers.threads;
	return n < PARTS_MAX ? (int)n : PARTS_MAX;
}

static bool
plan_anew(struct conn *c, const struct dump_opts *o, const struct coll *coll,
    struct readers_plan *read, bson_error_t *error)
{
	bool clustered = bson_has_field(&coll->options, "clusteredIndex");
	int parts = parts_of(o, coll);

	memset(read, 0, sizeof *read);
	if (coll->type == COLL_CAPPED) {
		read->natural = true;
		return true;
	}
	if (parts > 1 &&
	    !scan_split(c, coll->db, coll->name, parts, &read->bounds,
		&read->n_bounds, error))
		return false;
	if (read->n_bounds == 0 && !clustered)
		read->natural = o->partition == DUMP_NATURAL ||
		    (o->partition != DUMP_NONE &&
			server_info(conn_server(c))->wire >= WIRE_44);
	return true;
}

/* The record at a token is still there: 1, 0, -1. */
static int
token_stands(struct conn *c, const struct coll *coll, const bson_t *token,
    bson_error_t *error)
{
	bson_t more = BSON_INITIALIZER, doc;
	struct cursor_opts o = {
	    .db = coll->db, .coll = coll->name, .more = &more};
	int got;

	BCON_APPEND(&more, "hint", "{", "$natural", BCON_INT32(1), "}",
	    "projection", "{", "_id", BCON_INT32(1), "}",
	    "$_requestResumeToken", BCON_BOOL(true), "$_resumeAfter",
	    BCON_DOCUMENT(token));
	got = cursor_one(c, &o, &doc, error);
	bson_destroy(&doc);
	bson_destroy(&more);
	if (got < 0)
		return error->code == CODE_KEY_NOT_FOUND ||
			error->code == CODE_POSITION_LOST
		    ? 0
		    : -1;
	return 1;
}

/* One scan in natural order: 1 it is gone on with, 0 begun anew, -1. */
static int
resume_natural(struct conn *c, const struct resume *r,
    const struct resume_coll *rc, const struct coll *coll,
    struct readers_plan *read, bson_error_t *error)
{
	bson_t *at = resume_at(rc, 0);
	int stands = 1;

	if (!at || rc->parts != 1 ||
	    strcmp(r->me, server_info(conn_server(c))->me) != 0) {
		if (at)
			bson_destroy(at);
		return 0;
	}
	/* Another one re-reads what it must; here order counts. */
	if (coll->type == COLL_CAPPED)
		stands = token_stands(c, coll, at, error);
	if (stands <= 0) {
		bson_destroy(at);
		return stands;
	}
	read->natural = true;
	read->after = bson_malloc(sizeof *read->after);
	read->after[0] = at;
	return 1;
}

static int
resume_ranges(const struct resume_coll *rc, struct readers_plan *read)
{
	read->n_bounds = rc->parts - 1;
	read->bounds = bson_malloc0(rc->parts * sizeof *read->bounds);
	read->after = bson_malloc0(rc->parts * sizeof *read->after);
	for (size_t i = 0; i < rc->parts; i++) {
		read->after[i] = resume_at(rc, i);
		if (i + 1 < rc->parts &&
		    !(read->bounds[i] = resume_bound(rc, i))) {
			read->n_bounds = i;
			readers_plan_release(read);
			return 0;
		}
	}
	return 1;
}

bool
dump_plan(struct conn *c, const struct dump_opts *opts, const struct coll *coll,
    struct dump_plan *plan, bson_error_t *error)
{
	const struct resume_coll *rc =
	    opts->resume ? resume_find(opts->resume, coll) : NULL;
	int got = 0;

	memset(plan, 0, sizeof *plan);
	plan->unknown = opts->readers.query;
	if (rc && rc->done) {
		plan->done = plan->resumed = true;
		return true;
	}
	if (rc && rc->begun) {
		got = rc->natural ? resume_natural(c, opts->resume, rc, coll,
					&plan->read, error)
				  : resume_ranges(rc, &plan->read);
		if (got == 0)
			msg_info(
			    "\"%s\" is read from its start again", coll->ns);
	}
	plan->resumed = got > 0;
	if (got < 0 ||
	    (got == 0 && !plan_anew(c, opts, coll, &plan->read, error)))
		return false;
	plan->read.in_order = coll->type == COLL_CAPPED ||
	    (plan->read.natural && opts->partition == DUMP_NATURAL);
	return true;
}

static void
put_bounds(const struct readers_plan *read, bson_t *doc)
{
	uint32_t n = 0;
	bson_t array;

	if (read->n_bounds == 0)
		return;
	BSON_APPEND_ARRAY_BEGIN(doc, "bounds", &array);
	for (size_t i = 0; i < read->n_bounds; i++)
		array_add(&array, &n, read->bounds[i]);
	bson_append_array_end(doc, &array);
}

static void
put_estimate(const struct coll *coll, bool done, bson_t *doc)
{
	bson_t est;

	BSON_APPEND_DOCUMENT_BEGIN(doc, "est", &est);
	BSON_APPEND_INT64(&est, "docs", done ? 0 : coll->est_docs);
	BSON_APPEND_INT64(&est, "bytes", done ? 0 : coll->est_bytes);
	bson_append_document_end(doc, &est);
}

bool
dump_put_coll(struct stream_out *out, int32_t c, const struct coll *coll,
    const struct dump_plan *plan, bson_error_t *error)
{
	bson_t doc = BSON_INITIALIZER;
	bool ok;

	BSON_APPEND_UTF8(&doc, "$mm", "coll");
	BSON_APPEND_INT32(&doc, "c", c);
	BSON_APPEND_UTF8(&doc, "db", coll->db);
	BSON_APPEND_UTF8(&doc, "coll", coll->name);
	if (coll->has_uuid)
		BSON_APPEND_BINARY(
		    &doc, "uuid", BSON_SUBTYPE_UUID, coll->uuid, 16);
	BSON_APPEND_UTF8(&doc, "type", plan ? "collection" : "view");
	BSON_APPEND_DOCUMENT(&doc, "options", &coll->options);
	if (plan) {
		BSON_APPEND_ARRAY(&doc, "indexes", &coll->indexes);
		if (!plan->unknown)
			put_estimate(coll, plan->done, &doc);
		BSON_APPEND_BOOL(&doc, "natural", plan->read.natural);
		put_bounds(&plan->read, &doc);
		if (plan->resumed)
			BSON_APPEND_BOOL(&doc, "resumed", true);
	}
	ok = stream_put(out, &doc, error);
	bson_destroy(&doc);
	return ok || error_prefix(error, "\"%s\"", coll->ns);
}
