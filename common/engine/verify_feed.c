#include "engine/verify_feed.h"

#include <pthread.h>
#include <string.h>

#include "base/doc.h"
#include "base/sig.h"
#include "base/thread.h"
#include "engine/apply_walk.h"
#include "engine/identity.h"
#include "engine/position.h"
#include "engine/tailer.h"

enum { HEARTBEAT_MS = 400, RECONNECT_MS = 60000, SETTLING = 64 };

struct feed {
	struct feed_opts o;
	struct conn *conn;
	struct tail_start start;
	struct apply_input *input;
	struct apply_walk walk;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t moved;
	struct optime progress, read_from;
	/* Changes to the catalog, oldest first. When the row is full, the last
	 * place is moved on: what is between stays unsettled as long. */
	struct optime catalog[SETTLING];
	size_t n_catalog;
	bool ended, failed;
	bson_error_t error;
};

/* ----------------------------------------------------------------- entries */

static void
catalog_event(struct feed *f, struct optime at)
{
	pthread_mutex_lock(&f->lock);
	if (f->n_catalog < SETTLING)
		f->n_catalog++;
	f->catalog[f->n_catalog - 1] = at;
	pthread_mutex_unlock(&f->lock);
}

/* Views are documents of system.views. */
static bool
is_catalog(const struct entry *e)
{
	return e->op == ENTRY_COMMAND || strcmp(e->coll, "system.views") == 0;
}

/* The collections whose documents come, go or change their name with it. */
static void
catalog_keys(struct feed *f, const struct entry *e)
{
	static const char *const kept[] = {"collMod", "createIndexes",
	    "startIndexBuild", "commitIndexBuild", "abortIndexBuild",
	    "dropIndexes", "deleteIndexes"};
	const char *first, *to;
	char ns[NS_MAX + 1];

	if (e->op != ENTRY_COMMAND)
		return;
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
		if (strcmp(e->command, kept[i]) == 0)
			return;
	first = doc_text(&e->o, e->command);
	to = doc_text(&e->o, "to");
	if (first && to) { /* a rename: whole names */
		keys_catalog(f->o.keys, first, e->at);
		keys_catalog(f->o.keys, to, e->at);
		return;
	}
	bson_snprintf(ns, sizeof ns, "%.*s.%s", (int)e->db_len, e->ns,
	    first ? first : "");
	if (first) {
		keys_catalog(f->o.keys, ns, e->at);
		return;
	}
	ns[e->db_len] = '\0';
	keys_catalog_database(f->o.keys, ns, e->at);
}

static bool
take_entry(struct feed *f, const struct entry *e, bson_error_t *error)
{
	struct value id;

	if (e->op == ENTRY_NOOP)
		return true;
	if (is_catalog(e)) {
		catalog_event(f, e->at);
		catalog_keys(f, e);
		return keys_event(f->o.keys, e->ns, NULL, e->at, error);
	}
	return entry_key(e, &id, error) &&
	    keys_event(f->o.keys, e->ns, &id, e->at, error);
}

static bool
entry(void *arg, const uint8_t *data, size_t len, struct optime at,
    bson_error_t *error)
{
	struct feed *f = arg;
	struct entry e;

	if (!entry_parse(data, len, &e, error))
		return false;
	e.at = at;
	return take_entry(f, &e, error);
}

static void
set_progress(struct feed *f, struct optime at, struct optime read_from)
{
	pthread_mutex_lock(&f->lock);
	if (optime_cmp(at, f->progress) > 0) {
		f->progress = at;
		f->read_from = read_from;
	}
	pthread_cond_broadcast(&f->moved);
	pthread_mutex_unlock(&f->lock);
}

static bool
reached(
    void *arg, struct optime at, struct optime read_from, bson_error_t *error)
{
	(void)error;
	set_progress(arg, at, read_from);
	return true;
}

/* ---------------------------------------------------------------- segments */

static bool
same_source(const struct feed *f, const bson_t *head, bson_error_t *error)
{
	bson_t mine = BSON_INITIALIZER, view, theirs;
	bool ok;

	server_append(f->o.source, "source", &mine);
	ok = record_doc(head, "source", &theirs, error);
	if (ok &&
	    !(doc_sub(&mine, "source", &view) && identity_same(&view, &theirs)))
		ok = error_set(error, MM_EXIT_REFUSED, 0,
		    "the segments are of another source");
	bson_destroy(&mine);
	return ok;
}

static bool
begin_segment(
    void *arg, enum stream_kind kind, const bson_t *head, bson_error_t *error)
{
	struct feed *f = arg;
	struct ns_rules *rules;
	bson_t filters;
	bool ok;

	(void)kind; /* a directory holds nothing else */
	if (!same_source(f, head, error) ||
	    !record_doc(head, "filters", &filters, error) ||
	    !(rules = ns_rules_read(&filters, error)))
		return false;
	ok = ns_covers(rules, f->o.rules);
	ns_rules_free(rules);
	return ok ||
	    error_set(error, MM_EXIT_REFUSED, 0,
		"the segments do not hold all of the selection");
}

static bool
walk_entry(void *arg, const struct entry *e, bson_error_t *error)
{
	struct feed *f = arg;

	if (!is_catalog(e) && !ns_selected(f->o.rules, e->ns))
		return true;
	return take_entry(f, e, error);
}

static bool
pause_walk(void *arg, bson_error_t *error)
{
	struct feed *f = arg;

	(void)error;
	set_progress(f, f->walk.reached.at, f->walk.reached.read_from);
	return true;
}

static const struct apply_walk_ops walk_ops = {
    .begin = begin_segment, .entry = walk_entry, .pause = pause_walk};

static bool
read_segments(struct feed *f, bson_error_t *error)
{
	struct stream_item item;
	enum stream_kind kind;
	enum stream_got got;

	while ((got = apply_input_next(
		    f->input, f->o.after, &item, &kind, error)) == STREAM_GOT)
		if (!apply_walk_item(&f->walk, &item, kind, error))
			return false;
	return got != STREAM_ERROR;
}

/* ------------------------------------------------------------------ thread */

static bool
read_oplog(struct feed *f, bson_error_t *error)
{
	const struct tail_calls calls = {entry, reached, f};
	struct tailer_opts opts = {.conn = f->conn,
	    .rules = f->o.rules,
	    .start = f->start,
	    .heartbeat_ms = HEARTBEAT_MS,
	    .reconnect_ms = RECONNECT_MS,
	    .sink = tail_sink_calls(&calls)};
	bool ok = tailer_run(&opts, error);

	tail_sink_free(opts.sink);
	return ok;
}

static void *
run(void *arg)
{
	struct feed *f = arg;
	bson_error_t error = {0};
	bool ok = f->o.dir ? read_segments(f, &error) : read_oplog(f, &error);

	pthread_mutex_lock(&f->lock);
	f->ended = true;
	f->failed = !ok;
	f->error = error;
	pthread_cond_broadcast(&f->moved);
	pthread_mutex_unlock(&f->lock);
	return NULL;
}

static bool
prepare(struct feed *f, bson_error_t *error)
{
	if (f->o.dir) {
		f->input = apply_input_new(NULL, 0, f->o.dir, true);
		f->walk.ops = &walk_ops;
		f->walk.arg = f;
		f->walk.reached =
		    (struct boundary){f->o.after, f->o.read_from, 0};
		return true;
	}
	f->start.after = f->o.after;
	f->start.read_from = f->o.read_from;
	f->conn = conn_open(f->o.source, error);
	return f->conn &&
	    conn_positions(f->conn, &f->start.seen, NULL, error) &&
	    position_prove(f->conn, &f->start.after, error) &&
	    (optime_same(f->start.read_from, f->start.after) ||
		position_prove(f->conn, &f->start.read_from, error));
}

static void
release(struct feed *f)
{
	apply_input_free(f->input);
	if (f->conn)
		conn_close(f->conn);
	pthread_cond_destroy(&f->moved);
	pthread_mutex_destroy(&f->lock);
	bson_free(f);
}

struct feed *
feed_new(const struct feed_opts *opts, bson_error_t *error)
{
	struct feed *f = bson_malloc0(sizeof *f);

	f->o = *opts;
	f->progress = opts->after;
	f->read_from = opts->read_from;
	if (!optime_is_null(opts->catalog))
		f->catalog[f->n_catalog++] = opts->catalog;
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->moved, NULL);
	if (prepare(f, error) && thread_start(&f->thread, run, f, error))
		return f;
	release(f);
	return NULL;
}

void
feed_free(struct feed *f)
{
	if (!f)
		return;
	pthread_join(f->thread, NULL);
	release(f);
}

/* ------------------------------------------------------------------ asking */

struct optime
feed_progress(struct feed *f, struct optime *read_from)
{
	struct optime at;

	pthread_mutex_lock(&f->lock);
	at = f->progress;
	if (read_from)
		*read_from = f->read_from;
	pthread_mutex_unlock(&f->lock);
	return at;
}

bool
feed_wait(struct feed *f, struct optime to, bson_error_t *error)
{
	bool there;

	pthread_mutex_lock(&f->lock);
	while (optime_cmp(f->progress, to) < 0 && !f->ended)
		pthread_cond_wait(&f->moved, &f->lock);
	there = optime_cmp(f->progress, to) >= 0;
	if (!there && f->failed && error)
		*error = f->error;
	else if (!there)
		error_set(error, MM_EXIT_STOPPED, 0, "stopped");
	pthread_mutex_unlock(&f->lock);
	return there;
}

bool
feed_alive(struct feed *f, bson_error_t *error)
{
	bool alive;

	pthread_mutex_lock(&f->lock);
	alive = !f->failed;
	if (!alive && error)
		*error = f->error;
	pthread_mutex_unlock(&f->lock);
	return alive;
}

bool
feed_catalog(struct feed *f, struct optime *first, struct optime *last)
{
	bool any;

	pthread_mutex_lock(&f->lock);
	any = f->n_catalog > 0;
	if (any) {
		*first = f->catalog[0];
		*last = f->catalog[f->n_catalog - 1];
	}
	pthread_mutex_unlock(&f->lock);
	return any;
}

void
feed_catalog_settled(struct feed *f, struct optime to)
{
	size_t n = 0;

	pthread_mutex_lock(&f->lock);
	while (n < f->n_catalog && optime_cmp(f->catalog[n], to) <= 0)
		n++;
	memmove(f->catalog, f->catalog + n,
	    (f->n_catalog - n) * sizeof *f->catalog);
	f->n_catalog -= n;
	pthread_mutex_unlock(&f->lock);
}
