/* A lane takes everything that waits, up to a batch: alone at low load, so
 * that an entry is visible after one or two round trips, and in larger and
 * larger batches as the load grows. The bytes of the entries stay where they
 * are until all of the batch is acknowledged. */
#include "engine/lane.h"

#include <inttypes.h>

#include "base/msg.h"
#include "model/docid.h"

enum { BATCH_BYTES = 8 << 20 };

/* Chunks for one batch; NULL: nothing more will come, or a lane has failed. */
static struct chunk *
take(struct lane *lane, size_t *n)
{
	struct chunk *first, *last;
	size_t bytes;

	pthread_mutex_lock(&lane->lock);
	while (!lane->head && !lane->closed && !lanes_failed(lane->all, NULL))
		pthread_cond_wait(&lane->more, &lane->lock);
	first = lane->head;
	if (!first || lanes_failed(lane->all, NULL)) {
		pthread_mutex_unlock(&lane->lock);
		return NULL;
	}
	*n = first->n;
	bytes = first->buf.len;
	for (last = first; last->next; last = last->next) {
		*n += last->next->n;
		bytes += last->next->buf.len;
		if (*n > (size_t)lane_batch_ops(lane) || bytes > BATCH_BYTES) {
			*n -= last->next->n;
			break;
		}
	}
	lane->head = last->next;
	if (!lane->head)
		lane->tail = &lane->head;
	last->next = NULL;
	lane->working = first->first;
	pthread_mutex_unlock(&lane->lock);
	return first;
}

static void
give_back(struct lane *lane, struct chunk *list)
{
	size_t bytes = 0;
	struct chunk *next;

	for (struct chunk *c = list; c; c = next) {
		next = c->next;
		bytes += c->buf.len;
		buf_release(&c->buf);
		bson_free(c);
	}
	pthread_mutex_lock(&lane->lock);
	lane->queued -= bytes;
	lane->working = 0;
	pthread_cond_broadcast(&lane->less);
	pthread_mutex_unlock(&lane->lock);
}

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
			work->done = false;
			work->replay = p->replay;
			work->next = NULL;
			at = raw + ((p->len + 7) & ~7u);
		}
	}
	return true;
}

/* The entries of one target after the other, each in log order: entries of
 * different namespaces do not touch each other. */
static bool
apply(struct lane *lane, struct work *work, size_t n, bson_error_t *error)
{
	struct work **group = bson_malloc(n * sizeof *group);
	size_t left = n;
	bool ok = true;

	while (ok && left > 0) {
		struct target *t = NULL;
		int m = 0;

		for (size_t i = 0; i < n; i++) {
			if (!work[i].target || (t && work[i].target != t))
				continue;
			t = work[i].target;
			group[m++] = &work[i];
		}
		ok = t->order == ORDER_ID
		    ? lane_apply_docs(lane, group, m, error)
		    : lane_apply_log(lane, group, m, error);
		for (int i = 0; i < m; i++)
			group[i]->target = NULL;
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

void *
lane_run(void *arg)
{
	struct lane *lane = arg;
	struct chunk *list;
	struct work *work = NULL;
	size_t n, cap = 0;
	bson_error_t error;

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
		if (!apply(lane, work, n, &error)) {
			fail(lane, work, n, &error);
			break;
		}
		lane_add_counts(
		    lane, &(struct lanes_counts){.entries = (int64_t)n});
		give_back(lane, list);
		lane_acked(lane);
	}
	for (struct chunk *next; list; list = next) {
		next = list->next;
		buf_release(&list->buf);
		bson_free(list);
	}
	bson_free(work);
	return NULL;
}

bool
lane_refuse(struct lane *lane, const struct work *w, const char *why,
    const void *image, size_t len, bson_error_t *error)
{
	char text[OPTIME_TEXT], *reason = bson_strdup(why);
	struct value id;
	char *key = NULL;

	/* `why` may be in *error. */
	if (ledger_add(lane_ledger(lane), &w->entry, "refused", reason, image,
		len, error)) {
		if (entry_key(&w->entry, &id, NULL))
			key = docid_text(&id);
		error_set(error, MM_EXIT_REFUSED, 0,
		    "cannot apply the entry at position %s to \"%s\", _id "
		    "%s: %s",
		    optime_text(w->entry.at, text), w->entry.ns,
		    key ? key : "?", reason);
	}
	bson_free(key);
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
