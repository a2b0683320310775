/* mongosim: getMore and killCursors. */
#include <string.h>

#include "commands.h"
#include "concern.h"
#include "reply.h"

#define AWAIT_MS 1000

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

	for (bool again = false;; again = true) {
		cur = cursor_find(id); /* it may be killed while we wait */
		if (!cur)
			return refuse(error, 43, "cursor id %lld not found",
			    (long long)id);
		cur->batches -= again;
		if (!cursor_coll(cur, &c, error))
			return false;
		r->reply->len = start;
		if (cur->at && !cur->list && !snapshot_there(cur->at, error))
			return false;
		if (!cursor_fill(cur, c, batch, r->reply, error))
			return false;
		if (batch->n > 0 || !cur->await || !server_wait(deadline))
			return cursor_find(id) != NULL ||
			    refuse(error, 43, "cursor id %lld not found",
				(long long)id);
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
	r->n_docs = batch.n;
	sim.returned += batch.n;
	r->majority = cur->majority;
	r->at = cur->at;
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
