/* Memory: a thread has a reply, a block and the block compressed. The replies
 * of all threads are held within one budget; as only their number of documents
 * can be asked for, a reply where these get larger all of a sudden exceeds it,
 * and the others wait before they ask for more. A document may have 16 MiB: a
 * thread that meets one above 1 MiB goes on alone among those that have such,
 * until it has seen no more for a while. */
#include "engine/read_part.h"

#include <malloc.h>
#include <string.h>

#include "base/hash.h"
#include "base/msg.h"
#include "base/sig.h"
#include "base/stage.h"
#include "base/status.h"
#include "mongo/scan.h"

#define FIRST_DOCS 100
#define LARGE_BYTES STREAM_BLOCK_BYTES
#define CALM_BYTES (32 << 20)
#define SPEND_BYTES (64 << 10)

struct reading {
	struct read_shared *s;
	struct read_part *p;
	struct block *b;
	struct scan *scan;
	size_t last;      /* where its last document begins in b */
	int64_t blocks;   /* of this part so far */
	unsigned pending; /* blocks that helpers have */
	size_t unpaid;    /* bytes to be told to the throttle */
	int64_t held;     /* bytes of s->budget */
	bool alone;       /* holds s->large */
	size_t calm;      /* bytes since the last large document */
};

static void
go_alone(struct reading *r)
{
	enum stage was;

	r->calm = 0;
	if (r->alone)
		return;
	was = stage_enter(STAGE_TURN);
	pthread_mutex_lock(&r->s->large);
	stage_enter(was);
	r->alone = true;
}

static bool
is_large(const struct read_part *p)
{
	return p->est_size > LARGE_BYTES;
}

static void
end_alone(struct reading *r)
{
	if (!r->alone)
		return;
	block_release(r->b);
	/* Small pieces above them would keep large ones in this thread's
	 * arena. */
	malloc_trim(0);
	pthread_mutex_unlock(&r->s->large);
	r->alone = false;
}

static const struct value *
bound(const bson_t *doc, struct value *v)
{
	struct elem e;

	if (!doc || !walk_find(bson_get_data(doc), doc->len, "", &e))
		return NULL;
	*v = e.value;
	return v;
}

static struct scan *
open_scan(const struct reading *r, struct conn *c)
{
	struct value from, to;
	struct scan_opts opts = {
	    .db = r->p->db,
	    .coll = r->p->coll,
	    .natural = r->p->natural,
	    .from = bound(r->p->from, &from),
	    .to = bound(r->p->to, &to),
	    .after = r->p->after,
	    .collation = r->p->collation,
	    .query = r->p->query,
	    .batch_bytes = r->s->batch_bytes,
	    .read_concern = r->s->read_concern,
	};
	int64_t docs;

	/* What is far from the average must not fill a reply by itself. */
	if (r->p->est_size > 0) {
		docs = r->s->batch_bytes / r->p->est_size;
		opts.first_docs = docs < 1 ? 1
		    : docs < FIRST_DOCS    ? docs
					   : FIRST_DOCS;
		opts.most_docs = docs < 4 ? docs + 1 : docs + docs / 4;
	}
	return scan_new(c, &opts);
}

/* Before the scan asks for a reply: the one at hand is used up. */
static void
hold_reply(struct reading *r)
{
	enum stage was = stage_enter(STAGE_TURN);

	budget_change(r->s->budget, -r->held);
	r->held = r->s->batch_bytes;
	budget_take(r->s->budget, r->held, r->alone);
	stage_enter(was);
}

static void
note_reply(struct reading *r)
{
	int64_t bytes = (int64_t)scan_reply_bytes(r->scan);

	budget_change(r->s->budget, bytes - r->held);
	r->held = bytes;
}

static int
next_doc(struct reading *r, const bson_t **doc, bson_error_t *error)
{
	bool ask = scan_buffered(r->scan) == 0;
	int got;

	if (ask)
		hold_reply(r);
	got = scan_next(r->scan, doc, error);
	if (ask)
		note_reply(r);
	return got;
}

/* By which a loader can tell how far this part is. */
static void
put_place(struct reading *r, bson_t *extra)
{
	bson_t at, last;

	bson_init_static(
	    &last, r->b->docs.data + r->last, r->b->docs.len - r->last);
	bson_init(extra);
	BSON_APPEND_INT32(extra, "part", r->p->part);
	BSON_APPEND_INT64(extra, "i", r->blocks++);
	if (scan_place(r->scan, &last, &at))
		BSON_APPEND_DOCUMENT(extra, "at", &at);
	bson_destroy(&at);
}

static bool
send_block(struct reading *r, const bson_t *extra, bson_error_t *error)
{
	int64_t docs = r->b->n, bytes = (int64_t)r->b->docs.len;

	if ((r->p->in_order || r->alone ||
		!helpers_offer(r->s->helpers, r->b, extra, &r->pending)) &&
	    !stream_put_block(r->s->out, r->b, extra, error))
		return false;
	status_add("docs", docs);
	status_add("bytes", bytes);
	return true;
}

/* last: the reader is not needed any more. */
static bool
put_block(struct reading *r, bool last, bson_error_t *error)
{
	bson_t extra;
	bool ok;

	if (r->b->n == 0)
		return true;
	put_place(r, &extra);
	/* Its reply may be as large as the block. */
	if (last) {
		scan_free(r->scan);
		r->scan = NULL;
	}
	ok = send_block(r, &extra, error);
	bson_destroy(&extra);
	return ok;
}

static bool
take_document(struct reading *r, const bson_t *doc, bson_error_t *error)
{
	const uint8_t *data = bson_get_data(doc);

	if (doc->len > LARGE_BYTES) {
		/* In a block of its own. Not while others wait for a block of
		 * this thread, so what it has goes out first. */
		if (!put_block(r, false, error))
			return false;
		go_alone(r);
	} else if (r->alone && !is_large(r->p) &&
	    (r->calm += doc->len) > CALM_BYTES) {
		if (!put_block(r, false, error))
			return false;
		end_alone(r);
	}
	r->last = r->b->docs.len;
	block_add(r->b, data, doc->len);
	r->p->docs++;
	r->p->bytes += doc->len;
	r->p->sum += hash_xxh64(data, doc->len, 0);
	r->unpaid += doc->len;
	if (r->b->docs.len >= r->s->block_bytes && !put_block(r, false, error))
		return false;
	if (r->unpaid >= SPEND_BYTES) {
		throttle_spend(r->s->throttle, r->unpaid);
		lag_watch_wait(r->s->brake);
		r->unpaid = 0;
	}
	return (!sig_stopping() && !r->s->failed) || read_stopped(error);
}

bool
read_stopped(bson_error_t *error)
{
	return error_set(
	    error, MM_EXIT_STOPPED, 0, "stopped by a signal before the end");
}

bool
read_part(struct read_shared *s, struct conn *c, struct read_part *p,
    struct block *b, bson_error_t *error)
{
	struct reading r = {.s = s, .p = p, .b = b};
	const bson_t *doc;
	bool ok = true;
	int got = 1;

	b->c = p->c;
	if (is_large(p)) {
		go_alone(&r);
		if (!s->large_conn)
			s->large_conn = conn_open(conn_server(c), error);
		if (s->large_conn)
			conn_read_at(s->large_conn, s->at);
		c = s->large_conn;
	}
	if (!c) {
		end_alone(&r);
		return false;
	}
	r.scan = open_scan(&r, c);
	while (ok && (got = next_doc(&r, &doc, error)) == 1)
		ok = take_document(&r, doc, error);
	if (got < 0)
		ok = false;
	else if (got == 2)
		ok = read_stopped(error);
	if (scan_reopened(r.scan) > 0)
		msg_verbose("\"%s.%s\": went on after %u lost cursors", p->db,
		    p->coll, scan_reopened(r.scan));
	ok = ok && put_block(&r, true, error);
	scan_free(r.scan);
	budget_change(s->budget, -r.held);
	end_alone(&r);
	helpers_wait(s->helpers, &r.pending);
	return ok && (!s->failed || read_stopped(error));
}
