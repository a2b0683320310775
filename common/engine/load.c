#include "engine/load.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/msg.h"
#include "base/sig.h"
#include "base/stage.h"
#include "base/status.h"
#include "base/thread.h"
#include "engine/load_coll.h"
#include "engine/load_job.h"
#include "engine/loader.h"
#include "engine/throttle.h"

#define THREADS_MAX 256

struct load {
	struct server *server;
	const struct load_opts *opts;
	struct load_result *result;
	struct stream_in *in;
	struct throttle *throttle;

	/* Used in turn only. */
	struct conn *conn;
	struct loader *ordered;
	struct grant *grant;
	struct job *job;
	struct progress *progress;
	uint64_t noted; /* the last block of a capped collection */
	struct optime read_from;
	char reason[16]; /* of the end record, "" before it */

	pthread_mutex_t lock; /* colls, their counts, error */
	pthread_cond_t freed; /* a thread has left a collection */
	struct load_colls *colls;
	struct standing *standing;
	atomic_bool failed, stopped;
	bson_error_t error; /* the first */
};

static bool
stopped(bson_error_t *error)
{
	return error_set(
	    error, MM_EXIT_STOPPED, 0, "stopped by a signal before the end");
}

/* The first error counts. Threads that wait for input are woken as if a stop
 * signal had come. */
static void
fail(struct load *l, const bson_error_t *error)
{
	pthread_mutex_lock(&l->lock);
	if (!l->failed)
		l->error = *error;
	/* A signal also ends the tries to reach a target that is away. */
	if (!l->failed && sig_stopping() &&
	    error_status(error) == MM_EXIT_TARGET)
		stopped(&l->error);
	l->failed = true;
	pthread_cond_broadcast(&l->freed);
	pthread_mutex_unlock(&l->lock);
	sig_stop();
}

/* -------------------------------------------------------------- inserting */

/* With the lock held. */
static void
note_done(struct load *l, struct load_coll *lc)
{
	if (lc->ended && load_colls_whole(lc, NULL))
		progress_done(l->progress, lc->progress);
}

/* The documents of the block are acknowledged. Waits until that is saved of the
 * one before. */
static bool
count(struct load *l, struct load_coll *lc, const struct block_view *block,
    uint64_t *noted, bson_error_t *error)
{
	struct load_tally t = load_coll_tally(block);
	uint64_t before = *noted;

	pthread_mutex_lock(&l->lock);
	lc->docs += t.docs;
	lc->bytes += t.bytes;
	lc->sum += t.sum;
	l->result->docs += t.docs;
	l->result->bytes += t.bytes;
	note_done(l, lc);
	pthread_mutex_unlock(&l->lock);
	status_add("docs", t.docs);
	status_add("bytes", t.bytes);
	*noted = progress_note(l->progress, lc->progress, block);
	return progress_wait(l->progress, before, error);
}

/* NULL: it is over. */
static struct load_coll *
enter(struct load *l, int32_t c)
{
	enum stage was = stage_enter(STAGE_TURN);
	struct load_coll *lc;

	pthread_mutex_lock(&l->lock);
	lc = load_colls_find(l->colls, c);
	while (lc && !l->failed && lc->active >= l->opts->per_coll)
		pthread_cond_wait(&l->freed, &l->lock);
	stage_enter(was);
	if (l->failed)
		lc = NULL;
	if (lc)
		lc->active++;
	pthread_mutex_unlock(&l->lock);
	return lc;
}

static void
leave(struct load *l, struct load_coll *lc)
{
	pthread_mutex_lock(&l->lock);
	lc->active--;
	pthread_cond_broadcast(&l->freed);
	pthread_mutex_unlock(&l->lock);
}

static bool
insert_unit(struct load *l, struct loader *loader, const struct stream_unit *u,
    uint64_t *noted, bson_error_t *error)
{
	struct block_view block;
	struct load_coll *lc;
	bool ok = true, whole;

	for (size_t i = 0; ok && stream_unit_block(u, i, &block); i++) {
		throttle_spend(l->throttle, block.len);
		lc = enter(l, block.c);
		if (!lc)
			return true;
		if (!lc->capped && !l->opts->in_order)
			ok = loader_insert(loader, lc->ns, lc->kept, &block,
				 &whole, error) &&
			    (!whole || count(l, lc, &block, noted, error));
		leave(l, lc);
	}
	return ok;
}

/* --------------------------------------------------------------- in turn */

static bool
admit_header(struct load *l, const bson_t *head, bson_error_t *error)
{
	bson_t filters;

	if (l->job)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "a second stream follows: load them one by one");
	if (stream_in_kind(l->in) != STREAM_SNAPSHOT)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "the stream is of kind %s, not a snapshot",
		    stream_kind_text(stream_in_kind(l->in)));
	if (!record_doc(head, "filters", &filters, error) ||
	    !record_optime(head, "from", &l->result->from, error))
		return false;
	l->read_from = l->result->from;
	optime_read(head, "readFrom", &l->read_from);
	l->grant = grant_new(l->opts->flags, &filters, error);
	if (!l->grant)
		return false;
	l->job = load_job_begin(
	    l->conn, l->opts->job, head, l->grant, l->opts->drop, error);
	if (!l->job)
		return false;
	l->progress = progress_new(l->job);
	l->colls = load_colls_new(l->conn, l->grant, l->job, l->progress,
	    (struct load_colls_how){.no_indexes = l->opts->no_indexes,
		.convert = l->opts->convert,
		.standing = l->opts->standing,
		.resuming = load_resumes(head)});
	status_text("job", job_name(l->job));
	status_position("position", l->result->from);
	status_state("loading");
	return true;
}

static bool
admit_block(struct load *l, const struct block_view *block, bson_error_t *error)
{
	struct load_coll *lc = load_colls_find(l->colls, block->c);
	bool whole;

	if (!lc || lc->view || lc->ended)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "a block of collection number %" PRId32
		    ", which cannot have one",
		    block->c);
	if (!lc->capped && !l->opts->in_order)
		return true;
	return loader_insert_in_order(l->ordered, lc->ns, lc->kept, block,
		   &lc->again, &whole, error) &&
	    (!whole || count(l, lc, block, &l->noted, error));
}

static bool
admit_cend(struct load *l, const bson_t *record, bson_error_t *error)
{
	struct load_coll *lc;

	pthread_mutex_lock(&l->lock);
	lc = load_colls_end(l->colls, record, error);
	if (lc)
		note_done(l, lc);
	pthread_mutex_unlock(&l->lock);
	return lc;
}

static bool
admit_end(struct load *l, const bson_t *end, bson_error_t *error)
{
	const char *reason;

	if (!record_text(end, "reason", &reason, error))
		return false;
	bson_strncpy(l->reason, reason, sizeof l->reason);
	return strcmp(reason, "complete") != 0 ||
	    load_positions(
		end, &l->read_from, &l->result->from, &l->result->to, error);
}

static bool
admit_coll(struct load *l, const bson_t *record, bson_error_t *error)
{
	bool ok;

	/* The table is read by other threads meanwhile. */
	pthread_mutex_lock(&l->lock);
	ok = load_colls_add(l->colls, record, error);
	pthread_mutex_unlock(&l->lock);
	return ok;
}

static bool
admit(void *arg, const struct stream_item *item, bson_error_t *error)
{
	struct load *l = arg;
	bool ok;

	if (l->job && job_lost(l->job))
		ok = error_set(error, MM_EXIT_REFUSED, 0,
		    "job \"%s\" was taken over by another program",
		    job_name(l->job));
	else if (item->type == RECORD_STREAM)
		ok = admit_header(l, &item->control, error);
	else if (item->type == RECORD_COLL)
		ok = admit_coll(l, &item->control, error);
	else if (!load_colls_make(l->colls, error))
		ok = false;
	else if (item->type == RECORD_BLOCK)
		ok = admit_block(l, &item->block, error);
	else if (item->type == RECORD_CEND)
		ok = admit_cend(l, &item->control, error);
	else if (item->type == RECORD_END)
		ok = admit_end(l, &item->control, error);
	else
		ok = true;
	if (!ok && error_status(error) == MM_EXIT_STREAM)
		stream_in_where(l->in, error);
	return ok;
}

/* --------------------------------------------------------------- threads */

static bool
load_units(struct load *l, struct loader *loader, bson_error_t *error)
{
	struct stream_unit *u = stream_unit_new();
	enum stream_got got = STREAM_GOT;
	uint64_t noted = 0;
	bool ok = true;

	while (ok && !l->failed) {
		lag_watch_wait(l->opts->brake);
		got = stream_next_unit(l->in, u, admit, l, error);
		if (got != STREAM_GOT)
			break;
		ok = insert_unit(l, loader, u, &noted, error);
	}
	if (got == STREAM_STOPPED)
		l->stopped = true;
	stream_unit_free(u);
	return ok && got != STREAM_ERROR;
}

static void *
work(void *arg)
{
	struct load *l = arg;
	bson_error_t error;
	struct conn *c;
	struct loader *loader;

	stage_begin();
	c = conn_open(l->server, &error);
	loader = c ? loader_new(c, l->standing) : NULL;
	if (!c || !load_units(l, loader, &error))
		fail(l, &error);
	loader_free(loader);
	if (c)
		conn_close(c);
	stage_end();
	return NULL;
}

static bool
run_threads(struct load *l, bson_error_t *error)
{
	int n = l->opts->threads;

	if (!threads_run(n < THREADS_MAX ? n : THREADS_MAX, work, l, error))
		return false;
	if (l->failed)
		*error = l->error;
	else if (l->stopped)
		stopped(error);
	return !l->failed && !l->stopped;
}

/* Everything is inserted. */
static bool
finish(struct load *l, bson_error_t *error)
{
	if (strcmp(l->reason, "signal") == 0)
		return error_set(error, MM_EXIT_STOPPED, 0,
		    "the snapshot was stopped before its end");
	if (strcmp(l->reason, "complete") != 0)
		return error_set(error, MM_EXIT_STREAM, 0,
		    "the snapshot ends with reason \"%s\"", l->reason);
	if (!standing_end(l->standing, error) ||
	    !load_colls_verify(l->colls, error))
		return false;
	status_state("indexing");
	l->result->collections = load_colls_count(l->colls);
	return load_colls_index(l->colls, l->opts->index_jobs, error) &&
	    load_colls_make_views(l->colls, error) &&
	    job_end_load(
		l->job, l->read_from, l->result->from, l->result->to, error);
}

bool
load_run(struct server *s, int fd, const char *name,
    const struct load_opts *opts, struct load_result *result,
    bson_error_t *error)
{
	struct load l = {.server = s, .opts = opts, .result = result};
	bool ok;

	*result = (struct load_result){.from = OPTIME_NULL, .to = OPTIME_NULL};
	pthread_mutex_init(&l.lock, NULL);
	pthread_cond_init(&l.freed, NULL);
	l.throttle = throttle_new(opts->rate);
	if (opts->rate_file)
		throttle_watch(l.throttle, opts->rate_file);
	l.standing = standing_new(opts->standing, opts->stop_at_first);
	l.conn = conn_open(s, error);
	ok = l.conn;
	if (ok) {
		l.ordered = loader_new(l.conn, l.standing);
		l.in = stream_in_new(fd, name, true);
		ok = run_threads(&l, error);
		/* Also of a load that ends here. */
		ok = progress_end(l.progress, ok ? error : NULL) && ok &&
		    finish(&l, error);
	}
	load_colls_free(l.colls);
	if (l.job)
		job_close(l.job);
	grant_free(l.grant);
	if (l.in)
		stream_in_free(l.in);
	loader_free(l.ordered);
	standing_free(l.standing);
	if (l.conn)
		conn_close(l.conn);
	throttle_free(l.throttle);
	pthread_mutex_destroy(&l.lock);
	pthread_cond_destroy(&l.freed);
	return ok;
}
