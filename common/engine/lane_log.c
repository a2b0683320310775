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

bool
lane_apply_log(
    struct lane *lane, struct work **work, int n, bson_error_t *error)
{
	bool capped = work[0]->target->order == ORDER_CAPPED;
	int length;

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
