/* Writing. Numbers are given out under the lock, so the order of calls is the
 * order in the stream. A block takes a ticket there, is compressed by its own
 * thread outside the lock, and is written when the ticket's turn comes. Small
 * records wait in `pending` and travel in the next frame; in live mode
 * everything waits there until stream_flush. Blocks of large documents go one
 * at a time, so that memory does not grow with the number of threads; they
 * queue before they take a ticket, since nobody may wait for them then. */
#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/msg.h"
#include "base/stage.h"
#include "io/fdio.h"
#include "stream/out.h"

/* Blocks below this share a frame with their neighbours. */
#define SMALL_BYTES (128u << 10)
#define FRAME_BYTES STREAM_BLOCK_BYTES

struct stream_out {
	struct stream_out_opts o;
	struct out_frames *frames;
	pthread_mutex_t large; /* held while a large block is on its way */
	pthread_mutex_t lock;
	pthread_cond_t turned;
	uint64_t next_ticket, turn;
	struct buf pending;
	uint64_t number;
	int64_t blocks, docs, bytes;
	uint64_t written;
	bool ended, failed;
	bson_error_t error;
};

void
block_add(struct block *b, const void *doc, size_t len)
{
	buf_add(&b->docs, doc, len);
	b->n++;
}

bool
block_full(const struct block *b)
{
	return b->docs.len >= STREAM_BLOCK_BYTES;
}

void
block_release(struct block *b)
{
	buf_release(&b->docs);
	b->n = 0;
}

static bool
recall(struct stream_out *s, bson_error_t *error)
{
	if (s->failed && error)
		*error = s->error;
	return !s->failed;
}

static bool
fail(struct stream_out *s, const bson_error_t *error)
{
	if (!s->failed)
		s->error = *error;
	s->failed = true;
	pthread_cond_broadcast(&s->turned);
	return false;
}

/* With the lock held: everything in pending, then data, becomes the next piece
 * of output. The lock is let go while compressing and while writing. */
static bool
emit(struct stream_out *s, const void *data, size_t len, bool end,
    bson_error_t *error)
{
	struct buf head = s->pending;
	uint64_t ticket = s->next_ticket++;
	struct out_piece *piece;
	enum stage was;
	bson_error_t why;
	bool ok;

	s->pending = (struct buf)BUF_INIT;
	pthread_mutex_unlock(&s->lock);
	piece = out_piece_new(s->frames);
	/* The live frame is one state, so it is advanced in turn below. */
	ok = s->o.live || out_piece_pack(piece, &head, data, len, &why);

	was = stage_enter(STAGE_TURN);
	pthread_mutex_lock(&s->lock);
	while (s->turn != ticket && !s->failed)
		pthread_cond_wait(&s->turned, &s->lock);
	stage_enter(was);
	ok = ok && recall(s, &why);
	pthread_mutex_unlock(&s->lock);
	if (ok && s->o.live)
		ok = out_piece_live(piece, &head, data, len, end, &why);
	ok = ok && out_piece_write(piece, s->o.fd, s->o.name, &why);

	pthread_mutex_lock(&s->lock);
	if (ok) {
		s->written += out_piece_bytes(piece);
		s->turn++;
		pthread_cond_broadcast(&s->turned);
	} else {
		fail(s, &why);
		recall(s, error);
	}
	if (s->pending.cap == 0) {
		buf_trim(&head, STREAM_KEEP_BYTES);
		s->pending = head;
	} else {
		buf_release(&head);
	}
	out_piece_free(s->frames, piece);
	return ok;
}

/* With the lock held: seal doc and queue it. */
static void
add_record(struct stream_out *s, bson_t *doc)
{
	record_seal(doc, s->number++);
	buf_add(&s->pending, bson_get_data(doc), doc->len);
}

static bool
flush_locked(struct stream_out *s, bson_error_t *error)
{
	return s->pending.len == 0 ? recall(s, error)
				   : emit(s, NULL, 0, false, error);
}

static void
append_missing(bson_t *doc, const bson_t *head)
{
	uint8_t id[16];
	char host[256] = "";
	const char *tool = msg_tool();
	bson_t none;

	if (!bson_has_field(head, "id")) {
		BSON_ASSERT(getentropy(id, sizeof id) == 0);
		id[6] = (id[6] & 0x0f) | 0x40;
		id[8] = (id[8] & 0x3f) | 0x80;
		BSON_APPEND_BINARY(doc, "id", BSON_SUBTYPE_UUID, id, sizeof id);
	}
	if (!bson_has_field(head, "created"))
		BSON_APPEND_DATE_TIME(doc, "created", clock_wall_ms());
	if (!bson_has_field(head, "tool"))
		BSON_APPEND_UTF8(doc, "tool", tool ? tool : "");
	if (!bson_has_field(head, "host")) {
		gethostname(host, sizeof host - 1);
		BSON_APPEND_UTF8(doc, "host", host);
	}
	bson_concat(doc, head);
	if (!bson_has_field(head, "features")) {
		BSON_APPEND_ARRAY_BEGIN(doc, "features", &none);
		bson_append_array_end(doc, &none);
	}
}

struct stream_out *
stream_out_new(const struct stream_out_opts *opts, enum stream_kind kind,
    const bson_t *head, bson_error_t *error)
{
	struct stream_out *s = bson_malloc0(sizeof *s);
	bson_t doc = BSON_INITIALIZER;
	bool ok;

	s->o = *opts;
	s->frames = out_frames_new(opts->level, opts->live, opts->table);
	pthread_mutex_init(&s->large, NULL);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->turned, NULL);
	BSON_APPEND_UTF8(&doc, "$mm", "stream");
	BSON_APPEND_INT32(&doc, "v", 1);
	BSON_APPEND_UTF8(&doc, "kind", stream_kind_text(kind));
	append_missing(&doc, head);
	ok = stream_put(s, &doc, error) && stream_flush(s, error);
	bson_destroy(&doc);
	if (!ok) {
		stream_out_free(s);
		s = NULL;
	}
	return s;
}

void
stream_out_free(struct stream_out *s)
{
	if (!s)
		return;
	out_frames_free(s->frames);
	buf_release(&s->pending);
	pthread_mutex_destroy(&s->large);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->turned);
	bson_free(s);
}

bool
stream_put_block(struct stream_out *s, struct block *b, const bson_t *extra,
    bson_error_t *error)
{
	bool large = b->docs.len > STREAM_KEEP_BYTES, ok;
	bson_t doc = BSON_INITIALIZER;
	enum stage was;
	uint64_t hash;

	if (b->n == 0)
		return true;
	hash = hash_xxh64(b->docs.data, b->docs.len, 0);
	BSON_APPEND_UTF8(&doc, "$mm", "block");

	was = stage_enter(STAGE_TURN);
	if (large)
		pthread_mutex_lock(&s->large);
	pthread_mutex_lock(&s->lock);
	stage_enter(was);
	ok = recall(s, error);
	/* What waits and the block must fit into one frame. The lock is let go
	 * in there, so nothing was counted yet. */
	while (ok && s->pending.len >= FRAME_BYTES)
		ok = flush_locked(s, error);
	if (!ok)
		goto cleanup;
	BSON_APPEND_INT64(&doc, "seq", s->blocks);
	BSON_APPEND_INT32(&doc, "c", b->c);
	BSON_APPEND_INT64(&doc, "n", b->n);
	BSON_APPEND_INT64(&doc, "len", (int64_t)b->docs.len);
	BSON_APPEND_INT64(&doc, "xxh64", (int64_t)hash);
	if (extra)
		bson_concat(&doc, extra);
	s->blocks++;
	s->docs += b->n;
	s->bytes += (int64_t)b->docs.len;
	add_record(s, &doc);
	if (s->o.live || b->docs.len < SMALL_BYTES) {
		buf_add(&s->pending, b->docs.data, b->docs.len);
		if (s->pending.len >= FRAME_BYTES)
			ok = flush_locked(s, error);
	} else {
		ok = emit(s, b->docs.data, b->docs.len, false, error);
	}
cleanup:
	pthread_mutex_unlock(&s->lock);
	if (large)
		pthread_mutex_unlock(&s->large);
	bson_destroy(&doc);
	buf_trim(&b->docs, STREAM_KEEP_BYTES);
	b->n = 0;
	return ok;
}

bool
stream_put(struct stream_out *s, const bson_t *doc, bson_error_t *error)
{
	bson_t *copy = bson_copy(doc);
	bool ok;

	pthread_mutex_lock(&s->lock);
	ok = recall(s, error);
	if (ok) {
		add_record(s, copy);
		if (s->pending.len >= FRAME_BYTES)
			ok = flush_locked(s, error);
	}
	pthread_mutex_unlock(&s->lock);
	bson_destroy(copy);
	return ok;
}

bool
stream_flush(struct stream_out *s, bson_error_t *error)
{
	bool ok;

	pthread_mutex_lock(&s->lock);
	ok = flush_locked(s, error);
	pthread_mutex_unlock(&s->lock);
	return ok;
}

bool
stream_put_end(struct stream_out *s, const char *reason, const bson_t *extra,
    bson_error_t *error)
{
	bool table = s->o.table && s->o.level > 0, ok;
	bson_t doc = BSON_INITIALIZER;

	BSON_APPEND_UTF8(&doc, "$mm", "end");
	BSON_APPEND_UTF8(&doc, "reason", reason);
	if (extra)
		bson_concat(&doc, extra);
	pthread_mutex_lock(&s->lock);
	BSON_APPEND_INT64(&doc, "blocks", s->blocks);
	BSON_APPEND_INT64(&doc, "docs", s->docs);
	BSON_APPEND_INT64(&doc, "bytes", s->bytes);
	if (table)
		BSON_APPEND_BOOL(&doc, "table", true);
	ok = recall(s, error);
	if (ok) {
		add_record(s, &doc);
		ok = emit(s, NULL, 0, true, error);
	}
	if (ok && table) {
		ok = out_frames_table(
		    s->frames, s->o.fd, s->o.name, &s->written, error);
		s->failed = !ok;
		if (!ok && error)
			s->error = *error;
	}
	pthread_mutex_unlock(&s->lock);
	bson_destroy(&doc);
	return ok;
}

uint64_t
stream_out_bytes(const struct stream_out *s)
{
	uint64_t n;

	pthread_mutex_lock((pthread_mutex_t *)&s->lock);
	n = s->written;
	pthread_mutex_unlock((pthread_mutex_t *)&s->lock);
	return n;
}

uint64_t
stream_out_docs(const struct stream_out *s)
{
	uint64_t n;

	pthread_mutex_lock((pthread_mutex_t *)&s->lock);
	n = (uint64_t)s->docs;
	pthread_mutex_unlock((pthread_mutex_t *)&s->lock);
	return n;
}
