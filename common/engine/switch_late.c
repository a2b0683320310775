/* The reading is that of mm-oplog-tail, at majority: a transaction that began
 * before the fence and commits after it is found, too. */
#include "engine/switch_late.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/doc.h"
#include "base/hash.h"
#include "base/thread.h"
#include "engine/position.h"
#include "engine/tailer.h"
#include "model/entry.h"
#include "mongo/ops.h"
#include "mongo/rights.h"

/* The heartbeat bounds how long a quiet source is waited for: half of it. */
enum { HEARTBEAT_MS = 100, RECONNECT_MS = 5000, WAIT_MS = 20 };

struct late {
	struct late_opts o;
	struct conn *conn;
	struct tail_start start;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t moved;
	struct optime progress, goal; /* goal null: not asked yet */
	bool stop, ended;
	bson_error_t error; /* of the reading */
	int64_t found;
	char first[200];           /* what was found first */
	char account[SHA256_TEXT]; /* of that (ops_account); "": not told */
};

/* ------------------------------------------------------------------ thread */

static const char *
verb(const struct entry *e)
{
	switch (e->op) {
	case ENTRY_INSERT:
		return "insert into";
	case ENTRY_UPDATE:
		return "update of";
	case ENTRY_DELETE:
		return "delete from";
	default:
		return e->command ? e->command : "a command on";
	}
}

static void
note(struct late *l, const struct entry *e, struct optime at)
{
	uint8_t uid[SHA256_BYTES];
	char text[OPTIME_TEXT];
	bson_t lsid;

	pthread_mutex_lock(&l->lock);
	if (l->found++ == 0) {
		snprintf(l->first, sizeof l->first, "%s \"%s\" at %s", verb(e),
		    e->ns, optime_text(at, text));
		if (e->lsid.type == BSON_TYPE_DOCUMENT &&
		    bson_init_static(&lsid, e->lsid.data, e->lsid.len) &&
		    doc_bytes(&lsid, "uid", uid, sizeof uid))
			hash_hex(uid, sizeof uid, l->account);
	}
	pthread_cond_broadcast(&l->moved);
	pthread_mutex_unlock(&l->lock);
}

static bool
entry(void *arg, const uint8_t *data, size_t len, struct optime at,
    bson_error_t *error)
{
	struct entry e;

	if (!entry_parse(data, len, &e, error))
		return false;
	if (e.op != ENTRY_NOOP)
		note(arg, &e, at);
	return true;
}

static bool
reached(
    void *arg, struct optime at, struct optime read_from, bson_error_t *error)
{
	struct late *l = arg;
	bool stop;

	(void)read_from;
	pthread_mutex_lock(&l->lock);
	l->progress = optime_max(l->progress, at);
	stop = l->stop;
	pthread_cond_broadcast(&l->moved);
	pthread_mutex_unlock(&l->lock);
	return !stop || error_set(error, MM_EXIT_STOPPED, 0, "stopped");
}

static void *
run(void *arg)
{
	struct late *l = arg;
	const struct tail_calls calls = {entry, reached, l};
	struct tailer_opts opts = {.conn = l->conn,
	    .rules = l->o.rules,
	    .start = l->start,
	    .heartbeat_ms = HEARTBEAT_MS,
	    .reconnect_ms = RECONNECT_MS,
	    .sink = tail_sink_calls(&calls)};
	bson_error_t error = {0};

	if (tailer_run(&opts, &error))
		error_set(&error, MM_EXIT_STOPPED, 0, "stopped by a signal");
	tail_sink_free(opts.sink);
	pthread_mutex_lock(&l->lock);
	l->ended = true;
	l->error = error;
	pthread_cond_broadcast(&l->moved);
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

static void
release(struct late *l)
{
	if (l->conn)
		conn_close(l->conn);
	pthread_cond_destroy(&l->moved);
	pthread_mutex_destroy(&l->lock);
	bson_free(l);
}

struct late *
late_new(const struct late_opts *o, bson_error_t *error)
{
	struct late *l = bson_malloc0(sizeof *l);

	l->o = *o;
	l->progress = l->start.after = o->fence;
	l->goal = OPTIME_NULL;
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->moved, NULL);
	if ((l->conn = conn_open(o->server, error)) &&
	    position_prove(l->conn, &l->start.after, error)) {
		l->start.read_from = l->start.seen = l->start.after;
		if (thread_start(&l->thread, run, l, error))
			return l;
	}
	release(l);
	return NULL;
}

void
late_free(struct late *l)
{
	if (!l)
		return;
	pthread_mutex_lock(&l->lock);
	l->stop = true;
	pthread_mutex_unlock(&l->lock);
	pthread_join(l->thread, NULL);
	release(l);
}

/* ------------------------------------------------------------------ asking */

/* Whose digest it is; NULL: of none that is known. Caller frees. */
static char *
account(struct conn *c, const char *digest)
{
	char sha[SHA256_TEXT], *name = NULL;
	struct rights r;
	bson_iter_t it;
	bson_t user;

	if (rights_fetch(c, &r, NULL) && bson_iter_init(&it, &r.users))
		while (!name && doc_next(&it, &user))
			if (strcmp(ops_account(&user, sha), digest) == 0)
				name = bson_strdup_printf("%s.%s",
				    doc_text_or(&user, "db", ""),
				    doc_text_or(&user, "user", ""));
	rights_release(&r);
	return name;
}

/* Nothing of l changes any more that is looked at. */
static enum ready
tell(struct late *l, struct conn *c, bson_error_t *error)
{
	char *name = *l->account ? account(c, l->account) : NULL;

	error_set(error, MM_EXIT_REFUSED, 0,
	    "somebody has written after the fence, past the block: %s%s%s%s",
	    l->first, name ? ", by \"" : "", name ? name : "",
	    name ? "\"" : "");
	bson_free(name);
	return READY_NEVER;
}

static enum ready
look(struct late *l, bson_error_t *error)
{
	struct timespec end = clock_after(CLOCK_REALTIME, WAIT_MS);
	enum ready r;

	pthread_mutex_lock(&l->lock);
	while (
	    l->found == 0 && !l->ended && optime_cmp(l->progress, l->goal) < 0)
		if (pthread_cond_timedwait(&l->moved, &l->lock, &end) != 0)
			break;
	if (l->found > 0 || optime_cmp(l->progress, l->goal) >= 0) {
		r = READY_YES;
	} else if (l->ended) {
		*error = l->error;
		r = READY_NEVER;
	} else {
		error_set(error, MM_EXIT_NO, 0,
		    "what was written after the fence is not read yet");
		r = READY_NOT;
	}
	pthread_mutex_unlock(&l->lock);
	return r;
}

enum ready
late_none(struct late *l, struct conn *c, bson_error_t *error)
{
	enum ready r;
	bool found;

	if (optime_is_null(l->goal) &&
	    !conn_positions(c, NULL, &l->goal, error))
		return READY_NEVER;
	r = look(l, error);
	pthread_mutex_lock(&l->lock);
	found = l->found > 0;
	pthread_mutex_unlock(&l->lock);
	if (found)
		return tell(l, c, error);
	if (r == READY_YES)
		l->goal = OPTIME_NULL;
	return r;
}
