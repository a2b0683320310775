/* Collections whose order matters as a whole: one lane, one write an entry, in
 * log order, nothing coalesced.
 */
#include "engine/lane_doc.h"

#include <string.h>

enum { RUN_BYTES = 2 << 20, RUN_MOST = 1000 };

/* What the collection drops in their place stands nowhere. */
static bool
journal_inserts(
    struct lane *lane, struct work **work, int n, bson_error_t *error)
{
	struct buf now = BUF_INIT;
	bool ok = true;

	for (int i = 0; ok && i < n; i++) {
		const bson_t *o = &work[i]->entry.o;

		buf_clear(&now);
		buf_add(&now, bson_get_data(o), o->len);
		ok = journal_change(lane_journal(lane), &work[i]->entry, NULL,
		    EFFECT_STORED, &now, error);
	}
	buf_release(&now);
	return ok && journal_flush(lane_journal(lane), error);
}

/* Inserts into a capped collection: what counts is their order, and one whose
 * _id is there already was applied before. When it is not clear how far a run
 * came it is sent again as a whole: what the collection has dropped since is
 * appended once more and pushes its successors out, which follow in turn. */
static bool
insert_run(struct lane *lane, struct work **work, int n, bson_error_t *error)
{
	struct target *t = work[0]->target;
	struct lanes_counts counts = {0};
	struct retry retry = {0};
	const struct bulk_error *errors;
	size_t n_errors;
	int at = 0, done = 0;
	bool unclear = false, ok = true;

	while (ok && at < n) {
		if (!lane_may_write(lane, error)) {
			ok = false;
			break;
		}
		if (lane_journal(lane) &&
		    !journal_inserts(lane, work + at, n - at, error)) {
			ok = false;
			break;
		}
		bulk_begin(lane->bulk, t->ns, true);
		for (int i = at; i < n; i++)
			bulk_insert(lane->bulk,
			    bson_get_data(&work[i]->entry.o),
			    work[i]->entry.o.len);
		switch (bulk_run(lane->bulk, &errors, &n_errors, error)) {
		case BULK_CLEAN:
			counts.written += n - at;
			at = n;
			break;
		case BULK_ERRORS:
			counts.written += (int64_t)errors[0].index;
			at += (int)errors[0].index;
			if (!errors[0].duplicate_id) {
				ok = lane_refuse(lane, work[at],
				    errors[0].message,
				    bson_get_data(&work[at]->entry.o),
				    work[at]->entry.o.len, error);
				break;
			}
			if (!work[at]->replay && !unclear) {
				counts.diverged++;
				ok = lane_diverged(lane, work[at], "existed",
				    "the document is there already", error);
			}
			at++;
			break;
		case BULK_UNKNOWN:
			unclear = true;
			ok = retry_wait(&retry, t->ns, error);
			break;
		case BULK_FAILED:
			ok = false;
			break;
		}
		while (done < at)
			work[done++]->done = true;
	}
	lane_add_counts(lane, &counts);
	return ok;
}

/* How many inserts stand here one after the other. */
static int
run_length(struct work **work, int n)
{
	size_t bytes = 0;
	int i = 0;

	for (; i < n && i < RUN_MOST; i++) {
		if (work[i]->entry.op != ENTRY_INSERT)
			break;
		bytes += work[i]->entry.o.len;
		if (i > 0 && bytes > RUN_BYTES)
			break;
	}
	return i;
}

/* ---------------------------------------------------------- unique indexes */

/* In a log that is applied for the second time an entry may want a value that
 * a later entry has given to another document. Then it waits, with all that
 * come after it for its document, until an entry between has freed the value.
 * Nothing waits beyond the replay window: what conflicts there is real. */
struct waiting {
	struct work **item; /* of one document, in order */
	int n;
	uint64_t hash;
};

struct unique {
	struct lane *lane;
	struct waiting *list;
	int n;
	bson_error_t *why;
};

static bool
is_conflict(const bson_error_t *error)
{
	return error_status(error) == MM_EXIT_REFUSED &&
	    error->code == LANE_DUPLICATE;
}

static void
wait_more(struct waiting *x, struct work *w)
{
	x->item = bson_realloc(x->item, (size_t)(x->n + 1) * sizeof *x->item);
	x->item[x->n++] = w;
}

static struct waiting *
waits_for(struct unique *u, uint64_t hash)
{
	for (int i = 0; i < u->n; i++)
		if (u->list[i].hash == hash)
			return &u->list[i];
	return NULL;
}

/* 1 applied, 0 conflicts still, -1 error. */
static int
attempt(struct unique *u, struct work **work, int n, bson_error_t *error)
{
	for (int i = 0; i < n; i++)
		work[i]->next = NULL;
	if (lane_apply_docs(u->lane, work, n, error))
		return 1;
	if (!is_conflict(error) || !work[n - 1]->may_wait)
		return -1;
	*u->why = *error;
	return 0;
}

/* Something was written: perhaps others can be now. */
static bool
attempt_all(struct unique *u, bson_error_t *error)
{
	int got;

	for (int i = 0; i < u->n; i++) {
		got = attempt(u, u->list[i].item, u->list[i].n, error);
		if (got < 0)
			return false;
		if (got == 0)
			continue;
		bson_free(u->list[i].item);
		u->list[i] = u->list[--u->n];
		i = -1; /* from the start: this one was written too */
	}
	return true;
}

/* Behind the replay window: what conflicts there now is refused. */
static bool
attempt_last(struct unique *u, bson_error_t *error)
{
	for (; u->n > 0; u->n--) {
		struct waiting *x = &u->list[u->n - 1];

		x->item[x->n - 1]->may_wait = false;
		if (attempt(u, x->item, x->n, error) <= 0)
			return false;
		bson_free(x->item);
	}
	return true;
}

static bool
unique_one(struct unique *u, struct work *w, bson_error_t *error)
{
	struct waiting *x = waits_for(u, w->hash);
	int got;

	if (!x) {
		got = attempt(u, &w, 1, error);
		if (got != 0)
			return got > 0 && attempt_all(u, error);
		u->list =
		    bson_realloc(u->list, (size_t)(u->n + 1) * sizeof *u->list);
		x = &u->list[u->n++];
		*x = (struct waiting){.hash = w->hash};
		wait_more(x, w);
		return true;
	}
	wait_more(x, w);
	return attempt_all(u, error);
}

static bool
apply_unique(struct lane *lane, struct work **work, int n, bson_error_t *why,
    bson_error_t *error)
{
	struct unique u = {.lane = lane, .why = why};
	bool ok = true;

	for (int i = 0; ok && i < n; i++) {
		ok = (work[i]->replay || attempt_last(&u, error)) &&
		    unique_one(&u, work[i], error);
	}
	for (int i = 0; i < u.n; i++)
		bson_free(u.list[i].item);
	bson_free(u.list);
	return ok;
}

/* ------------------------------------------------------------------------ */

bool
lane_apply_log(struct lane *lane, struct work **work, int n, bson_error_t *why,
    bson_error_t *error)
{
	bool capped = work[0]->target->order == ORDER_CAPPED;
	int length;

	if (work[0]->target->order == ORDER_ALL)
		return apply_unique(lane, work, n, why, error);
	for (int i = 0; i < n; i += length) {
		length = capped ? run_length(work + i, n - i) : 0;
		if (length > 0) {
			if (!insert_run(lane, work + i, length, error))
				return false;
			continue;
		}
		length = 1;
		if (!lane_apply_docs(lane, work + i, 1, error))
			return false;
	}
	return true;
}
