#include "engine/index_watch.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/msg.h"
#include "base/sig.h"
#include "base/status.h"
#include "base/thread.h"
#include "model/textset.h"
#include "mongo/build_op.h"

enum { LOOK_MS = 1000, AGAIN_MS = 500, SHOWN = 2 };

struct watched {
	const char *ns;
	struct build_op op; /* as last seen; ns "": not yet */
	struct watched *next;
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t more;
	pthread_t thread;
	struct server *server;
	bool running, ending;
	struct watched *head;
	bool own; /* only this user's may be seen */
	bool told;
} w = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ------------------------------------------------------------------ telling */

/* With the lock held. */
static void
put_one(struct buf *b, const struct watched *one)
{
	const struct build_op *op = &one->op;

	buf_add_format(b, "%s\"%s\"", b->len ? ", " : "", one->ns);
	if (op->phase[0])
		buf_add_format(b, " %s", op->phase);
	if (op->total > 0)
		buf_add_format(b, " %" PRId64 "%%",
		    op->done < op->total ? op->done * 100 / op->total : 100);
}

static bool
before(const struct watched *a, const struct watched *b)
{
	return a->op.total != b->op.total ? a->op.total > b->op.total
					  : strcmp(a->ns, b->ns) < 0;
}

/* With the lock held: the largest that comes behind that one; NULL: none. */
static const struct watched *
next_largest(const struct watched *last)
{
	const struct watched *best = NULL;

	for (const struct watched *one = w.head; one; one = one->next)
		if (one->op.ns[0] && (!last || before(last, one)) &&
		    (!best || before(one, best)))
			best = one;
	return best;
}

/* With the lock held. */
static void
publish(void)
{
	const struct watched *shown = NULL;
	int64_t done = 0, total = 0, n = 0;
	struct buf b = BUF_INIT;
	char *text;

	for (const struct watched *one = w.head; one; one = one->next) {
		done += one->op.done;
		total += one->op.total;
		n += one->op.ns[0] != '\0';
	}
	for (int i = 0; i < SHOWN && (shown = next_largest(shown)); i++)
		put_one(&b, shown);
	if (n > SHOWN)
		buf_add_format(&b, " and %" PRId64 " more", n - SHOWN);
	text = buf_take_text(&b);
	status_text("index_progress", text);
	status_int("index_done", done);
	status_int("index_total", total);
	bson_free(text);
}

/* ------------------------------------------------------------------ looking */

static void
clear(void)
{
	for (struct watched *one = w.head; one; one = one->next)
		one->op = (struct build_op){.ns = ""};
}

/* The command has no progress, the thread that builds has. */
static void
note(void *arg, const struct build_op *op)
{
	(void)arg;
	pthread_mutex_lock(&w.lock);
	for (struct watched *one = w.head; one; one = one->next)
		if (strcmp(one->ns, op->ns) == 0 &&
		    (!one->op.ns[0] || op->phase[0] || op->total > 0))
			one->op = *op;
	pthread_mutex_unlock(&w.lock);
}

/* A target that is away for the moment is asked again later. */
static void
say(struct conn *c, const bson_error_t *error)
{
	if (conn_no_reply(c) || code_transient(error->code))
		return;
	if (!w.told)
		msg_info("how far index builds are is not to be seen: %s",
		    error->message);
	w.told = w.own = true;
}

static void
look(struct conn *c)
{
	bson_error_t error;

	pthread_mutex_lock(&w.lock);
	clear();
	pthread_mutex_unlock(&w.lock);
	if (!build_ops_each(c, !w.own, note, NULL, &error))
		say(c, &error);
	pthread_mutex_lock(&w.lock);
	publish();
	pthread_mutex_unlock(&w.lock);
}

/* With the lock held: until a build lasts. */
static bool
doze(void)
{
	struct timespec until;

	while (!w.ending && !w.head)
		pthread_cond_wait(&w.more, &w.lock);
	until = clock_after(CLOCK_MONOTONIC, LOOK_MS);
	while (
	    !w.ending && pthread_cond_timedwait(&w.more, &w.lock, &until) == 0)
		;
	return !w.ending;
}

static void *
run(void *unused)
{
	struct conn *c = NULL;
	bson_error_t ignored;

	pthread_mutex_lock(&w.lock);
	while (doze()) {
		if (!w.head)
			continue;
		pthread_mutex_unlock(&w.lock);
		if (!c)
			c = conn_open(w.server, &ignored);
		if (c)
			look(c);
		pthread_mutex_lock(&w.lock);
	}
	pthread_mutex_unlock(&w.lock);
	if (c)
		conn_close(c);
	return unused;
}

void
index_watch_start(struct server *s)
{
	pthread_condattr_t attr;
	bson_error_t ignored;

	w.server = s;
	w.ending = w.own = w.told = false;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w.more, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_lock(&w.lock);
	w.running = thread_start(&w.thread, run, NULL, &ignored);
	if (!w.running)
		pthread_cond_destroy(&w.more);
	pthread_mutex_unlock(&w.lock);
}

void
index_watch_end(void)
{
	if (!w.running)
		return;
	pthread_mutex_lock(&w.lock);
	w.ending = true;
	pthread_cond_signal(&w.more);
	pthread_mutex_unlock(&w.lock);
	pthread_join(w.thread, NULL);
	pthread_mutex_lock(&w.lock);
	w.running = false;
	pthread_mutex_unlock(&w.lock);
	pthread_cond_destroy(&w.more);
}

/* ------------------------------------------------------------------- builds */

void
index_watch_enter(const char *ns)
{
	struct watched *one;

	pthread_mutex_lock(&w.lock);
	if (w.running) {
		one = bson_malloc0(sizeof *one);
		one->ns = ns;
		one->next = w.head;
		w.head = one;
		pthread_cond_signal(&w.more);
	}
	pthread_mutex_unlock(&w.lock);
}

void
index_watch_leave(const char *ns)
{
	struct watched **p = &w.head, *one;

	pthread_mutex_lock(&w.lock);
	while (*p && (*p)->ns != ns)
		p = &(*p)->next;
	one = *p;
	if (one) {
		*p = one->next;
		bson_free(one);
		publish();
	}
	pthread_mutex_unlock(&w.lock);
}

struct finding {
	bool (*ours)(void *arg, const char *ns);
	void *arg;
	struct textset names;
};

static void
found(void *arg, const struct build_op *op)
{
	struct finding *f = arg;

	if (f->ours(f->arg, op->ns))
		textset_add(&f->names, op->ns);
}

void
index_watch_found(
    struct conn *c, bool (*ours)(void *arg, const char *ns), void *arg)
{
	struct finding f = {.ours = ours, .arg = arg};
	bson_error_t ignored;

	build_ops_each(c, true, found, &f, &ignored);
	for (size_t i = 0; i < f.names.n; i++)
		msg_info("\"%s\": the target is building indexes of it "
			 "already: waits for these",
		    f.names.item[i]);
	textset_release(&f.names);
}

struct search {
	const char *ns;
	bool found;
};

static void
match(void *arg, const struct build_op *op)
{
	struct search *s = arg;

	s->found |= strcmp(s->ns, op->ns) == 0;
}

int
index_watch_runs(struct conn *c, const char *ns)
{
	struct search s = {.ns = ns};
	bson_error_t ignored;

	/* The first may only find out that this connection is lost, too; then
	 * there may be no primary for a moment. */
	for (int n = 0; n < 3; n++) {
		if (build_ops_each(c, true, match, &s, &ignored))
			return s.found;
		if (!sig_sleep(n * AGAIN_MS))
			break;
	}
	return -1;
}
