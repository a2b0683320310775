#include "reply.h"

#define FIRST_BATCH 101

void
reply_open(struct request *r, const char *name, struct batch_out *o)
{
	o->cursor = out_open(r->reply, "cursor", BSON_TYPE_DOCUMENT);
	o->array = out_open(r->reply, name, BSON_TYPE_ARRAY);
}

void
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
		/* Of the member's data as they are; the id will do. */
		if (sim.set.fcv >= 80)
			out_bin(r->reply, "$initialSyncId", BSON_SUBTYPE_UUID,
			    sim.sync_id, 16);
		out_close(r->reply, mark);
	}
	out_i64(r->reply, "id", cur->id);
	out_text(r->reply, "ns", cur->ns);
	if (cur->at)
		out_ts(r->reply, "atClusterTime", cur->at);
	out_close(r->reply, o->cursor);
}

bool
reply_nothing(struct request *r, const char *ns)
{
	size_t cursor = out_open(r->reply, "cursor", BSON_TYPE_DOCUMENT);

	out_i64(r->reply, "id", 0);
	out_text(r->reply, "ns", ns);
	if (r->at)
		out_ts(r->reply, "atClusterTime", r->at);
	out_close(r->reply, out_open(r->reply, "firstBatch", BSON_TYPE_ARRAY));
	out_close(r->reply, cursor);
	return true;
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
	r->n_docs = batch.n;
	sim.returned += batch.n;
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
