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
#include "base/thread.h"
#include "engine/compare_plan.h"
#include "mongo/job.h"

struct run {
	const struct compare_opts *opts;
	struct report *report;
	struct pair_list pairs;
	struct staged_list *staged;
	struct compare_plan plan;
	struct throttle *throttle;
	atomic_size_t taken;
	atomic_bool abort;
	pthread_mutex_t lock;
	bson_error_t error; /* the first one */
	bool failed, stopped;
};

static bool
found(void *arg, enum diff_class class, const bson_t *source,
    const bson_t *target, bson_error_t *error)
{
	return report_document(arg, class, source, target, error);
}

static bool
fact(void *arg, const struct report_fact *f, bson_error_t *error)
{
	return report_fact(arg, f, error);
}

static enum compare_got
run_unit(struct run *run, const struct compare_unit *u,
    struct compare_task *task, struct report_part *part, bson_error_t *error)
{
	const struct fact_to to = {fact, part};

	if (!report_begin(part, u->pair, error) ||
	    (u->first &&
		!compare_meta(
		    u->pair, run->opts->rules, run->staged, &to, error)))
		return COMPARE_FAILED;
	return compare_unit_run(u, task, run->opts->by_lookup, error);
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

		if (i >= run->plan.n)
			break;
		if (sig_stopping())
			got = COMPARE_STOPPED;
		else
			got = run_unit(
			    run, &run->plan.unit[i], task, part, error);
		if (got == COMPARE_DONE &&
		    atomic_fetch_sub(&run->plan.unit[i].pair->units, 1) == 1)
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
	if (task.source && !optime_is_null(run->opts->at))
		conn_read_at(task.source, run->opts->at);
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

	if (n > run->plan.n)
		n = run->plan.n;
	threads = bson_malloc0((n + 1) * sizeof *threads);
	for (; started < n; started++)
		if (!thread_start(&threads[started], work, run, &error)) {
			note(run, COMPARE_FAILED, &error);
			break;
		}
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	bson_free(threads);
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
	run->staged = staged_read(target,
	    o->job ? o->job : job_name_of(o->source, o->rules, job),
	    o->job != NULL, error);
	if (!run->staged)
		return false;
	for (size_t i = 0; i < run->pairs.n; i++)
		if (!compare_plan_add(&run->plan, &run->pairs.item[i], source,
			target, o->partition_bytes, error))
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
	compare_plan_release(&run->plan);
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
		} else if (opts->last) {
			got = opts->last(opts->last_arg, error);
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
