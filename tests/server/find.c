/* mongosim: find, getMore, killCursors. */
#include <string.h>

#include "commands.h"
#include "concern.h"
#include "cursor.h"
#include "match.h"
#include "stages.h"
#include "sort.h"
#include "text.h"

#define FIRST_BATCH 101
#define AWAIT_MS 1000

static bool
known_field(const char *name)
{
	static const char *const known[] = {"find", "filter", "projection",
	    "sort", "hint", "skip", "limit", "batchSize", "singleBatch",
	    "comment", "maxTimeMS", "readConcern", "max", "min", "returnKey",
	    "showRecordId", "tailable", "awaitData", "oplogReplay",
	    "noCursorTimeout", "allowPartialResults", "collation",
	    "allowDiskUse", "let", "lsid", "txnNumber", "autocommit",
	    "startTransaction", "apiVersion", "apiStrict",
	    "apiDeprecationErrors", "term", "ntoreturn"};

	if (name[0] == '$')
		return true;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcmp(known[i], name) == 0)
			return true;
	return false;
}

/* The command as a user wrote it, in words. */
static bool
unknown_field(struct request *r, const char *name, bson_error_t *error)
{
	bson_t shown = BSON_INITIALIZER;
	bson_iter_t it;
	char *text;

	bson_iter_init(&it, &r->body);
	while (bson_iter_next(&it))
		if (strcmp(bson_iter_key(&it), "lsid") != 0 &&
		    (bson_iter_key(&it)[0] != '$' ||
			strcmp(bson_iter_key(&it), "$db") == 0))
			bson_append_iter(&shown, NULL, 0, &it);
	text = text_doc(&shown);
	refuse(error, 9, "Failed to parse: %s. Unrecognized field '%s'.", text,
	    name);
	bson_free(text);
	bson_destroy(&shown);
	return false;
}

static bool
check_fields(struct request *r, bson_error_t *error)
{
	bson_iter_t it;
	int64_t n;

	bson_iter_init(&it, &r->body);
	while (bson_iter_next(&it))
		if (!known_field(bson_iter_key(&it)))
			return unknown_field(r, bson_iter_key(&it), error);
	if (arg_bool(r, "awaitData") && !arg_bool(r, "tailable"))
		return refuse(error, 9,
		    "Cannot set 'awaitData' without also setting 'tailable'");
	n = arg_int(r, "batchSize", 0);
	if (n < 0)
		return refuse(error, 2,
		    "BatchSize value must be non-negative, but received: %lld",
		    (long long)n);
	n = arg_int(r, "skip", 0);
	if (n < 0)
		return refuse(error, 2,
		    "Skip value must be non-negative, but received: %lld",
		    (long long)n);
	n = arg_int(r, "limit", 0);
	if (n < 0)
		return refuse(error, 2,
		    "Limit value must be non-negative, but received: %lld",
		    (long long)n);
	return true;
}

struct batch_out {
	size_t cursor, array;
};

static void
reply_open(struct request *r, const char *name, struct batch_out *o)
{
	o->cursor = out_open(r->reply, "cursor", BSON_TYPE_DOCUMENT);
	o->array = out_open(r->reply, name, BSON_TYPE_ARRAY);
}

static void
reply_close(
    struct request *r, const struct batch_out *o, const struct cursor *cur)
{
	size_t mark;

	out_close(r->reply, o->array);
	if (cur->token) {
		mark = out_open(
		    r->reply, "postBatchResumeToken", BSON_TYPE_DOCUMENT);
		if (cur->placed)
			out_i64(r->reply, "$recordId", cur->last_rid);
		else
			out_null(r->reply, "$recordId");
		out_close(r->reply, mark);
	}
	out_i64(r->reply, "id", cur->id);
	out_text(r->reply, "ns", cur->ns);
	out_close(r->reply, o->cursor);
}

/* Nothing there: the server words this one in another order. */
static bool
reply_nothing(struct request *r, const char *ns)
{
	size_t cursor = out_open(r->reply, "cursor", BSON_TYPE_DOCUMENT);

	out_i64(r->reply, "id", 0);
	out_text(r->reply, "ns", ns);
	out_close(r->reply, out_open(r->reply, "firstBatch", BSON_TYPE_ARRAY));
	out_close(r->reply, cursor);
	return true;
}

static bool
resume_after(struct request *r, struct cursor *cur, const struct coll *c,
    bson_error_t *error)
{
	bson_t doc;
	bson_iter_t it;
	struct key key = {0};
	struct order_at at;

	cur->token = arg_bool(r, "$_requestResumeToken");
	if (!arg_doc(r, "$_resumeAfter", &doc) || bson_empty(&doc))
		return true;
	if (!cur->token || cur->plan.kind != PLAN_NATURAL ||
	    !bson_iter_init_find(&it, &doc, "$recordId"))
		return refuse(error, 2,
		    "hint must be {$natural:1} if 'requestResumeToken' is "
		    "enabled");
	if (BSON_ITER_HOLDS_NULL(&it))
		return true;
	cur->last_rid = bson_iter_as_int64(&it);
	cur->placed = true;
	key.prefix = (uint64_t)cur->last_rid;
	if (!order_seek(&c->natural, &key, &at) ||
	    ((struct doc *)order_item(&c->natural, &at))->rid != cur->last_rid)
		return refuse(error, 211,
		    "Executor error during find command :: caused by :: Failed "
		    "to resume collection scan: the recordId from which we are "
		    "attempting to resume no longer exists in the collection. "
		    "recordId: RecordId(%lld)",
		    (long long)cur->last_rid);
	return true;
}

static bool
make_plan(struct request *r, struct cursor *cur, const struct coll *c,
    bson_error_t *error)
{
	bson_t sort = BSON_INITIALIZER, min, max;
	bson_iter_t hint;
	bool has_min = arg_doc(r, "min", &min) && !bson_empty(&min);
	bool has_max = arg_doc(r, "max", &max) && !bson_empty(&max);
	bool has_hint = arg_find(r, "hint", &hint), sorted;
	bson_t h;

	if (has_hint && iter_doc(&hint, &h) && bson_empty(&h))
		has_hint = false;
	arg_doc(r, "sort", &sort);
	if (!plan_make(c, &cur->filter, &sort, has_hint ? &hint : NULL,
		has_min ? &min : NULL, has_max ? &max : NULL, &cur->plan,
		&sorted, error) ||
	    !resume_after(r, cur, c, error))
		return false;
	return sorted || sort_cursor(cur, c, &sort, error);
}

static bool
set_up(struct request *r, struct cursor *cur, const struct coll *c,
    bson_error_t *error)
{
	bson_t doc;

	if (arg_doc(r, "filter", &doc)) {
		bson_destroy(&cur->filter);
		bson_copy_to(&doc, &cur->filter);
	}
	if (arg_doc(r, "projection", &doc) && !bson_empty(&doc)) {
		bson_destroy(&cur->projection);
		bson_copy_to(&doc, &cur->projection);
		cur->project = true;
	}
	cur->show_rid = arg_bool(r, "showRecordId");
	cur->tailable = arg_bool(r, "tailable");
	cur->await = arg_bool(r, "awaitData");
	cur->skip = arg_int(r, "skip", 0);
	cur->limit = arg_int(r, "limit", 0);
	if (cur->limit == 0)
		cur->limit = -1;
	if (cur->tailable && !c->capped)
		return refuse(error, 2,
		    "error processing query: ns=%sTree: $and\nSort: {}\nProj: "
		    "{}\n tailable cursor requested on non capped collection",
		    cur->ns);
	return match_check(&cur->filter, error) && make_plan(r, cur, c, error);
}

bool
reply_first_batch(struct request *r, struct cursor *cur, const struct coll *c,
    int64_t max_docs, bool single, bson_error_t *error)
{
	struct batch batch = {.max_docs = max_docs};
	struct batch_out o;
	bool more;

	if (max_docs < 0)
		batch.max_docs = single ? -1 : FIRST_BATCH;
	cur->owner = r->conn->user;
	reply_open(r, "firstBatch", &o);
	if (!cursor_fill(cur, c, &batch, r->reply, error)) {
		cursor_free(cur);
		return false;
	}
	/* A tail ends only where there is nothing at all to wait behind. */
	more = cur->tailable ? c->n_docs > 0 && cur->limit != 0 : !cur->eof;
	if (!single && more)
		cursor_register(cur);
	reply_close(r, &o, cur);
	if (cur->id)
		plan_keep(&cur->plan);
	else
		cursor_free(cur);
	return true;
}

/* A catalog change that the majority does not have yet is waited for. */
static bool
wait_visible(struct request *r, const char *name, bool majority,
    struct coll **c, bson_error_t *error)
{
	int64_t deadline = request_deadline(r);

	for (;;) {
		*c = catalog_find(r->db, name);
		if (!*c || !majority || (*c)->visible <= ts_of(sim.committed))
			return true;
		if (!server_wait(deadline))
			return refuse(
			    error, 50, "operation exceeded time limit");
	}
}

bool
cmd_find(struct request *r, bson_error_t *error)
{
	struct cursor *cur;
	const char *name;
	struct coll *c;
	bool majority;
	char ns[400];
	bson_t view;

	sim.queries++;
	if (!check_fields(r, error) || !arg_coll_name(r, &name, error) ||
	    !read_concern(r, &majority, error) ||
	    !wait_visible(r, name, majority, &c, error))
		return false;
	if (!c && catalog_view(r->db, name, &view))
		return stages_find_view(r, name, &view, error);
	if (!c) {
		snprintf(ns, sizeof ns, "%s.%s", r->db, name);
		return reply_nothing(r, ns);
	}
	cur = cursor_new(c->ns, c);
	cur->majority = majority;
	if (!set_up(r, cur, c, error)) {
		cursor_free(cur);
		return false;
	}
	return reply_first_batch(r, cur, c, arg_int(r, "batchSize", -1),
	    arg_bool(r, "singleBatch"), error);
}

/* The cursor's collection; one that went away is an error for a scan. */
static bool
cursor_coll(const struct cursor *cur, struct coll **c, bson_error_t *error)
{
	char uuid[UUID_TEXT];

	*c = cur->has_coll ? catalog_by_uuid(cur->uuid) : NULL;
	if (*c && strcmp((*c)->ns, cur->ns) == 0)
		return true;
	if (cur->list || !cur->has_coll)
		return true;
	uuid_text(cur->uuid, uuid);
	if (*c)
		return refuse(error, 175,
		    "collection renamed from '%s' to '%s'. UUID %s", cur->ns,
		    (*c)->ns, uuid);
	return refuse(error, 175, "collection dropped. UUID %s", uuid);
}

/* A tail that found nothing waits for something to come. */
static bool
fill_awaiting(struct request *r, int64_t id, struct batch *batch, size_t start,
    bson_error_t *error)
{
	int64_t wait = arg_int(r, "maxTimeMS", AWAIT_MS);
	int64_t deadline = r->started + wait;
	struct cursor *cur;
	struct coll *c;

	for (;;) {
		cur = cursor_find(id);
		if (!cur)
			return refuse(error, 43, "cursor id %lld not found",
			    (long long)id);
		if (!cursor_coll(cur, &c, error))
			return false;
		r->reply->len = start;
		if (!cursor_fill(cur, c, batch, r->reply, error))
			return false;
		if (batch->n > 0 || !cur->await || !server_wait(deadline))
			return cursor_find(id) != NULL ||
			    refuse(error, 43, "cursor id %lld not found",
				(long long)id);
		cur->batches--;
	}
}

static bool
next_batch(struct request *r, int64_t id, bson_error_t *error)
{
	struct cursor *cur = cursor_find(id);
	struct batch batch = {.max_docs = arg_int(r, "batchSize", 0)};
	struct batch_out o;
	bool ok;

	if (batch.max_docs <= 0)
		batch.max_docs = -1;
	cur->in_use = true;
	reply_open(r, "nextBatch", &o);
	ok = fill_awaiting(r, id, &batch, r->reply->len, error);
	cur = cursor_find(id);
	if (!cur)
		return false;
	cur->in_use = false;
	if (!ok) {
		cursor_kill(id);
		return false;
	}
	if (!cur->tailable && cur->eof)
		cur->id = 0; /* as the reply is to show it */
	reply_close(r, &o, cur);
	cur->id = id;
	if (!cur->tailable && cur->eof)
		cursor_kill(id);
	return true;
}

bool
cmd_get_more(struct request *r, bson_error_t *error)
{
	int64_t id = arg_int(r, "getMore", 0);
	const char *name = arg_text(r, "collection");
	struct cursor *cur = cursor_find(id);
	char ns[400];

	sim.getmores++;
	if (!name)
		return refuse(error, 9,
		    "Field 'collection' must be of type string in: { getMore "
		    "}");
	if (!cur)
		return refuse(
		    error, 43, "cursor id %lld not found", (long long)id);
	snprintf(ns, sizeof ns, "%s.%s", r->db, name);
	if (strcmp(ns, cur->ns) != 0)
		return refuse(error, 13,
		    "Requested getMore on namespace '%s', but cursor belongs "
		    "to a different namespace %s",
		    ns, cur->ns);
	if (cur->owner != r->conn->user)
		return refuse(error, 13,
		    "cursor id %lld was not created by the authenticated user",
		    (long long)id);
	if (cur->in_use)
		return refuse(error, 12051, "cursor id %lld is already in use",
		    (long long)id);
	return next_batch(r, id, error);
}

bool
cmd_kill_cursors(struct request *r, bson_error_t *error)
{
	struct buf killed = BUF_INIT, missing = BUF_INIT;
	size_t k = out_open(&killed, NULL, BSON_TYPE_ARRAY);
	size_t m = out_open(&missing, NULL, BSON_TYPE_ARRAY);
	uint32_t n_killed = 0, n_missing = 0;
	char text[INDEX_TEXT];
	bson_iter_t it;
	bson_t ids;

	if (!arg_doc(r, "cursors", &ids) || !bson_iter_init(&it, &ids)) {
		buf_release(&killed);
		buf_release(&missing);
		return refuse(
		    error, 9, "Field 'cursors' must be of type array");
	}
	while (bson_iter_next(&it)) {
		int64_t id = bson_iter_as_int64(&it);

		if (cursor_kill(id))
			out_i64(&killed, index_text(n_killed++, text), id);
		else
			out_i64(&missing, index_text(n_missing++, text), id);
	}
	server_wake();
	out_close(&killed, k);
	out_close(&missing, m);
	out_array(r->reply, "cursorsKilled", killed.data, killed.len);
	out_array(r->reply, "cursorsNotFound", missing.data, missing.len);
	out_close(
	    r->reply, out_open(r->reply, "cursorsAlive", BSON_TYPE_ARRAY));
	out_close(
	    r->reply, out_open(r->reply, "cursorsUnknown", BSON_TYPE_ARRAY));
	buf_release(&killed);
	buf_release(&missing);
	return true;
}
