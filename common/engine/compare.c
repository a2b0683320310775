/* Workers take units of work (a collection, or a range of _ids of a large one)
 * from a list in order; each has its own connection to either side and holds
 * one reply of each at a time. */
#include "engine/compare.h"

#include <pthread.h>
#include <string.h>

#include "base/hash.h"
#include "base/msg.h"
#include "base/sig.h"
#include "base/status.h"
#include "mongo/job.h"

enum { MAX_RANGES = 256 };

struct unit {
	struct pair *pair;
	bson_t *from, *to; /* {"": value}, NULL: open; borrowed */
	bool first;        /* of its pair: metadata too */
};

struct bounds {
	bson_t **item;
	size_t n;
	struct bounds *next;
};

struct run {
	const struct compare_opts *opts;
	struct report *report;
	struct pair_list pairs;
	struct staged_list *staged;
	struct unit *units;
	size_t n_units;
	struct bounds *bounds; /* all, for release */
	struct throttle *throttle;
	atomic_size_t taken;
	atomic_bool abort;
	pthread_mutex_t lock;
	bson_error_t error; /* the first one */
	bool failed, stopped;
};

static bool
has_documents(const struct pair *p)
{
	return (!p->source || p->source->type != COLL_VIEW) &&
	    (!p->target || p->target->type != COLL_VIEW);
}

static bool
capped(const struct pair *p)
{
	return p->source && p->target && p->source->type == COLL_CAPPED &&
	    p->target->type == COLL_CAPPED;
}

static bool
collated(const struct pair *p)
{
	return (p->source && p->source->collated) ||
	    (p->target && p->target->collated);
}

static void
add_unit(struct run *run, struct pair *p, bson_t *from, bson_t *to, bool first)
{
	run->units =
	    bson_realloc(run->units, (run->n_units + 1) * sizeof *run->units);
	run->units[run->n_units++] = (struct unit){p, from, to, first};
	atomic_fetch_add(&p->units, 1);
}

/* Bounds come from the larger side; they are values, so they cut both sides at
 * the same place. */
static bool
add_pair(struct run *run, struct pair *p, struct conn *source,
    struct conn *target, bson_error_t *error)
{
	int64_t a = p->source ? p->source->est_bytes : 0;
	int64_t b = p->target ? p->target->est_bytes : 0;
	int64_t want = (a > b ? a : b) / run->opts->partition_bytes;
	char db[NS_MAX + 1] = "";
	struct bounds *cut;
	const char *coll;
	bson_t *from = NULL;

	status_add("docs_total", p->source ? p->source->est_docs : 0);
	if (want < 2 || capped(p) || collated(p) || !has_documents(p)) {
		add_unit(run, p, NULL, NULL, true);
		return true;
	}
	ns_split(a >= b ? p->ns : p->target_ns, db, &coll);
	cut = bson_malloc0(sizeof *cut);
	cut->next = run->bounds;
	run->bounds = cut;
	if (!scan_split(a >= b ? source : target, db, coll,
		(int)(want > MAX_RANGES ? MAX_RANGES : want), &cut->item,
		&cut->n, error))
		return false;
	for (size_t i = 0; i < cut->n; i++) {
		add_unit(run, p, from, cut->item[i], i == 0);
		from = cut->item[i];
	}
	add_unit(run, p, from, NULL, cut->n == 0);
	return true;
}

static bool
found(void *arg, enum diff_class class, const bson_t *source,
    const bson_t *target, bson_error_t *error)
{
	return report_document(arg, class, source, target, error);
}

static bool
bound_value(const bson_t *bound, struct value *v)
{
	struct elem e;

	if (!bound || !walk_find(bson_get_data(bound), bound->len, "", &e))
		return false;
	*v = e.value;
	return true;
}

static enum compare_got
run_unit(struct run *run, const struct unit *u, struct compare_task *task,
    struct report_part *part, bson_error_t *error)
{
	struct value from, to;

	if (!report_begin(part, u->pair, error) ||
	    (u->first &&
		!compare_meta(
		    u->pair, run->opts->rules, run->staged, part, error)))
		return COMPARE_FAILED;
	if (!has_documents(u->pair))
		return COMPARE_DONE;
	task->pair = u->pair;
	task->from = bound_value(u->from, &from) ? &from : NULL;
	task->to = bound_value(u->to, &to) ? &to : NULL;
	if (capped(u->pair))
		return compare_sequence(task, error);
	if (run->opts->by_lookup || collated(u->pair))
		return compare_lookup(task, error);
	return compare_merge(task, error);
}

static void
note(struct run *run, enum compare_got got, const bson_error_t *error)
{
	if (got == COMPARE_DONE)
		return;
	pthread_mutex_lock(&run->lock);
	if (got == COMPARE_FAILED && !run->failed)
		run->error = *error;
	run->failed = run->failed || got == COMPARE_FAILED;
	run->stopped = run->stopped || got == COMPARE_STOPPED;
	pthread_mutex_unlock(&run->lock);
	atomic_store(&run->abort, true);
}

static enum compare_got
take_units(struct run *run, struct compare_task *task, struct report_part *part,
    bson_error_t *error)
{
	enum compare_got got = COMPARE_DONE;

	while (got == COMPARE_DONE && !atomic_load(&run->abort)) {
		size_t i = atomic_fetch_add(&run->taken, 1);

		if (i >= run->n_units)
			break;
		if (sig_stopping())
			got = COMPARE_STOPPED;
		else
			got = run_unit(run, &run->units[i], task, part, error);
		if (got == COMPARE_DONE &&
		    atomic_fetch_sub(&run->units[i].pair->units, 1) == 1)
			status_add("collections", 1);
	}
	/* What was found counts, also when the end was not reached. */
	if (got != COMPARE_FAILED && !report_flush(part, error))
		got = COMPARE_FAILED;
	return got;
}

static void *
work(void *arg)
{
	struct run *run = arg;
	struct report_part *part = report_part_new(run->report);
	struct compare_task task = {.found = found,
	    .arg = part,
	    .abort = &run->abort,
	    .throttle = run->throttle};
	enum compare_got got = COMPARE_FAILED;
	bson_error_t error;

	task.source = conn_open(run->opts->source, &error);
	if (task.source)
		task.target = conn_open(run->opts->target, &error);
	if (task.target)
		got = take_units(run, &task, part, &error);
	note(run, got, &error);
	if (task.target)
		conn_close(task.target);
	if (task.source)
		conn_close(task.source);
	report_part_free(part);
	return NULL;
}

static void
work_all(struct run *run)
{
	size_t n = (size_t)run->opts->workers;
	pthread_t *threads;
	size_t started = 0;
	bson_error_t error;

	if (n > run->n_units)
		n = run->n_units;
	threads = bson_malloc0((n + 1) * sizeof *threads);
	for (; started < n; started++)
		if (pthread_create(&threads[started], NULL, work, run) != 0) {
			error_set(&error, MM_EXIT_INTERNAL, 0,
			    "could not start a thread");
			note(run, COMPARE_FAILED, &error);
			break;
		}
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	bson_free(threads);
}

static const char *
default_job(const struct compare_opts *o, char *text)
{
	bson_t doc = BSON_INITIALIZER, source;
	bson_iter_t it;
	const uint8_t *data;
	uint32_t len;

	server_append(o->source, "source", &doc);
	if (bson_iter_init_find(&it, &doc, "source")) {
		bson_iter_document(&it, &len, &data);
		if (bson_init_static(&source, data, len))
			job_default_name(&source, o->rules, text);
	}
	bson_destroy(&doc);
	return text;
}

/* What there is, and how it is cut. The connections are given back before the
 * workers open theirs. */
static bool
plan(struct run *run, struct conn *source, struct conn *target,
    bson_error_t *error)
{
	const struct compare_opts *o = run->opts;
	char job[SHA256_TEXT] = "";

	if (!pair_list_read(
		&run->pairs, source, target, o->flags, o->rules, error))
		return false;
	if (run->pairs.n == 0)
		msg_warn("nothing is selected: no collection matches on "
			 "either side");
	run->staged = staged_read(target, o->job ? o->job : default_job(o, job),
	    o->job != NULL, error);
	if (!run->staged)
		return false;
	for (size_t i = 0; i < run->pairs.n; i++)
		if (!add_pair(run, &run->pairs.item[i], source, target, error))
			return false;
	return report_pairs(run->report, &run->pairs, error);
}

static bool
open_and_plan(struct run *run, bson_error_t *error)
{
	struct conn *source = conn_open(run->opts->source, error);
	struct conn *target =
	    source ? conn_open(run->opts->target, error) : NULL;
	bool ok = target && plan(run, source, target, error);

	if (target)
		conn_close(target);
	if (source)
		conn_close(source);
	return ok;
}

static void
release(struct run *run)
{
	struct bounds *cut;

	while ((cut = run->bounds)) {
		run->bounds = cut->next;
		for (size_t i = 0; i < cut->n; i++)
			bson_destroy(cut->item[i]);
		bson_free(cut->item);
		bson_free(cut);
	}
	bson_free(run->units);
	staged_free(run->staged);
	pair_list_release(&run->pairs);
	throttle_free(run->throttle);
	pthread_mutex_destroy(&run->lock);
}

enum compare_got
compare_run(const struct compare_opts *opts, struct report *r,
    int64_t *differences, bson_error_t *error)
{
	struct run run = {.opts = opts, .report = r};
	enum compare_got got = COMPARE_DONE;
	struct tally sum;

	pthread_mutex_init(&run.lock, NULL);
	run.throttle = throttle_new(opts->rate);
	atomic_init(&run.abort, false);
	status_state("comparing");
	if (!open_and_plan(&run, error)) {
		got = sig_stopping() ? COMPARE_STOPPED : COMPARE_FAILED;
	} else {
		work_all(&run);
		if (run.failed) {
			*error = run.error;
			got = COMPARE_FAILED;
		} else if (run.stopped) {
			got = COMPARE_STOPPED;
		}
	}
	if (got != COMPARE_FAILED &&
	    !report_end(r, &run.pairs, got == COMPARE_STOPPED, error))
		got = COMPARE_FAILED;
	memset(&sum, 0, sizeof sum);
	for (size_t i = 0; i < run.pairs.n; i++)
		sum.found[0] += tally_differences(&run.pairs.item[i].tally);
	*differences = sum.found[0];
	release(&run);
	return got;
}
