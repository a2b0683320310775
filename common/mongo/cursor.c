/* A getMore is never sent twice: the server has moved on when its reply is
 * lost, so a second one would leave a batch out. The first command may be
 * sent again: at worst a cursor stays behind until the server ends it.
 *
 * Replies are freed before the next one is asked for, and aimed at a size a
 * little below a power of two, because the driver's buffers double.
 */
#include "mongo/cursor.h"

#include <string.h>

#include "model/value.h"
#include "mongo/driver.h"

#define FIRST_DOCS 100
#define MOST_DOCS 100000
#define GROWTH 16 /* of the number of documents from reply to reply */

struct cursor {
	struct conn *conn;
	char *db, *coll;
	bson_t command; /* the first one, without batchSize */
	bool is_find, tailable;
	int64_t batch_bytes, await_ms, batch_docs, most_docs;
	bson_t opts; /* with the server that the cursor lives on */
	bool opened;
	int64_t id; /* 0: no cursor on the server */
	bson_t reply;
	struct walk walk; /* the rest of the batch in reply */
	size_t left;
	bson_t doc, token;
	bool has_token;
	enum cursor_got over; /* CURSOR_DOC: not over */
	bson_error_t why;
};

static struct cursor *new (struct conn *c, const char *db, const char *coll)
{
	struct cursor *cur = BSON_ALIGNED_ALLOC0(struct cursor);

	cur->conn = c;
	cur->db = bson_strdup(db);
	cur->coll = bson_strdup(coll);
	cur->over = CURSOR_DOC;
	cur->batch_bytes = 1 << 20;
	cur->batch_docs = FIRST_DOCS;
	cur->most_docs = MOST_DOCS;
	bson_init(&cur->command);
	bson_init(&cur->opts);
	bson_init(&cur->reply);
	bson_init(&cur->token);
	return cur;
}

struct cursor *
cursor_new(struct conn *c, const struct cursor_opts *o)
{
	struct cursor *cur = new (c, o->db, o->coll);
	bson_t none = BSON_INITIALIZER, *cmd = &cur->command;
	const struct server_info *info = &c->server->info;

	cur->is_find = true;
	cur->tailable = o->tailable;
	cur->await_ms = o->await_ms ? o->await_ms : 1000;
	if (o->batch_bytes)
		cur->batch_bytes = o->batch_bytes;
	if (o->first_docs)
		cur->batch_docs = o->first_docs;
	if (o->most_docs)
		cur->most_docs = o->most_docs;
	BSON_APPEND_UTF8(cmd, "find", o->coll);
	BSON_APPEND_DOCUMENT(cmd, "filter", o->filter ? o->filter : &none);
	if (o->more)
		bson_concat(cmd, o->more);
	if (o->limit)
		BSON_APPEND_INT64(cmd, "limit", o->limit);
	if (!optime_is_null(c->read_at) && !o->read_concern)
		BCON_APPEND(cmd, "readConcern", "{", "level",
		    BCON_UTF8("snapshot"), "atClusterTime",
		    BCON_TIMESTAMP(c->read_at.secs, c->read_at.inc), "}");
	if (!bson_has_field(cmd, "readConcern"))
		BCON_APPEND(cmd, "readConcern", "{", "level",
		    BCON_UTF8(o->read_concern ? o->read_concern : "majority"),
		    "}");
	if (o->tailable) {
		BCON_APPEND(cmd, "tailable", BCON_BOOL(true), "awaitData",
		    BCON_BOOL(true));
		/* A session's end takes its cursors along. */
		if (info->sessions)
			BSON_APPEND_BOOL(cmd, "noCursorTimeout", true);
		/* Needed up to 4.2 to find a timestamp without a scan. */
		if (info->wire < 9 && strcmp(o->db, "local") == 0)
			BSON_APPEND_BOOL(cmd, "oplogReplay", true);
	}
	bson_destroy(&none);
	return cur;
}

struct cursor *
cursor_new_command(struct conn *c, const char *db, const bson_t *command)
{
	struct cursor *cur = new (c, db, "");

	bson_concat(&cur->command, command);
	return cur;
}

static void
kill_cursor(struct cursor *cur)
{
	bson_t cmd = BSON_INITIALIZER;

	BCON_APPEND(&cmd, "killCursors", BCON_UTF8(cur->coll), "cursors", "[",
	    BCON_INT64(cur->id), "]");
	/* Best effort: the server ends idle cursors itself. */
	conn_run(cur->conn, cur->db, &cmd, &cur->opts, NULL, NULL);
	bson_destroy(&cmd);
}

void
cursor_free(struct cursor *cur)
{
	if (!cur)
		return;
	if (cur->id)
		kill_cursor(cur);
	bson_destroy(&cur->command);
	bson_destroy(&cur->opts);
	bson_destroy(&cur->reply);
	bson_destroy(&cur->token);
	bson_free(cur->db);
	bson_free(cur->coll);
	bson_free(cur);
}

static void
drop_reply(struct cursor *cur)
{
	bson_destroy(&cur->reply);
	bson_init(&cur->reply);
	cur->left = 0;
}

/* How many documents make a reply of the wanted size. */
static void
adapt(struct cursor *cur, size_t n, size_t bytes)
{
	int64_t aim = cur->batch_bytes / 16 * 15, docs;

	if (n == 0)
		return;
	docs = (int64_t)((double)aim * (double)n / (double)(bytes + 1));
	if (docs > cur->batch_docs * GROWTH)
		docs = cur->batch_docs * GROWTH;
	if (docs > cur->most_docs)
		docs = cur->most_docs;
	cur->batch_docs = docs > 0 ? docs : 1;
}

static bool
malformed(struct cursor *cur)
{
	return error_set(&cur->why, side_status(cur->conn->server->side), 0,
	    "%s: malformed reply with a cursor", cur->conn->server->where);
}

/* The reply at hand becomes the batch. */
static bool
take_batch(struct cursor *cur)
{
	bson_t sub, batch;
	struct walk count;
	struct elem e;
	const char *ns, *dot;

	if (!doc_sub(&cur->reply, "cursor", &sub) ||
	    (!doc_sub(&sub, "nextBatch", &batch) &&
		!doc_sub(&sub, "firstBatch", &batch)))
		return malformed(cur);
	cur->id = doc_int(&sub, "id");
	ns = doc_text(&sub, "ns");
	if (!cur->coll[0] && ns && (dot = strchr(ns, '.'))) {
		bson_free(cur->coll);
		cur->coll = bson_strdup(dot + 1);
	}
	if (!walk_init(&cur->walk, bson_get_data(&batch), batch.len))
		return malformed(cur);
	for (count = cur->walk; walk_next(&count, &e); cur->left++)
		if (e.value.type != BSON_TYPE_DOCUMENT)
			return malformed(cur);
	if (count.broken)
		return malformed(cur);
	adapt(cur, cur->left, batch.len);
	cur->has_token = doc_sub(&sub, "postBatchResumeToken", &batch);
	if (cur->has_token) {
		bson_destroy(&cur->token);
		bson_copy_to(&batch, &cur->token);
	}
	return true;
}

static bool
send_first(struct cursor *cur)
{
	struct conn *c = cur->conn;
	uint32_t server;
	bson_t cmd;
	bool ok;

	if (!conn_select(c, &server, &cur->why))
		return false;
	bson_destroy(&cur->opts);
	conn_opts(c, server, &cur->opts);
	bson_copy_to(&cur->command, &cmd);
	if (cur->is_find)
		BSON_APPEND_INT64(&cmd, "batchSize", cur->batch_docs);
	bson_destroy(&cur->reply);
	ok = conn_run(c, cur->db, &cmd, &cur->opts, &cur->reply, &cur->why);
	bson_destroy(&cmd);
	return ok;
}

static enum cursor_got
over(struct cursor *cur, enum cursor_got how)
{
	drop_reply(cur);
	cur->over = how;
	return how;
}

static enum cursor_got
open_cursor(struct cursor *cur)
{
	int64_t since = bson_get_monotonic_time();

	for (unsigned n = 0; !send_first(cur); n++)
		if (!conn_may_retry(cur->conn, &cur->why) ||
		    !conn_back_off(n, since))
			return over(cur,
			    cur->why.code == CODE_POSITION_LOST ? CURSOR_LOST
								: CURSOR_ERROR);
	cur->opened = true;
	return take_batch(cur) ? CURSOR_DOC : over(cur, CURSOR_ERROR);
}

static enum cursor_got
get_more(struct cursor *cur)
{
	struct conn *c = cur->conn;
	bson_t cmd = BSON_INITIALIZER;
	bool ok;

	drop_reply(cur);
	BSON_APPEND_INT64(&cmd, "getMore", cur->id);
	BSON_APPEND_UTF8(&cmd, "collection", cur->coll);
	BSON_APPEND_INT64(&cmd, "batchSize", cur->batch_docs);
	if (cur->tailable)
		BSON_APPEND_INT64(&cmd, "maxTimeMS", cur->await_ms);
	bson_destroy(&cur->reply);
	ok = conn_run(c, cur->db, &cmd, &cur->opts, &cur->reply, &cur->why);
	bson_destroy(&cmd);
	if (ok)
		return take_batch(cur) ? CURSOR_DOC : over(cur, CURSOR_ERROR);
	if (!c->no_reply)
		cur->id = 0;
	return over(cur,
	    conn_may_retry(c, &cur->why) || cur->why.code == CODE_POSITION_LOST
		? CURSOR_LOST
		: CURSOR_ERROR);
}

static enum cursor_got
at_end(struct cursor *cur)
{
	if (!cur->tailable)
		return over(cur, CURSOR_END);
	error_set(&cur->why, side_status(cur->conn->server->side),
	    CODE_CURSOR_NOT_FOUND,
	    "%s: the tailing cursor on \"%s.%s\" is dead",
	    cur->conn->server->where, cur->db, cur->coll);
	return over(cur, CURSOR_LOST);
}

enum cursor_got
cursor_next(struct cursor *cur, const bson_t **doc, bson_error_t *error)
{
	enum cursor_got got = cur->over;
	struct elem e;

	*doc = NULL;
	if (got == CURSOR_DOC && !cur->opened)
		got = open_cursor(cur);
	while (got == CURSOR_DOC && cur->left == 0) {
		if (cur->id == 0) {
			got = at_end(cur);
			break;
		}
		got = get_more(cur);
		if (got == CURSOR_DOC && cur->left == 0 && cur->tailable &&
		    cur->id)
			return CURSOR_WAIT;
	}
	if (got == CURSOR_DOC) {
		walk_next(&cur->walk, &e);
		bson_init_static(&cur->doc, e.value.data, e.value.len);
		cur->left--;
		*doc = &cur->doc;
	} else if (error && got != CURSOR_END) {
		*error = cur->why;
	}
	return got;
}

size_t
cursor_buffered(const struct cursor *cur)
{
	return cur->left;
}

size_t
cursor_reply_bytes(const struct cursor *cur)
{
	return cur->reply.len;
}

const bson_t *
cursor_resume_token(const struct cursor *cur)
{
	return cur->has_token ? &cur->token : NULL;
}

int
cursor_one(struct conn *c, const struct cursor_opts *opts, bson_t *doc,
    bson_error_t *error)
{
	struct cursor_opts one = *opts;
	struct cursor *cur;
	const bson_t *found;
	enum cursor_got got;

	one.limit = 1;
	cur = cursor_new(c, &one);
	BSON_APPEND_BOOL(&cur->command, "singleBatch", true);
	got = cursor_next(cur, &found, error);
	if (got == CURSOR_DOC)
		bson_copy_to(found, doc);
	else
		bson_init(doc);
	cursor_free(cur);
	return got == CURSOR_DOC ? 1 : got == CURSOR_END ? 0 : -1;
}
