/* A lane takes everything that waits, up to a batch: alone at low load, so
 * that an entry is visible after one or two round trips, and in larger and
 * larger batches as the load grows. The bytes of the entries stay where they
 * are until all of the batch is acknowledged. */
#include "engine/lane.h"

#include <inttypes.h>

#include "base/msg.h"
#include "model/docid.h"

enum { BATCH_BYTES = 8 << 20 };

/* ---------------------------------------------------------------- chunks */

static size_t
padded(size_t len)
{
	return (len + 7) & ~(size_t)7;
}

void
chunk_add(struct chunk *c, const struct parcel *p, const uint8_t *raw)
{
	static const uint8_t zeros[8];

	if (c->n++ == 0)
		c->first = p->seq;
	buf_reserve(&c->buf, sizeof *p + padded(p->len));
	buf_add(&c->buf, p, sizeof *p);
	buf_add(&c->buf, raw, p->len);
	buf_add(&c->buf, zeros, padded(p->len) - p->len);
}

void
chunk_free(struct chunk *c)
{
	if (!c)
		return;
	buf_release(&c->buf);
	bson_free(c);
}

static void
free_list(struct chunk *list)
{
	for (struct chunk *next; list; list = next) {
		next = list->next;
		chunk_free(list);
	}
}

/* With the lock held: what waits, up to a batch. */
static struct chunk *
take_some(struct lane *lane, size_t *n)
{
	struct chunk *first = lane->head, *last = first;
	size_t bytes = first->buf.len;

	*n = first->n;
	for (; last->next; last = last->next) {
		bytes += last->next->buf.len;
		if (*n + last->next->n > (size_t)lane_batch_ops(lane) ||
		    bytes > BATCH_BYTES)
			break;
		*n += last->next->n;
	}
	lane->head = last->next;
	if (!lane->head)
		lane->tail = &lane->head;
	last->next = NULL;
	return first;
}

/* Chunks for one batch; NULL: nothing more will come, or a lane has failed. */
static struct chunk *
take(struct lane *lane, size_t *n)
{
	struct chunk *list = NULL, *carry;

	pthread_mutex_lock(&lane->lock);
	while (!lane->head && !lane->closed && !lanes_failed(lane->all, NULL))
		pthread_cond_wait(&lane->more, &lane->lock);
	if (lane->head && !lanes_failed(lane->all, NULL)) {
		list = take_some(lane, n);
		carry = lane->carry;
		if (carry) {
			lane->carry = NULL;
			*n += carry->n;
			carry->next = list;
			list = carry;
		}
		lane->working = list->first;
	}
	pthread_mutex_unlock(&lane->lock);
	return list;
}

/* The batch is over; carry is what is left of it. */
static void
give_back(struct lane *lane, struct chunk *list, struct chunk *carry,
    const bson_error_t *why)
{
	size_t bytes = 0;

	for (struct chunk *c = list; c; c = c->next)
		bytes += c->carried ? 0 : c->buf.len;
	free_list(list);
	pthread_mutex_lock(&lane->lock);
	lane->queued -= bytes;
	lane->working = 0;
	lane->carry = carry;
	if (carry)
		lane->carry_why = *why;
	pthread_cond_broadcast(&lane->less);
	pthread_mutex_unlock(&lane->lock);
}

/* ---------------------------------------------------------------- batches */

static bool
parse(const struct chunk *list, struct work *work, bson_error_t *error)
{
	for (const struct chunk *c = list; c; c = c->next) {
		const uint8_t *at = c->buf.data, *end = at + c->buf.len;

		for (; at < end; work++) {
			const struct parcel *p = (const void *)at;
			const uint8_t *raw = at + sizeof *p;

			if (!entry_parse(raw, p->len, &work->entry, error))
				return false;
			work->target = p->target;
			work->order = p->target->order;
			work->seq = p->seq;
			work->hash = p->hash;
			work->done = work->grouped = false;
			work->replay = work->may_wait = p->replay;
			work->next = NULL;
			at = raw + padded(p->len);
		}
	}
	return true;
}

/* The entries of one target after the other, each in log order: entries of
 * different namespaces do not touch each other. */
static bool
apply(struct lane *lane, struct work *work, size_t n, bson_error_t *why,
    bson_error_t *error)
{
	struct work **group = bson_malloc(n * sizeof *group);
	size_t left = n;
	bool ok = true;

	while (ok && left > 0) {
		struct target *t = NULL;
		int m = 0;

		for (size_t i = 0; i < n; i++) {
			if (work[i].grouped || (t && work[i].target != t))
				continue;
			t = work[i].target;
			work[i].grouped = true;
			group[m++] = &work[i];
		}
		ok = t->order == ORDER_ID
		    ? lane_apply_docs(lane, group, m, error)
		    : lane_apply_log(lane, group, m, why, error);
		left -= (size_t)m;
	}
	bson_free(group);
	return ok;
}

/* What failed, or was not come to, stays unacknowledged: the checkpoint is
 * before it. */
static void
fail(struct lane *lane, const struct work *work, size_t n,
    const bson_error_t *error)
{
	size_t i = 0;

	while (i < n && work[i].done)
		i++;
	pthread_mutex_lock(&lane->lock);
	if (i < n)
		lane->working = work[i].seq;
	pthread_mutex_unlock(&lane->lock);
	lanes_fail(lane->all, error);
}

static struct chunk *
undone(const struct work *work, size_t n)
{
	struct chunk *carry = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct work *w = &work[i];
		struct parcel p = {.target = w->target,
		    .seq = w->seq,
		    .hash = w->hash,
		    .len = w->entry.raw_len,
		    .replay = w->replay};

		if (w->done)
			continue;
		if (!carry) {
			carry = bson_malloc0(sizeof *carry);
			carry->carried = true;
		}
		chunk_add(carry, &p, w->entry.raw);
	}
	return carry;
}

void *
lane_run(void *arg)
{
	struct lane *lane = arg;
	struct chunk *list, *carry;
	struct work *work = NULL;
	size_t n, cap = 0;
	bson_error_t error, why;

	while ((list = take(lane, &n))) {
		if (n > cap) {
			bson_free(work);
			cap = n;
			work = bson_aligned_alloc(
			    BSON_ALIGNOF(struct work), cap * sizeof *work);
		}
		if (!parse(list, work, &error)) {
			lanes_fail(lane->all, &error);
			break;
		}
		if (!apply(lane, work, n, &why, &error)) {
			fail(lane, work, n, &error);
			break;
		}
		carry = undone(work, n);
		n -= carry ? carry->n : 0;
		lane_add_counts(
		    lane, &(struct lanes_counts){.entries = (int64_t)n});
		give_back(lane, list, carry, &why);
		lane_acked(lane);
	}
	free_list(list);
	bson_free(work);
	return NULL;
}

static bool
cannot_apply(
    const struct work *w, const char *why, uint32_t code, bson_error_t *error)
{
	char text[OPTIME_TEXT], *key = NULL;
	struct value id;

	if (entry_key(&w->entry, &id, NULL))
		key = docid_text(&id);
	error_set(error, MM_EXIT_REFUSED, (int)code,
	    "cannot apply the entry at position %s to \"%s\", _id %s: %s",
	    optime_text(w->entry.at, text), w->entry.ns, key ? key : "?", why);
	bson_free(key);
	return false;
}

bool
lane_conflict(const struct work *w, const char *why, bson_error_t *error)
{
	return cannot_apply(w, why, LANE_DUPLICATE, error);
}

bool
lane_refuse(struct lane *lane, const struct work *w, const char *why,
    const void *image, size_t len, bson_error_t *error)
{
	char *reason = bson_strdup(why); /* it may be in *error */

	if (ledger_add(lane_ledger(lane), &w->entry, "refused", reason, image,
		len, error))
		cannot_apply(w, reason, 0, error);
	bson_free(reason);
	return false;
}

bool
lane_diverged(const struct lane *lane, const struct work *w, const char *what,
    const char *detail, bson_error_t *error)
{
	char text[OPTIME_TEXT], *key = NULL;
	struct value id;

	if (entry_key(&w->entry, &id, NULL))
		key = docid_text(&id);
	msg_verbose("diverged at position %s: \"%s\", _id %s: %s",
	    optime_text(w->entry.at, text), w->entry.ns, key ? key : "?",
	    detail);
	bson_free(key);
	return ledger_add(
	    lane_ledger(lane), &w->entry, what, detail, NULL, 0, error);
}
