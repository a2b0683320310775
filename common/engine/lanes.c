/* The reader fills a chunk a lane and hands all of them over at the end of a
 * block, so the price of waking a thread is paid once a block, not once an
 * entry, and nothing waits for more to come. Chunks are small enough that a
 * lane starts while the rest of a large block is still being routed. */
#include "engine/lanes.h"

#include <string.h>

#include "base/msg.h"
#include "base/sig.h"
#include "base/thread.h"
#include "engine/lane.h"
#include "model/docid.h"

enum {
	CHUNK_ENTRIES = 250,
	CHUNK_BYTES = 256 << 10,
	QUEUE_BYTES = 40 << 20, /* of all lanes together */
	CACHE_BYTES = 40 << 20
};

struct lanes {
	struct lanes_opts o;
	struct lane lane[LANES_MAX];
	uint64_t put;
	_Atomic uint64_t sent;
	pthread_mutex_t lock, large;
	atomic_bool failed;
	bson_error_t error;
};

/* ------------------------------------------------------- start and end */

static bool
start(struct lanes *l, struct lane *lane, bson_error_t *error)
{
	lane->all = l;
	lane->tail = &lane->head;
	lane->cache = cache_new(CACHE_BYTES / (size_t)l->o.workers);
	pthread_mutex_init(&lane->lock, NULL);
	pthread_cond_init(&lane->more, NULL);
	pthread_cond_init(&lane->less, NULL);
	lane->conn = conn_open(l->o.server, error);
	if (!lane->conn)
		return false;
	lane->bulk = bulk_new(lane->conn);
	lane->started = thread_start(&lane->thread, lane_run, lane, error);
	return lane->started;
}

struct lanes *
lanes_new(const struct lanes_opts *opts, bson_error_t *error)
{
	struct lanes *l = bson_malloc0(sizeof *l);

	l->o = *opts;
	pthread_mutex_init(&l->lock, NULL);
	pthread_mutex_init(&l->large, NULL);
	atomic_init(&l->failed, false);
	for (int i = 0; i < opts->workers; i++)
		if (!start(l, &l->lane[i], error)) {
			l->o.workers = i + 1;
			lanes_free(l);
			return NULL;
		}
	return l;
}

void
lanes_stop(struct lanes *l)
{
	for (int i = 0; i < l->o.workers; i++) {
		struct lane *lane = &l->lane[i];

		if (!lane->started)
			continue;
		pthread_mutex_lock(&lane->lock);
		lane->closed = true;
		pthread_cond_broadcast(&lane->more);
		pthread_mutex_unlock(&lane->lock);
		pthread_join(lane->thread, NULL);
		lane->started = false;
	}
}

static void
free_lane(struct lane *lane)
{
	struct chunk *next;

	for (struct chunk *c = lane->head; c; c = next) {
		next = c->next;
		chunk_free(c);
	}
	chunk_free(lane->filling);
	chunk_free(lane->carry);
	bulk_free(lane->bulk);
	if (lane->conn)
		conn_close(lane->conn);
	cache_free(lane->cache);
	pthread_mutex_destroy(&lane->lock);
	pthread_cond_destroy(&lane->more);
	pthread_cond_destroy(&lane->less);
}

void
lanes_free(struct lanes *l)
{
	if (!l)
		return;
	lanes_stop(l);
	for (int i = 0; i < l->o.workers; i++)
		free_lane(&l->lane[i]);
	pthread_mutex_destroy(&l->lock);
	pthread_mutex_destroy(&l->large);
	bson_free(l);
}

/* ------------------------------------------------------------ the reader */

static bool
hand_over(struct lanes *l, struct lane *lane, bson_error_t *error)
{
	struct chunk *c = lane->filling;
	size_t budget = QUEUE_BYTES / (size_t)l->o.workers;

	if (!c)
		return true;
	lane->filling = NULL;
	pthread_mutex_lock(&lane->lock);
	while (lane->queued > 0 && lane->queued + c->buf.len > budget &&
	    !atomic_load(&l->failed))
		pthread_cond_wait(&lane->less, &lane->lock);
	c->next = NULL;
	*lane->tail = c;
	lane->tail = &c->next;
	lane->queued += c->buf.len;
	pthread_cond_signal(&lane->more);
	pthread_mutex_unlock(&lane->lock);
	return !lanes_failed(l, error);
}

bool
lanes_put(struct lanes *l, struct target *target, const struct entry *e,
    bool replay, bson_error_t *error)
{
	struct parcel p = {.target = target, .len = e->raw_len};
	struct value id;
	struct lane *lane;
	struct chunk *c;

	if (!entry_key(e, &id, error))
		return false;
	p.replay = replay;
	p.hash = docid_hash(&id);
	p.seq = ++l->put;
	lane = &l->lane[(target->order == ORDER_ID ? p.hash ^ target->hash
						   : target->hash) %
	    (uint64_t)l->o.workers];
	if (!lane->filling)
		lane->filling = bson_malloc0(sizeof *lane->filling);
	c = lane->filling;
	chunk_add(c, &p, e->raw);
	return (c->n < CHUNK_ENTRIES && c->buf.len < CHUNK_BYTES) ||
	    hand_over(l, lane, error);
}

bool
lanes_send(struct lanes *l, bson_error_t *error)
{
	for (int i = 0; i < l->o.workers; i++)
		if (!hand_over(l, &l->lane[i], error))
			return false;
	atomic_store(&l->sent, l->put);
	return true;
}

uint64_t
lanes_sent(const struct lanes *l)
{
	return atomic_load(&l->sent);
}

uint64_t
lanes_low(struct lanes *l)
{
	uint64_t low = UINT64_MAX;

	for (int i = 0; i < l->o.workers; i++) {
		struct lane *lane = &l->lane[i];
		uint64_t first = 0;

		pthread_mutex_lock(&lane->lock);
		if (lane->working)
			first = lane->working;
		else if (lane->carry)
			first = lane->carry->first;
		else if (lane->head)
			first = lane->head->first;
		pthread_mutex_unlock(&lane->lock);
		if (first && first < low)
			low = first;
	}
	return low;
}

bool
lanes_drain(struct lanes *l, bson_error_t *error)
{
	bool ok = true;

	for (int i = 0; i < l->o.workers; i++) {
		struct lane *lane = &l->lane[i];

		pthread_mutex_lock(&lane->lock);
		while (
		    (lane->working || lane->head) && !atomic_load(&l->failed))
			pthread_cond_wait(&lane->less, &lane->lock);
		if (lane->carry && ok) {
			ok = false;
			*error = lane->carry_why;
		}
		pthread_mutex_unlock(&lane->lock);
	}
	return !lanes_failed(l, error) && ok;
}

void
lanes_forget(struct lanes *l)
{
	for (int i = 0; i < l->o.workers; i++)
		cache_clear(l->lane[i].cache);
}

/* ---------------------------------------------------------------- failing */

void
lanes_fail(struct lanes *l, const bson_error_t *error)
{
	bool first;

	pthread_mutex_lock(&l->lock);
	first = !atomic_load(&l->failed);
	if (first)
		l->error = *error;
	atomic_store(&l->failed, true);
	pthread_mutex_unlock(&l->lock);
	for (int i = 0; i < l->o.workers; i++) {
		pthread_mutex_lock(&l->lane[i].lock);
		pthread_cond_broadcast(&l->lane[i].more);
		pthread_cond_broadcast(&l->lane[i].less);
		pthread_mutex_unlock(&l->lane[i].lock);
	}
	if (first)
		sig_stop(); /* the reader may be waiting for input */
}

bool
lanes_failed(struct lanes *l, bson_error_t *error)
{
	if (!atomic_load(&l->failed))
		return false;
	pthread_mutex_lock(&l->lock);
	if (error)
		*error = l->error;
	pthread_mutex_unlock(&l->lock);
	return true;
}

bool
lane_may_write(struct lane *lane, bson_error_t *error)
{
	struct lanes *l = lane->all;

	if (lanes_failed(l, error))
		return false;
	return !job_lost(l->o.job) ||
	    error_set(error, MM_EXIT_REFUSED, 0,
		"lost the lease of job \"%s\": another program may write now",
		job_name(l->o.job));
}

int
lane_batch_ops(const struct lane *lane)
{
	return lane->all->o.batch_ops;
}

struct ledger *
lane_ledger(const struct lane *lane)
{
	return lane->all->o.ledger;
}

struct journal *
lane_journal(const struct lane *lane)
{
	return lane->all->o.journal;
}

void
lane_acked(const struct lane *lane)
{
	lane->all->o.acked(lane->all->o.arg);
}

void
lane_enter_large(struct lane *lane)
{
	pthread_mutex_lock(&lane->all->large);
}

void
lane_leave_large(struct lane *lane)
{
	pthread_mutex_unlock(&lane->all->large);
}

/* ---------------------------------------------------------------- counting */

void
lane_add_counts(struct lane *lane, const struct lanes_counts *more)
{
	pthread_mutex_lock(&lane->lock);
	lane->counts.entries += more->entries;
	lane->counts.written += more->written;
	lane->counts.read += more->read;
	lane->counts.diverged += more->diverged;
	pthread_mutex_unlock(&lane->lock);
}

void
lanes_count(struct lanes *l, struct lanes_counts *out)
{
	memset(out, 0, sizeof *out);
	for (int i = 0; i < l->o.workers; i++) {
		struct lane *lane = &l->lane[i];

		pthread_mutex_lock(&lane->lock);
		out->entries += lane->counts.entries;
		out->written += lane->counts.written;
		out->read += lane->counts.read;
		out->diverged += lane->counts.diverged;
		pthread_mutex_unlock(&lane->lock);
	}
}
