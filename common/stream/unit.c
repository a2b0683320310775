/* Parallel reading. A thread reads a unit of input (one at a time, in order:
 * its ticket), decodes it and checks block data by itself, and then waits for
 * its turn to check control documents, because their checksums are seeded
 * with numbers that only the units before it tell. An error is judged in the
 * turn of its unit too, so everything before it is still handed out. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/sig.h"
#include "base/stage.h"
#include "stream/in.h"

struct stream_unit {
	struct buf raw;  /* a frame as read */
	struct buf data; /* decoded: items one after the other */
	struct zio_packer *packer;
	struct block_view *blocks;
	size_t n, cap;
	uint64_t ticket, offset;
	size_t held; /* of the budget */
};

/* All threads together hold no more than this, but one unit passes alone. */
#define BUDGET (32u << 20)

struct stream_unit *
stream_unit_new(void)
{
	struct stream_unit *u = bson_malloc0(sizeof *u);

	u->packer = zio_packer_new(1);
	return u;
}

void
stream_unit_free(struct stream_unit *u)
{
	if (!u)
		return;
	zio_packer_free(u->packer);
	buf_release(&u->raw);
	buf_release(&u->data);
	bson_free(u->blocks);
	bson_free(u);
}

bool
stream_unit_block(
    const struct stream_unit *u, size_t i, struct block_view *view)
{
	if (i >= u->n)
		return false;
	*view = u->blocks[i];
	return true;
}

/* With `reading` held. Fills u->raw or u->data. */
static enum stream_got
read_unit(struct stream_in *s, struct stream_unit *u, bson_error_t *error)
{
	enum stream_got got;
	struct buf swap;
	int r = 2;

	buf_trim(&u->raw, STREAM_KEEP_BYTES);
	buf_trim(&u->data, STREAM_KEEP_BYTES);
	if (s->item.len == 0 || s->given) {
		zio_reader_border(s->z);
		u->offset = zio_reader_offset(s->z);
		r = zio_read_frame(s->z, &u->raw, s->stoppable, error);
	}
	switch (r) {
	case -2:
		return STREAM_STOPPED;
	case -1:
		return STREAM_ERROR;
	case 0:
		return STREAM_EOF;
	case 1:
		return STREAM_GOT;
	default:
		break;
	}
	got = in_read_item(s, error);
	u->offset = s->item_at;
	if (got != STREAM_GOT)
		return got;
	swap = u->data;
	u->data = s->item;
	s->item = swap;
	s->given = true;
	return STREAM_GOT;
}

/* The item at *at in the decoded bytes; *at moves behind it. */
static bool
cut_item(const struct stream_unit *u, size_t *at, struct stream_item *item,
    bson_error_t *error)
{
	size_t left = u->data.len - *at;
	uint32_t len;

	if (left < 4 || !item_doc_len(u->data.data + *at, &len, error))
		return left >= 4
		    ? false
		    : error_set(error, MM_EXIT_STREAM, 0,
			  "%zu bytes are left over in a frame", left);
	if (len > left)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "a control document crosses the end of its frame");
	if (!item_parse(u->data.data + *at, len, item, error))
		return false;
	if (item->block.len > left - len)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "block %" PRId64 " crosses the end of its frame",
		    item->block.seq);
	item->block.docs = u->data.data + *at + len;
	item->offset = u->offset;
	*at += len + item->block.len;
	return true;
}

static void
add_block(struct stream_unit *u, const struct block_view *view)
{
	if (u->n == u->cap) {
		u->cap = u->cap ? 2 * u->cap : 4;
		u->blocks = bson_realloc(u->blocks, u->cap * sizeof *u->blocks);
	}
	u->blocks[u->n++] = *view;
}

/* Outside any lock: decode, and check what needs no order. On an error the
 * unit keeps what stands before it: a record in there (of a newer version,
 * say) may be the better reason to refuse. */
static bool
decode(struct stream_unit *u, bson_error_t *error)
{
	struct stream_item item;
	size_t at = 0, good = 0;

	if (u->raw.len > 0 &&
	    !zio_unpack(u->packer, u->raw.data, u->raw.len, &u->data, error)) {
		buf_clear(&u->data);
		return false;
	}
	/* The compressed form of a large document is not needed any more. */
	if (u->raw.cap > STREAM_KEEP_BYTES)
		buf_release(&u->raw);
	for (; at < u->data.len; good = at) {
		if (!cut_item(u, &at, &item, error) ||
		    (item.type == RECORD_BLOCK &&
			!item_check_data(&item, error))) {
			u->data.len = good;
			return false;
		}
		if (item.type == RECORD_BLOCK)
			add_block(u, &item.block);
	}
	return true;
}

/* In turn: control documents, one after the other. */
static bool
admit_all(struct stream_in *s, struct stream_unit *u, stream_admit_fn *admit,
    void *arg, bson_error_t *error)
{
	struct stream_item item;
	size_t at = 0;

	while (at < u->data.len) {
		s->number = check_number(s->check);
		if (!cut_item(u, &at, &item, error) ||
		    !check_item(s->check, &item, error))
			return stream_in_where(s, error);
		if (item.type != RECORD_OTHER && admit &&
		    !admit(arg, &item, error))
			return false;
	}
	return true;
}

/* Waits for the turn of the unit. False: another thread has failed. */
static bool
wait_turn(struct stream_in *s, uint64_t ticket)
{
	enum stage was = stage_enter(STAGE_TURN);
	bool go;

	pthread_mutex_lock(&s->lock);
	while (s->turn != ticket && !s->failed)
		pthread_cond_wait(&s->turned, &s->lock);
	go = !s->failed;
	pthread_mutex_unlock(&s->lock);
	stage_enter(was);
	return go;
}

static void
pass_turn(struct stream_in *s, bool failed)
{
	pthread_mutex_lock(&s->lock);
	s->turn++;
	s->failed = failed;
	pthread_cond_broadcast(&s->turned);
	pthread_mutex_unlock(&s->lock);
}

static bool
is_failed(struct stream_in *s)
{
	bool failed;

	pthread_mutex_lock(&s->lock);
	failed = s->failed;
	pthread_mutex_unlock(&s->lock);
	return failed;
}

/* The caller is done with the unit it had. */
static void
give_back(struct stream_in *s, struct stream_unit *u)
{
	u->n = 0;
	buf_trim(&u->raw, STREAM_KEEP_BYTES);
	buf_trim(&u->data, STREAM_KEEP_BYTES);
	pthread_mutex_lock(&s->lock);
	s->held -= u->held;
	u->held = 0;
	pthread_cond_broadcast(&s->freed);
	pthread_mutex_unlock(&s->lock);
}

/* With `reading` held, so that no other unit is begun: waits until the others
 * have given back enough for the unit that was read. Threads that give up do
 * not give back; then everything is about to end. */
static void
take_budget(struct stream_in *s, struct stream_unit *u)
{
	enum stage was = stage_enter(STAGE_TURN);
	size_t need = u->raw.len + u->data.len;
	struct timespec until;

	if (u->raw.len > 0)
		need += zio_unpacked_size(u->raw.data, u->raw.len);
	pthread_mutex_lock(&s->lock);
	while (s->held > 0 && s->held + need > BUDGET && !s->failed &&
	    !(s->stoppable && sig_stopping())) {
		until = clock_after(CLOCK_REALTIME, 100);
		pthread_cond_timedwait(&s->freed, &s->lock, &until);
	}
	u->held = need;
	s->held += need;
	pthread_mutex_unlock(&s->lock);
	stage_enter(was);
}

/* Reads the next unit and takes its ticket. STREAM_EOF also after the end. */
static enum stream_got
take_unit(struct stream_in *s, struct stream_unit *u, bool *ticket,
    bson_error_t *error)
{
	enum stream_got got = STREAM_EOF;
	enum stage was = stage_enter(STAGE_TURN);

	*ticket = false;
	pthread_mutex_lock(&s->reading);
	stage_enter(was);
	s->parallel = true;
	if (!s->ended && !is_failed(s)) {
		got = read_unit(s, u, error);
		if (got != STREAM_STOPPED) {
			*ticket = true;
			u->ticket = s->next_ticket++;
			take_budget(s, u);
		}
		s->ended = got == STREAM_EOF || got == STREAM_ERROR;
	}
	pthread_mutex_unlock(&s->reading);
	return got;
}

enum stream_got
stream_next_unit(struct stream_in *s, struct stream_unit *u,
    stream_admit_fn *admit, void *arg, bson_error_t *error)
{
	bson_error_t why, why_admit;
	enum stream_got got;
	bool ticket, ok;

	give_back(s, u);
	got = take_unit(s, u, &ticket, &why);
	if (!ticket)
		return got;
	ok = got != STREAM_ERROR;
	if (got == STREAM_GOT)
		ok = decode(u, &why);
	if (!wait_turn(s, u->ticket))
		return STREAM_EOF;
	s->offset = u->offset;
	s->number = check_number(s->check);
	if (got == STREAM_GOT && !admit_all(s, u, admit, arg, &why_admit)) {
		why = why_admit;
		ok = false;
	} else if (got == STREAM_GOT && !ok) {
		stream_in_where(s, &why);
	} else if (got == STREAM_EOF) {
		ok = check_end(s->check, s->name, &why);
	}
	pass_turn(s, !ok);
	if (ok)
		return got;
	u->n = 0;
	if (error)
		*error = why;
	return STREAM_ERROR;
}
