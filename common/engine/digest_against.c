/* Threads take blocks of ranges from the stream. Ranges that join are digested
 * in one scan; one that differs is looked into at once where the other side
 * can be reached, told by key where the stream has keys, and as a range
 * otherwise. */
#include "engine/digest_work.h"

#include <string.h>

#include "base/sig.h"
#include "base/status.h"
#include "engine/crew.h"
#include "engine/digest_scan.h"

enum { RUN_MAX = 64 }; /* ranges in one scan */

struct worker {
	struct against *a;
	struct compare_task task;
	struct digester *digester;
	struct report_part *report;
	struct digest_part part;
	/* the block at hand */
	enum digest_order order;
	const struct digest_range *expected; /* of the scan that runs */
};

/* ------------------------------------------------------ a range that differs
 */

static bool
drilled(void *arg, enum diff_class class, const bson_t *source,
    const bson_t *target, bson_error_t *error)
{
	struct worker *w = arg;

	return report_document(w->report, class, source, target, error);
}

/* Both sides of the range, document by document. What is read for it does not
 * count twice. */
static bool
drill(struct worker *w, const struct digest_range *r, bson_error_t *error)
{
	struct pair *shadow = bson_malloc0(sizeof *shadow);
	struct compare_task task = w->task;
	enum compare_got got;

	memcpy(shadow->ns, w->task.pair->ns, sizeof shadow->ns);
	memcpy(shadow->target_ns, w->task.pair->target_ns,
	    sizeof shadow->target_ns);
	shadow->source = w->task.pair->source;
	shadow->target = w->task.pair->target;
	task.pair = shadow;
	task.from = r->has_from ? &r->from : NULL;
	task.to = r->has_to ? &r->to : NULL;
	task.found = drilled;
	task.arg = w;
	got = w->order == DIGEST_NATURAL ? compare_sequence(&task, error)
	    : w->order == DIGEST_WHOLE   ? compare_lookup(&task, error)
					 : compare_merge(&task, error);
	bson_free(shadow);
	return got == COMPARE_DONE ||
	    (got == COMPARE_STOPPED &&
		error_set(error, MM_EXIT_STOPPED, 0, "stopped"));
}

static bool
tell_range(struct worker *w, const struct digest_range *theirs,
    const struct digest *mine, bson_error_t *error)
{
	bool source = against_source(w->a);
	const struct digest *a = source ? mine : &theirs->sum;
	const struct digest *b = source ? &theirs->sum : mine;
	struct report_range r = {
	    .from = theirs->has_from ? &theirs->from : NULL,
	    .to = theirs->has_to ? &theirs->to : NULL,
	    .source_docs = a->docs,
	    .source_bytes = a->bytes,
	    .target_docs = b->docs,
	    .target_bytes = b->bytes,
	};

	return report_range(w->report, &r, error) &&
	    (!w->a->out || digest_part_range(&w->part, theirs, error));
}

static bool
found_key(void *arg, const struct value *id, const bson_t *mine, bool theirs,
    bson_error_t *error)
{
	struct worker *w = arg;
	bool source = against_source(w->a);
	const struct report_doc doc = {
	    .class = mine && theirs ? DIFF_CONTENT
		: source == !theirs ? DIFF_MISSING
				    : DIFF_EXTRA,
	    .id = id,
	    .source = source ? mine : NULL,
	    .target = source ? NULL : mine,
	};

	return report_doc(w->report, &doc, error);
}

/* ----------------------------------------------------------------- a block */

static void
scan_of(struct worker *w, digest_range_fn *each, struct digest_scan *s)
{
	*s = (struct digest_scan){
	    .task = &w->task,
	    .which = w->a->own,
	    .order = w->order,
	    .digester = w->digester,
	    .each = each,
	    .arg = w,
	};
}

/* What the other side has there is not read, but it was. */
static void
account(struct worker *w, const struct digest *theirs)
{
	struct tally *t = &w->task.pair->tally;
	bool source = against_source(w->a);

	atomic_fetch_add(
	    source ? &t->target_docs : &t->source_docs, theirs->docs);
	atomic_fetch_add(
	    source ? &t->target_bytes : &t->source_bytes, theirs->bytes);
}

static bool
judge(void *arg, const struct digest_range *mine, bson_error_t *error)
{
	struct worker *w = arg;
	const struct digest_range *theirs = w->expected++;

	account(w, &theirs->sum);
	if (digest_same(&mine->sum, &theirs->sum))
		return true;
	return w->a->o->other ? drill(w, theirs, error)
			      : tell_range(w, theirs, &mine->sum, error);
}

static enum compare_got
run_of(struct worker *w, const struct digest_range *ranges, size_t n,
    bson_error_t *error)
{
	struct digest_scan s;

	scan_of(w, judge, &s);
	if (!ranges->keys) {
		w->expected = ranges;
		return digest_match(&s, ranges, n, error);
	}
	account(w, &ranges->sum);
	return digest_match_keys(&s, ranges, found_key, w, error);
}

/* Gathers ranges that join. */
static enum compare_got
all_ranges(struct worker *w, const struct buf *docs, bson_error_t *error)
{
	struct digest_range run[RUN_MAX], r;
	enum compare_got got = COMPARE_DONE;
	size_t at = 0, n = 0;
	int more;

	while (got == COMPARE_DONE &&
	    (more = digest_in_range(docs, &at, &r, error)) != 0) {
		if (more < 0)
			return COMPARE_FAILED;
		if (n > 0 &&
		    (n == RUN_MAX || r.keys || run[n - 1].keys ||
			!digest_range_joins(&run[n - 1], &r))) {
			got = run_of(w, run, n, error);
			n = 0;
		}
		run[n++] = r;
	}
	if (got == COMPARE_DONE && n > 0)
		got = run_of(w, run, n, error);
	return got;
}

/* Their ranges can be followed here: it is read in the same order. */
static bool
same_order(const struct worker *w, bson_error_t *error)
{
	const struct pair *p = w->task.pair;
	const struct coll *own = against_source(w->a) ? p->source : p->target;

	return !own || digest_pair_order(p, w->a->own) == w->order ||
	    error_set(error, MM_EXIT_REFUSED, 0,
		"\"%s\" is capped or collated on one side only: its digests "
		"cannot be compared",
		p->ns);
}

static enum compare_got
block(
    struct worker *w, size_t coll, const struct buf *docs, bson_error_t *error)
{
	struct pair *p = w->a->of_in[coll];

	w->order = w->a->o->in->coll[coll].order;
	if (w->task.pair != p) {
		w->task.pair = p;
		digester_begin(w->digester, w->a->o->in->key, p->ns);
		if (!report_begin(w->report, p, error) ||
		    (w->a->out && !digest_part_begin(&w->part, p, error)))
			return COMPARE_FAILED;
	}
	if (!same_order(w, error))
		return COMPARE_FAILED;
	return all_ranges(w, docs, error);
}

static enum compare_got
take_blocks(struct worker *w, const atomic_bool *abort, bson_error_t *error)
{
	struct buf docs = BUF_INIT;
	enum compare_got got = COMPARE_DONE;
	size_t coll;
	int more;

	while (got == COMPARE_DONE && !atomic_load(abort) &&
	    (more = digest_in_block(w->a->o->in, &docs, &coll, error)) != 0)
		got = more < 0 ? COMPARE_FAILED
		    : more > 1 ? COMPARE_STOPPED
			       : block(w, coll, &docs, error);
	buf_release(&docs);
	if (got == COMPARE_FAILED && error_status(error) == MM_EXIT_STOPPED)
		got = COMPARE_STOPPED;
	if (got != COMPARE_FAILED && !report_flush(w->report, error))
		got = COMPARE_FAILED;
	if (got == COMPARE_DONE && w->a->out &&
	    !digest_part_flush(&w->part, error))
		got = COMPARE_FAILED;
	return got;
}

static enum compare_got
work(void *arg, const atomic_bool *abort, bson_error_t *error)
{
	struct against *a = arg;
	struct worker w = {.a = a, .part.out = a->out};
	struct conn *own = conn_open(a->o->own, error);
	struct conn *other =
	    own && a->o->other ? conn_open(a->o->other, error) : NULL;
	enum compare_got got = COMPARE_FAILED;

	w.task = (struct compare_task){
	    .source = against_source(a) ? own : other,
	    .target = against_source(a) ? other : own,
	    .abort = abort,
	    .throttle = a->throttle,
	};
	w.digester = digester_new();
	w.report = report_part_new(a->report);
	if (own && (other || !a->o->other))
		got = take_blocks(&w, abort, error);
	report_part_free(w.report);
	digest_part_release(&w.part);
	digester_free(w.digester);
	if (other)
		conn_close(other);
	if (own)
		conn_close(own);
	return got;
}

/* ---------------------------------------------------------------- the run */

static enum compare_got
open_and_plan(struct against *a, bson_error_t *error)
{
	struct conn *own = conn_open(a->o->own, error), *other = NULL;
	bool ok = own != NULL;

	if (ok && a->o->other)
		ok = (other = conn_open(a->o->other, error)) != NULL;
	ok = ok && against_plan(a, own, other, error);
	if (other)
		conn_close(other);
	if (own)
		conn_close(own);
	if (ok)
		return COMPARE_DONE;
	return sig_stopping() ? COMPARE_STOPPED : COMPARE_FAILED;
}

enum compare_got
digest_against(const struct digest_against_opts *opts, struct report *r,
    int64_t *differences, bson_error_t *error)
{
	struct against a = {.o = opts, .report = r};
	enum compare_got got;

	a.own = opts->in->side == SIDE_SOURCE ? COMPARE_TARGET : COMPARE_SOURCE;
	a.throttle = throttle_new(opts->rate);
	status_state("comparing");
	got = open_and_plan(&a, error);
	if (got == COMPARE_DONE)
		got = crew_run((size_t)opts->workers, work, &a, error);
	if (got == COMPARE_DONE && a.out &&
	    !digest_out_end(a.out, false, OPTIME_NULL, error))
		got = COMPARE_FAILED;
	if (got != COMPARE_FAILED &&
	    !report_end(r, &a.pairs, got == COMPARE_STOPPED, error))
		got = COMPARE_FAILED;
	*differences = 0;
	for (size_t i = 0; i < a.pairs.n; i++)
		*differences += tally_differences(&a.pairs.item[i].tally);
	digest_out_free(a.out);
	staged_free(a.staged);
	bson_free(a.of_in);
	bson_free(a.pairs.item);
	pair_list_release(&a.own_pairs);
	throttle_free(a.throttle);
	return got;
}
