/* The choice needs the _ids of both sides, which come from the index alone. A
 * hash under the seed orders them, and the first n are taken: no document is
 * preferred for its place, and the same seed chooses the same keys again. */
#include "engine/sample.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/msg.h"
#include "base/sig.h"
#include "base/status.h"
#include "engine/compare_plan.h"
#include "engine/crew.h"
#include "engine/digest_pairs.h"
#include "engine/sample_pick.h"
#include "model/docid.h"

enum { LOOKS = 5, PAUSE_MS = 700 };

static int64_t keys, seed = -1;

static const struct opt rows[] = {
    {0, "sample", "N", OPT_COUNT, &keys,
	"compare N documents chosen at random instead of all", 1, 1000000},
    {0, "seed", "S", OPT_COUNT, &seed,
	"choose the same documents again (a new choice each time)", 0,
	INT64_MAX},
};

const struct opt_group sample_options = OPT_GROUP("A sample", rows);

bool
sample_wanted(void)
{
	return keys > 0;
}

int
sample_use(void)
{
	struct timespec now;

	if (!sample_wanted())
		return seed < 0 ? 0 : opt_wrong_use("--seed needs --sample");
	if (seed >= 0)
		return 0;
	clock_gettime(CLOCK_REALTIME, &now);
	seed = (int64_t)(hash_xxh64(&now, sizeof now, (uint64_t)getpid()) >> 1);
	return 0;
}

void
sample_append(bson_t *head)
{
	BSON_APPEND_INT64(head, "sample", keys);
	BSON_APPEND_INT64(head, "seed", seed);
}

struct sample {
	const struct compare_opts *o;
	struct report *report;
	struct pair_list pairs;
	struct staged_list *staged;
	struct throttle *throttle;
	atomic_size_t taken, next;
	pthread_mutex_t lock;
	struct picks chosen;
	bool *settled;      /* of chosen, one each */
	bool last;          /* look: what differs now is told */
	atomic_size_t open; /* not settled */
};

/* What a thread has. */
struct sampler {
	struct sample *s;
	struct compare_task task;
	struct report_part *part;
};

static bool
open_both(struct sampler *w, const atomic_bool *abort, bson_error_t *error)
{
	w->task =
	    (struct compare_task){.abort = abort, .throttle = w->s->throttle};
	return (w->task.source = conn_open(w->s->o->source, error)) &&
	    (w->task.target = conn_open(w->s->o->target, error));
}

static void
close_both(struct sampler *w)
{
	if (w->task.target)
		conn_close(w->task.target);
	if (w->task.source)
		conn_close(w->task.source);
}

/* ---------------------------------------------------------------- choosing */

static enum compare_got
offer_side(struct sampler *w, size_t i, bool source, struct picks *picks,
    bson_error_t *error)
{
	const struct pair *p = &w->s->pairs.item[i];
	const struct coll *c = source ? p->source : p->target;
	char db[NS_MAX + 1] = "";
	struct scan_opts opts = {.db = db, .ids_only = true};
	enum compare_got got = COMPARE_DONE;
	const bson_t *doc;
	struct scan *scan;
	struct value id;
	int more;

	if (!c || !pair_has_documents(p))
		return COMPARE_DONE;
	opts.natural = c->collated || c->type == COLL_CAPPED;
	ns_split(source ? p->ns : p->target_ns, db, &opts.coll);
	scan = scan_new(source ? w->task.source : w->task.target, &opts);
	while ((more = scan_next(scan, &doc, error)) == 1) {
		if (sig_stopping() || atomic_load(w->task.abort)) {
			got = COMPARE_STOPPED;
			break;
		}
		if (!docid_of(doc, &id, error)) {
			more = -1;
			break;
		}
		picks_offer(picks, i, p->ns, &id);
	}
	scan_free(scan);
	return more < 0 ? COMPARE_FAILED : more == 2 ? COMPARE_STOPPED : got;
}

static enum compare_got
choose(void *arg, const atomic_bool *abort, bson_error_t *error)
{
	struct sampler w = {.s = arg};
	struct sample *s = arg;
	struct picks picks[2]; /* of either side: a key counts once in each */
	enum compare_got got = COMPARE_FAILED;

	picks_init(&picks[0], (uint64_t)seed, (size_t)keys);
	picks_init(&picks[1], (uint64_t)seed, (size_t)keys);
	if (open_both(&w, abort, error))
		got = COMPARE_DONE;
	while (got == COMPARE_DONE) {
		size_t i = atomic_fetch_add(&s->taken, 1);

		if (i >= 2 * s->pairs.n)
			break;
		got = offer_side(&w, i / 2, i % 2 == 0, &picks[i % 2], error);
	}
	pthread_mutex_lock(&s->lock);
	if (got == COMPARE_DONE)
		picks_join(&s->chosen, picks, 2);
	pthread_mutex_unlock(&s->lock);
	picks_release(&picks[0]);
	picks_release(&picks[1]);
	close_both(&w);
	return got;
}

/* --------------------------------------------------------------- comparing */

struct found {
	bson_t doc[2];
	bool there[2];
};

static bool
read_both(struct sampler *w, const struct value *id, struct found *f,
    bson_error_t *error)
{
	const struct pair *p = w->task.pair;
	int got[2] = {0, 0};

	bson_init(&f->doc[0]);
	bson_init(&f->doc[1]);
	if (p->source)
		got[0] = compare_find(
		    &w->task, COMPARE_SOURCE, id, &f->doc[0], error);
	if (got[0] >= 0 && p->target)
		got[1] = compare_find(
		    &w->task, COMPARE_TARGET, id, &f->doc[1], error);
	f->there[0] = got[0] == 1;
	f->there[1] = got[1] == 1;
	return got[0] >= 0 && got[1] >= 0;
}

static bool
same(const struct found *f)
{
	return f->there[0] == f->there[1] &&
	    (!f->there[0] || compare_same(&f->doc[0], &f->doc[1]));
}

static void
count(struct sampler *w, const struct found *f)
{
	struct tally *t = &w->task.pair->tally;

	atomic_fetch_add(&t->source_docs, f->there[0]);
	atomic_fetch_add(&t->target_docs, f->there[1]);
	if (f->there[0]) {
		atomic_fetch_add(&t->source_bytes, f->doc[0].len);
		status_add("docs", 1);
		status_add("bytes", f->doc[0].len);
	}
	if (f->there[1])
		atomic_fetch_add(&t->target_bytes, f->doc[1].len);
}

static bool
tell(struct sampler *w, const struct found *f, bson_error_t *error)
{
	return report_document(w->part,
	    !f->there[1]       ? DIFF_MISSING
		: !f->there[0] ? DIFF_EXTRA
			       : DIFF_CONTENT,
	    f->there[0] ? &f->doc[0] : NULL, f->there[1] ? &f->doc[1] : NULL,
	    error);
}

static bool
settle(struct sampler *w, size_t i, const struct found *f, bson_error_t *error)
{
	if (!same(f) && !w->s->last) {
		atomic_fetch_add(&w->s->open, 1);
		return true;
	}
	w->s->settled[i] = true;
	count(w, f);
	return same(f) || tell(w, f, error);
}

static enum compare_got
compare_key(struct sampler *w, size_t i, bson_error_t *error)
{
	const struct pick *k = &w->s->chosen.heap[i];
	struct value id = pick_id(k);
	struct found f;
	bool ok;

	w->task.pair = &w->s->pairs.item[k->pair];
	if (!report_begin(w->part, w->task.pair, error))
		return COMPARE_FAILED;
	ok = read_both(w, &id, &f, error) && settle(w, i, &f, error);
	bson_destroy(&f.doc[0]);
	bson_destroy(&f.doc[1]);
	if (sig_stopping())
		return COMPARE_STOPPED;
	return ok ? COMPARE_DONE : COMPARE_FAILED;
}

static enum compare_got
compare_keys(void *arg, const atomic_bool *abort, bson_error_t *error)
{
	struct sampler w = {.s = arg};
	struct sample *s = arg;
	enum compare_got got = COMPARE_FAILED;

	w.part = report_part_new(s->report);
	if (open_both(&w, abort, error))
		got = COMPARE_DONE;
	while (got == COMPARE_DONE && !atomic_load(abort)) {
		size_t i = atomic_fetch_add(&s->next, 1);

		if (i >= s->chosen.n)
			break;
		if (!s->settled[i])
			got = compare_key(&w, i, error);
	}
	if (got != COMPARE_FAILED && !report_flush(w.part, error))
		got = COMPARE_FAILED;
	report_part_free(w.part);
	close_both(&w);
	return got;
}

/* --------------------------------------------------------------------- run */

static bool
tell_fact(void *arg, const struct report_fact *f, bson_error_t *error)
{
	return report_fact(arg, f, error);
}

static bool
compare_catalogs(struct sample *s, bson_error_t *error)
{
	struct report_part *part = report_part_new(s->report);
	const struct fact_to to = {tell_fact, part};
	bool ok = true;

	for (size_t i = 0; ok && i < s->pairs.n; i++)
		ok = report_begin(part, &s->pairs.item[i], error) &&
		    compare_meta(
			&s->pairs.item[i], s->o->rules, s->staged, &to, error);
	ok = ok && report_flush(part, error);
	report_part_free(part);
	return ok;
}

static bool
plan(struct sample *s, bson_error_t *error)
{
	const struct compare_opts *o = s->o;
	struct conn *a = conn_open(o->source, error);
	struct conn *b = a ? conn_open(o->target, error) : NULL;
	bool ok = b &&
	    pair_list_read(&s->pairs, a, b, o->flags, o->rules, error) &&
	    (s->staged = digest_staged(b, o->job, o->rules, error)) &&
	    report_pairs(s->report, &s->pairs, error) &&
	    compare_catalogs(s, error);

	if (b)
		conn_close(b);
	if (a)
		conn_close(a);
	return ok;
}

/* What differs is looked at again, all of it after one pause. */
static enum compare_got
look(struct sample *s, bson_error_t *error)
{
	enum compare_got got = COMPARE_DONE;

	s->settled = bson_malloc0(s->chosen.n + 1);
	for (int i = 1; i <= LOOKS && got == COMPARE_DONE; i++) {
		s->last = i == LOOKS;
		atomic_store(&s->next, 0);
		atomic_store(&s->open, 0);
		got = crew_run((size_t)s->o->workers, compare_keys, s, error);
		if (atomic_load(&s->open) == 0)
			break;
		if (!sig_sleep(PAUSE_MS))
			got = COMPARE_STOPPED;
	}
	bson_free(s->settled);
	return got;
}

static enum compare_got
run(struct sample *s, bson_error_t *error)
{
	enum compare_got got;

	status_state("choosing");
	if (!plan(s, error))
		return sig_stopping() ? COMPARE_STOPPED : COMPARE_FAILED;
	got = crew_run((size_t)s->o->workers, choose, s, error);
	if (got != COMPARE_DONE)
		return got;
	msg_info("%zu documents chosen, seed %" PRId64, s->chosen.n, seed);
	status_state("comparing");
	return look(s, error);
}

enum compare_got
sample_run(const struct compare_opts *opts, struct report *r,
    int64_t *differences, bson_error_t *error)
{
	struct sample s = {.o = opts, .report = r};
	enum compare_got got;

	pthread_mutex_init(&s.lock, NULL);
	atomic_init(&s.taken, 0);
	atomic_init(&s.next, 0);
	atomic_init(&s.open, 0);
	s.throttle = throttle_new(opts->rate);
	picks_init(&s.chosen, (uint64_t)seed, (size_t)keys);
	got = run(&s, error);
	if (got != COMPARE_FAILED &&
	    !report_end(r, &s.pairs, got == COMPARE_STOPPED, error))
		got = COMPARE_FAILED;
	*differences = 0;
	for (size_t i = 0; i < s.pairs.n; i++)
		*differences += tally_differences(&s.pairs.item[i].tally);
	picks_release(&s.chosen);
	staged_free(s.staged);
	pair_list_release(&s.pairs);
	throttle_free(s.throttle);
	pthread_mutex_destroy(&s.lock);
	return got;
}
