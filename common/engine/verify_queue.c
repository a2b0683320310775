/* Blocks of about 128 KiB. The last one grows, the first one is read; of those
 * between, what exceeds the budget goes to the file as a whole, and its place
 * is given back when it was read. The oldest `since` is kept for each block,
 * so that asking for it costs little. */
#include "engine/verify_queue.h"

#include <string.h>

#include "base/buf.h"
#include "io/spill.h"

enum { BLOCK_BYTES = 127 << 10, MEMORY_BYTES = 2 << 20 };

struct chain {
	struct chain *next;
	struct buf bytes; /* empty when in the file */
	uint64_t at;      /* in the file */
	size_t len;
	int64_t n;
	struct optime oldest;
};

struct key_queue {
	struct chain *first, *last;
	size_t read;      /* of the first */
	size_t in_memory; /* sealed blocks */
	int64_t n;
	struct spill *spill;
	uint64_t spilled; /* end of the file */
	int64_t in_file;  /* blocks */
};

/* What stands before the bytes of an _id. */
struct head {
	uint32_t len, ns, rounds, flags;
	struct optime since;
	uint8_t type;
};

struct key_queue *
key_queue_new(void)
{
	return bson_malloc0(sizeof(struct key_queue));
}

void
key_queue_free(struct key_queue *q)
{
	struct chain *c;

	if (!q)
		return;
	while ((c = q->first)) {
		q->first = c->next;
		buf_release(&c->bytes);
		bson_free(c);
	}
	spill_close(q->spill);
	bson_free(q);
}

static bool
to_file(struct key_queue *q, struct chain *c, bson_error_t *error)
{
	if (!q->spill && !(q->spill = spill_open(error)))
		return false;
	if (!spill_append(q->spill, c->bytes.data, c->bytes.len, error))
		return false;
	c->at = q->spilled;
	q->spilled += c->bytes.len;
	q->in_file++;
	buf_release(&c->bytes);
	return true;
}

/* The last block is full. */
static bool
seal(struct key_queue *q, bson_error_t *error)
{
	struct chain *c = q->last;

	if (c != q->first && q->in_memory + c->len > MEMORY_BYTES)
		return to_file(q, c, error);
	q->in_memory += c->len;
	return true;
}

static struct chain *
add_block(struct key_queue *q)
{
	struct chain *c = bson_malloc0(sizeof *c);

	/* No doubling: what is reserved is what counts. */
	buf_reserve(&c->bytes, 128 << 10);
	if (q->last)
		q->last->next = c;
	else
		q->first = c;
	q->last = c;
	return c;
}

bool
key_queue_push(
    struct key_queue *q, const struct queued *item, bson_error_t *error)
{
	struct head head = {item->id.len, item->ns, item->rounds, item->flags,
	    item->since, item->id.type};
	struct chain *c = q->last;

	if (c && c->len >= BLOCK_BYTES) {
		if (!seal(q, error))
			return false;
		c = NULL;
	}
	if (!c)
		c = add_block(q);
	buf_add(&c->bytes, &head, sizeof head);
	buf_add(&c->bytes, item->id.data, item->id.len);
	if (c->n == 0 || optime_cmp(item->since, c->oldest) < 0)
		c->oldest = item->since;
	c->len = c->bytes.len;
	c->n++;
	q->n++;
	return true;
}

/* The bytes of a block that may be in the file. */
static bool
fetch(struct key_queue *q, const struct chain *c, struct buf *out,
    bson_error_t *error)
{
	buf_clear(out);
	buf_reserve(out, c->len);
	if (!spill_read(q->spill, c->at, out->data, c->len, error))
		return false;
	out->len = c->len;
	return true;
}

static bool
load_first(struct key_queue *q, bson_error_t *error)
{
	struct chain *c = q->first;

	if (c->bytes.data)
		return true;
	if (!fetch(q, c, &c->bytes, error))
		return false;
	q->in_memory += c->len;
	spill_forget(q->spill, c->at, c->len);
	if (--q->in_file == 0) {
		spill_close(q->spill);
		q->spill = NULL;
		q->spilled = 0;
	}
	return true;
}

static size_t
decode(const struct buf *bytes, size_t at, struct queued *item)
{
	struct head head;

	memcpy(&head, bytes->data + at, sizeof head);
	*item = (struct queued){head.ns, head.rounds, head.flags, head.since,
	    {head.type, bytes->data + at + sizeof head, head.len}};
	return at + sizeof head + head.len;
}

static void
drop_first(struct key_queue *q)
{
	struct chain *c = q->first;

	q->first = c->next;
	if (!q->first)
		q->last = NULL;
	else
		q->in_memory -= c->len; /* it was sealed */
	buf_release(&c->bytes);
	bson_free(c);
	q->read = 0;
}

int
key_queue_peek(struct key_queue *q, struct queued *item, bson_error_t *error)
{
	/* The one before was a view into it. */
	while (q->first && q->read == q->first->len)
		drop_first(q);
	if (!q->first)
		return 0;
	if (!load_first(q, error))
		return -1;
	decode(&q->first->bytes, q->read, item);
	return 1;
}

int
key_queue_pop(struct key_queue *q, struct queued *item, bson_error_t *error)
{
	int got = key_queue_peek(q, item, error);

	if (got != 1)
		return got;
	q->read = decode(&q->first->bytes, q->read, item);
	q->n--;
	return 1;
}

int64_t
key_queue_count(const struct key_queue *q)
{
	return q->n;
}

/* Of what is left of the first block: what was taken out must not hold back. */
static bool
oldest_of_first(const struct key_queue *q, struct optime *since)
{
	const struct chain *c = q->first;
	struct queued item;
	bool any = false;

	if (q->read == 0) {
		*since = c->oldest;
		return c->n > 0;
	}
	for (size_t at = q->read; at < c->len; any = true) {
		at = decode(&c->bytes, at, &item);
		if (!any || optime_cmp(item.since, *since) < 0)
			*since = item.since;
	}
	return any;
}

bool
key_queue_oldest(const struct key_queue *q, struct optime *since)
{
	bool any = q->first && oldest_of_first(q, since);

	for (const struct chain *c = q->first; c; c = c->next) {
		if (c == q->first)
			continue;
		if (!any || optime_cmp(c->oldest, *since) < 0)
			*since = c->oldest;
		any = true;
	}
	return any;
}

bool
key_queue_each(struct key_queue *q,
    bool (*each)(void *arg, const struct queued *item, bson_error_t *error),
    void *arg, bson_error_t *error)
{
	struct buf copy = BUF_INIT;
	bool ok = true;

	for (struct chain *c = q->first; ok && c; c = c->next) {
		const struct buf *bytes = &c->bytes;
		size_t at = c == q->first ? q->read : 0;
		struct queued item;

		if (!c->bytes.data) {
			ok = fetch(q, c, &copy, error);
			bytes = &copy;
		}
		while (ok && at < c->len) {
			at = decode(bytes, at, &item);
			ok = each(arg, &item, error);
		}
	}
	buf_release(&copy);
	return ok;
}
