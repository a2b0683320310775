/* What a stream may contain in which order. All readers share this, so that
 * parallel and sequential reading refuse the same things. */
#include <inttypes.h>
#include <string.h>
#include <uthash.h>

#include "base/doc.h"
#include "stream/item.h"

#define VERSION 1
/* A stream that announces more is refused before memory is spent on it. */
#define COLLS_MAX (1u << 20)

struct coll {
	int32_t c;
	bool ended, view;
	int64_t docs, bytes;
	UT_hash_handle hh;
};

struct stream_check {
	bool inside; /* between stream and end */
	uint64_t streams;
	enum stream_kind kind;
	uint64_t number;
	int64_t blocks, docs, bytes;
	struct coll *colls;
};

struct stream_check *
check_new(void)
{
	return bson_malloc0(sizeof(struct stream_check));
}

static void
forget_colls(struct stream_check *c)
{
	struct coll *coll, *next;

	HASH_ITER(hh, c->colls, coll, next)
	{
		HASH_DEL(c->colls, coll);
		bson_free(coll);
	}
}

void
check_free(struct stream_check *c)
{
	if (!c)
		return;
	forget_colls(c);
	bson_free(c);
}

enum stream_kind
check_kind(const struct stream_check *c)
{
	return c->kind;
}

uint64_t
check_number(const struct stream_check *c)
{
	return c->number;
}

/* What mm-stream(5) names, and this version can tell from the rest. */
static bool
known_feature(const bson_iter_t *it, enum stream_kind kind)
{
	const char *name =
	    BSON_ITER_HOLDS_UTF8(it) ? bson_iter_utf8(it, NULL) : "";

	return (kind == STREAM_OPLOG && strcmp(name, "repair") == 0) ||
	    (kind == STREAM_SNAPSHOT &&
		(strcmp(name, "resume") == 0 || strcmp(name, "query") == 0));
}

static bool
check_features(const bson_t *doc, enum stream_kind kind, bson_error_t *error)
{
	bson_iter_t it, in;

	if (!bson_iter_init_find(&it, doc, "features"))
		return true;
	if (!BSON_ITER_HOLDS_ARRAY(&it) || !bson_iter_recurse(&it, &in))
		return error_set(error, MM_EXIT_STREAM, 0,
		    "record \"stream\": field \"features\" is no array");
	while (bson_iter_next(&in))
		if (!known_feature(&in, kind))
			return error_set(error, MM_EXIT_REFUSED, 0,
			    "the stream uses feature \"%s\", unknown to this "
			    "version",
			    BSON_ITER_HOLDS_UTF8(&in)
				? bson_iter_utf8(&in, NULL)
				: "?");
	return true;
}

/* A log of a part would be one that leaves entries out. */
static bool
check_query(const bson_t *doc, enum stream_kind kind, bson_error_t *error)
{
	bson_t query;

	return kind == STREAM_SNAPSHOT ||
	    !doc_sub(doc, "filters.query", &query) ||
	    error_set(error, MM_EXIT_REFUSED, 0,
		"a stream of kind %s of a part of a collection (a query)",
		stream_kind_text(kind));
}

static bool
check_stream(struct stream_check *c, const bson_t *doc, bson_error_t *error)
{
	const char *kind;
	int32_t v;

	if (!record_int32(doc, "v", &v, error))
		return false;
	if (v != VERSION)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "the stream is of format version %" PRId32
		    ", this program reads version %d",
		    v, VERSION);
	if (!record_text(doc, "kind", &kind, error))
		return false;
	if (!stream_kind_parse(kind, &c->kind))
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "the stream is of kind \"%s\", unknown to this version",
		    kind);
	if (!check_features(doc, c->kind, error))
		return false;
	if (!check_query(doc, c->kind, error))
		return false;
	forget_colls(c);
	c->inside = true;
	c->streams++;
	c->blocks = c->docs = c->bytes = 0;
	return true;
}

static struct coll *
find_coll(const struct stream_check *c, int32_t id)
{
	struct coll *coll;

	HASH_FIND(hh, c->colls, &id, sizeof id, coll);
	return coll;
}

static bool
check_coll(struct stream_check *c, const bson_t *doc, bson_error_t *error)
{
	const char *db, *name;
	struct coll *coll;
	bson_iter_t it;
	int32_t id;

	if (!record_int32(doc, "c", &id, error) ||
	    !record_text(doc, "db", &db, error) ||
	    !record_text(doc, "coll", &name, error))
		return false;
	if (id < 0 || find_coll(c, id))
		return error_set(error, MM_EXIT_STREAM, 0,
		    "record \"coll\": number %" PRId32 " is %s", id,
		    id < 0 ? "negative" : "in use");
	if (HASH_COUNT(c->colls) >= COLLS_MAX)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "more than %u collections in one stream", COLLS_MAX);
	coll = bson_malloc0(sizeof *coll);
	coll->c = id;
	coll->view = bson_iter_init_find(&it, doc, "type") &&
	    BSON_ITER_HOLDS_UTF8(&it) &&
	    strcmp(bson_iter_utf8(&it, NULL), "view") == 0;
	HASH_ADD(hh, c->colls, c, sizeof coll->c, coll);
	return true;
}

static bool
check_block(
    struct stream_check *c, const struct block_view *b, bson_error_t *error)
{
	struct coll *coll = find_coll(c, b->c);

	if (b->seq != c->blocks)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "block %" PRId64 " where block %" PRId64 " is due", b->seq,
		    c->blocks);
	if (!coll && (b->c != 0 || c->kind == STREAM_SNAPSHOT))
		return error_set(error, MM_EXIT_STREAM, 0,
		    "block %" PRId64 " is of collection number %" PRId32
		    ", which was not announced",
		    b->seq, b->c);
	if (coll && coll->ended)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "block %" PRId64 " is of collection number %" PRId32
		    ", which has ended",
		    b->seq, b->c);
	if (coll) {
		coll->docs += b->n;
		coll->bytes += (int64_t)b->len;
	}
	c->blocks++;
	c->docs += b->n;
	c->bytes += (int64_t)b->len;
	return true;
}

static bool
same_count(
    const bson_t *doc, const char *field, int64_t have, bson_error_t *error)
{
	int64_t said;

	if (!record_int64(doc, field, &said, error))
		return false;
	if (said != have)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "the stream holds %" PRId64 " %s where it says %" PRId64,
		    have, field, said);
	return true;
}

static bool
check_cend(struct stream_check *c, const bson_t *doc, bson_error_t *error)
{
	struct coll *coll;
	int32_t id;
	int64_t sum;

	if (!record_int32(doc, "c", &id, error) ||
	    !record_int64(doc, "sum", &sum, error))
		return false;
	coll = find_coll(c, id);
	if (!coll || coll->ended)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "record \"cend\": collection number %" PRId32 " %s", id,
		    coll ? "has ended before" : "was not announced");
	if (!same_count(doc, "docs", coll->docs, error) ||
	    !same_count(doc, "bytes", coll->bytes, error))
		return error_prefix(error, "collection number %" PRId32, id);
	coll->ended = true;
	return true;
}

static bool
check_mark(const bson_t *doc, bson_error_t *error)
{
	struct optime o;

	if (!optime_of(doc, &o))
		return error_set(error, MM_EXIT_STREAM, 0,
		    "record \"mark\" has no field \"ts\" of type timestamp");
	return true;
}

static bool
check_last(struct stream_check *c, const bson_t *doc, bson_error_t *error)
{
	const char *reason;
	struct coll *coll, *next;

	if (!record_text(doc, "reason", &reason, error) ||
	    !same_count(doc, "blocks", c->blocks, error) ||
	    !same_count(doc, "docs", c->docs, error) ||
	    !same_count(doc, "bytes", c->bytes, error))
		return false;
	if (strcmp(reason, "complete") == 0) {
		HASH_ITER(hh, c->colls, coll, next)
		if (!coll->ended && !coll->view)
			return error_set(error, MM_EXIT_STREAM, 0,
			    "the stream ends as complete, but collection "
			    "number %" PRId32 " has no end",
			    coll->c);
	}
	forget_colls(c);
	c->inside = false;
	return true;
}

bool
check_item(
    struct stream_check *c, struct stream_item *item, bson_error_t *error)
{
	const bson_t *doc = &item->control;
	bool ok = true;

	if (!c->inside)
		c->number = 0;
	item->number = c->number;
	if (!record_check(doc, c->number, &item->type, error))
		return false;
	if (c->inside == (item->type == RECORD_STREAM))
		return error_set(error, MM_EXIT_STREAM, 0,
		    c->inside ? "a new stream begins before the end of the "
				"one before"
			      : "the stream does not begin with a record "
				"\"stream\"");
	switch (item->type) {
	case RECORD_STREAM:
		ok = check_stream(c, doc, error);
		break;
	case RECORD_COLL:
		ok = check_coll(c, doc, error);
		break;
	case RECORD_BLOCK:
		ok = check_block(c, &item->block, error);
		break;
	case RECORD_CEND:
		ok = check_cend(c, doc, error);
		break;
	case RECORD_MARK:
		ok = check_mark(doc, error);
		break;
	case RECORD_END:
		ok = check_last(c, doc, error);
		break;
	case RECORD_OTHER:
		break;
	}
	c->number += ok;
	return ok;
}

bool
check_end(const struct stream_check *c, const char *name, bson_error_t *error)
{
	if (c->inside)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "%s: cut short: the input ends without an end record",
		    name);
	if (c->streams == 0)
		return error_set(
		    error, MM_EXIT_STREAM, 0, "%s: the input is empty", name);
	return true;
}
