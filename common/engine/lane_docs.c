/* Entries of a batch are gathered by document. Then, in rounds that are bounded
 * in bytes: read the documents that are neither known nor wholly given by
 * their first entry, apply, write each changed document once, unordered.
 *
 * Nothing is believed but a clean acknowledgement. After anything else the
 * documents are read again (majority, after the failed command) and their
 * entries applied to what is there; a document that holds our write already
 * comes out unchanged and is not written again. That is exact because a
 * document is written whole: it is either the one before or the one after.
 */
#include <string.h>

#include "engine/lane_doc.h"
#include "model/docid.h"

enum { ROUND_BYTES = 2 << 20, LARGE_BYTES = 1 << 20, READ_MOST = 1000 };

struct docs {
	struct lane *lane;
	struct target *target;
	struct doc *doc, **map, **todo, **op;
	int n, n_todo;
	size_t mask, n_op;
	struct buf keys, spare, probe;
	struct value *ids;
	size_t read_bytes, read_docs;
	struct lanes_counts counts;
	struct retry retry;
	bool fatal; /* error is set, and what was written is noted */
};

/* ------------------------------------------------------------- gathering */

static struct doc **
find(struct docs *b, uint64_t hash, const uint8_t *key, size_t len)
{
	struct doc **p = &b->map[hash & b->mask];

	for (; *p; p = &(*p)->chain)
		if ((*p)->key_len == len &&
		    memcmp(b->keys.data + (*p)->key_at, key, len) == 0)
			break;
	return p;
}

static bool
gather_one(struct docs *b, struct work *w, bson_error_t *error)
{
	struct value id;
	struct doc **p, *d;

	if (!entry_key(&w->entry, &id, error))
		return false;
	buf_clear(&b->probe);
	docid_canonical(&id, &b->probe);
	p = find(b, w->hash, b->probe.data, b->probe.len);
	d = *p;
	if (!d) {
		d = *p = &b->doc[b->n];
		b->todo[b->n++] = d;
		d->id = id;
		d->first = w;
		d->must_read = b->target->order == ORDER_COLLATED ||
		    b->target->order == ORDER_CAPPED;
		d->whole_needed = lane_journal(b->lane) != NULL;
		d->key_at = b->keys.len;
		d->key_len = (uint32_t)b->probe.len;
		buf_add(&b->keys, b->probe.data, b->probe.len);
	} else {
		d->last->next = w;
	}
	d->last = w;
	d->bytes += w->entry.raw_len;
	return true;
}

static bool
gather(struct docs *b, struct work **work, int n, bson_error_t *error)
{
	size_t buckets = 16;

	while (buckets < (size_t)n)
		buckets *= 2;
	b->mask = buckets - 1;
	b->map = bson_malloc0(buckets * sizeof *b->map);
	b->doc = bson_malloc0((size_t)n * sizeof *b->doc);
	b->todo = bson_malloc((size_t)n * sizeof *b->todo);
	b->op = bson_malloc((size_t)n * sizeof *b->op);
	b->ids = bson_malloc((size_t)n * sizeof *b->ids);
	for (int i = 0; i < n; i++)
		if (!gather_one(b, work[i], error))
			return false;
	b->n_todo = b->n;
	return true;
}

static void
release(struct docs *b)
{
	for (int i = 0; i < b->n; i++)
		doc_release(&b->doc[i]);
	buf_release(&b->keys);
	buf_release(&b->spare);
	buf_release(&b->probe);
	bson_free(b->map);
	bson_free(b->doc);
	bson_free(b->todo);
	bson_free(b->op);
	bson_free(b->ids);
}

/* --------------------------------------------------------------- reading */

static void
look_up(struct docs *b, struct doc *d)
{
	const uint8_t *data;
	size_t len;

	d->base = DOC_UNKNOWN;
	if (d->must_read ||
	    !cache_get(b->lane->cache, b->target, b->keys.data + d->key_at,
		d->key_len, &data, &len))
		return;
	d->base = data ? DOC_HELD : DOC_ABSENT;
	d->base_data = data;
	d->base_len = len;
}

/* How many of todo make a round; their bases are looked up on the way. */
static int
choose(struct docs *b)
{
	size_t typical = atomic_load(&b->target->typical), bytes = 0, reads = 0;
	int m = 0;

	for (; m < b->n_todo; m++) {
		struct doc *d = b->todo[m];

		look_up(b, d);
		d->asked = d->late = d->other = false;
		if (d->base == DOC_HELD)
			bytes += d->base_len;
		else if (d->base == DOC_UNKNOWN && !doc_self_contained(d))
			d->asked = true, bytes += typical, reads++;
		bytes += d->bytes;
		if (d->bytes > LARGE_BYTES)
			atomic_store(&b->target->large, true);
		if (m > 0 && (bytes > ROUND_BYTES || reads > READ_MOST))
			break;
	}
	return m;
}

static void
keep(void *arg, const bson_t *found)
{
	struct docs *b = arg;
	struct value id;
	struct doc *d;

	if (!docid_of(found, &id, NULL))
		return;
	buf_clear(&b->probe);
	docid_canonical(&id, &b->probe);
	d = *find(b, docid_hash(&id), b->probe.data, b->probe.len);
	if (!d && b->target->order == ORDER_COLLATED && b->n == 1)
		d = b->doc, d->other = true;
	if (!d || !d->asked)
		return;
	if (found->len > LARGE_BYTES)
		atomic_store(&b->target->large, true);
	if (b->read_docs > 0 && b->read_bytes > 2 * ROUND_BYTES) {
		d->late = true;
		return;
	}
	b->read_docs++;
	b->read_bytes += found->len;
	buf_clear(&d->read);
	buf_add(&d->read, bson_get_data(found), found->len);
	d->base = DOC_HELD;
	d->base_data = d->read.data;
	d->base_len = d->read.len;
}

static bool
read_bases(struct docs *b, int m, bson_error_t *error)
{
	size_t n = 0, typical;

	for (int i = 0; i < m; i++)
		if (b->todo[i]->asked) {
			b->todo[i]->base = DOC_ABSENT;
			b->ids[n++] = b->todo[i]->id;
		}
	if (n == 0)
		return true;
	b->read_bytes = b->read_docs = 0;
	b->counts.read += (int64_t)n;
	if (!lane_may_write(b->lane, error) ||
	    !bulk_read_ids(
		b->lane->conn, b->target->ns, b->ids, n, keep, b, error))
		return false;
	if (b->read_docs > 0) {
		typical = b->read_bytes / b->read_docs;
		atomic_store(&b->target->typical,
		    (unsigned)((atomic_load(&b->target->typical) + typical) /
			2));
	}
	return true;
}

/* --------------------------------------------------------------- writing */

static bool
compute(struct docs *b, int m, bson_error_t *error)
{
	struct bulk *bulk = b->lane->bulk;

	bulk_begin(bulk, b->target->ns, false);
	b->n_op = 0;
	for (int i = 0; i < m; i++) {
		struct doc *d = b->todo[i];

		if (d->late)
			continue;
		if (!doc_compute(
			b->lane, d, &b->spare, &b->counts.diverged, error))
			return false;
		if (d->result == DOC_NOTHING)
			continue;
		if (d->result == DOC_DELETE)
			bulk_delete(bulk, &d->id);
		else if (d->result == DOC_INSERT)
			bulk_insert(bulk, d->image.data, d->image.len);
		else
			bulk_replace(bulk, d->image.data, d->image.len);
		b->op[b->n_op++] = d;
	}
	return true;
}

/* An insert that met its _id is read and applied anew; everything else that
 * the target refuses ends it, when the others have been noted. */
static void
refused(struct docs *b, const struct bulk_error *errors, size_t n,
    bson_error_t *error)
{
	for (size_t i = 0; i < n; i++) {
		struct doc *d = b->op[errors[i].index];

		d->late = d->must_read = true;
		if (b->fatal ||
		    (errors[i].duplicate_id && d->result == DOC_INSERT))
			continue;
		b->fatal = true;
		/* Applied again it may yet fit: lane_apply_log decides. */
		if (errors[i].code == LANE_DUPLICATE &&
		    b->target->order == ORDER_ALL && d->last->may_wait)
			lane_conflict(d->last, errors[i].message, error);
		else
			lane_refuse(b->lane, d->last, errors[i].message,
			    d->image.data,
			    d->result == DOC_DELETE ? 0 : d->image.len, error);
	}
}

static bool
write_round(struct docs *b, bson_error_t *error)
{
	const struct bulk_error *errors;
	size_t n = 0;

	if (b->n_op == 0)
		return true;
	if (!lane_may_write(b->lane, error) ||
	    (lane_journal(b->lane) &&
		!journal_flush(lane_journal(b->lane), error)))
		return false;
	switch (bulk_run(b->lane->bulk, &errors, &n, error)) {
	case BULK_CLEAN:
		break;
	case BULK_ERRORS:
		refused(b, errors, n, error);
		break;
	case BULK_UNKNOWN:
		for (size_t i = 0; i < b->n_op; i++)
			b->op[i]->late = b->op[i]->must_read =
			    b->op[i]->unclear = true;
		return retry_wait(&b->retry, b->target->ns, error);
	case BULK_FAILED:
		return false;
	}
	b->retry = (struct retry){0};
	b->counts.written += (int64_t)(b->n_op - n);
	return true;
}

/* What is acknowledged, or needed no write, is known from now on. */
static void
settle(struct docs *b, int m)
{
	int left = 0;

	for (int i = 0; i < b->n_todo; i++) {
		struct doc *d = b->todo[i];
		const uint8_t *key = b->keys.data + d->key_at;

		if (i >= m || d->late) {
			b->todo[left++] = d;
			continue;
		}
		if (d->result == DOC_INSERT || d->result == DOC_REPLACE)
			cache_put(b->lane->cache, b->target, key, d->key_len,
			    d->image.data, d->image.len);
		else if (d->result == DOC_DELETE || d->base == DOC_ABSENT)
			cache_put(b->lane->cache, b->target, key, d->key_len,
			    NULL, 0);
		else if (d->base_data == d->read.data)
			cache_put(b->lane->cache, b->target, key, d->key_len,
			    d->read.data, d->read.len);
		for (struct work *w = d->first; w; w = w->next)
			w->done = true;
		doc_release(d);
	}
	b->n_todo = left;
}

static bool
run_round(struct docs *b, bson_error_t *error)
{
	int m = choose(b);
	bool large = atomic_load(&b->target->large), ok;

	if (large)
		lane_enter_large(b->lane);
	ok = read_bases(b, m, error) && compute(b, m, error) &&
	    write_round(b, error);
	if (ok)
		settle(b, m);
	if (large)
		lane_leave_large(b->lane);
	return ok && !b->fatal;
}

bool
lane_apply_docs(
    struct lane *lane, struct work **work, int n, bson_error_t *error)
{
	struct docs b = {.lane = lane, .target = work[0]->target};
	bool ok = gather(&b, work, n, error);

	while (ok && b.n_todo > 0)
		ok = run_round(&b, error);
	lane_add_counts(lane, &b.counts);
	release(&b);
	return ok;
}
