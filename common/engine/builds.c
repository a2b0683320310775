/* Between two items of its input the reader touches neither lanes nor targets,
 * and it may wait there for hours: so whoever needs them to himself waits until
 * the reader is outside, and keeps it there. A reader that waits for a build is
 * outside, too. */
#include "engine/builds_work.h"

#include <string.h>

#include "base/clock.h"
#include "base/msg.h"
#include "base/status.h"
#include "base/thread.h"
#include "engine/held_build.h"
#include "engine/index_watch.h"
#include "mongo/request.h"

enum { LOOK_MS = 1000 };

/* ------------------------------------------------------------- the reader */

void
builds_enter(struct builds *b, bool *changed)
{
	pthread_mutex_lock(&b->lock);
	while (b->pausing)
		pthread_cond_wait(&b->more, &b->lock);
	b->reading = true;
	*changed = b->changed;
	b->changed = false;
	pthread_mutex_unlock(&b->lock);
}

void
builds_leave(struct builds *b, bool settled)
{
	pthread_mutex_lock(&b->lock);
	b->reading = false;
	b->settled = settled;
	if (b->pausing)
		pthread_cond_broadcast(&b->more);
	pthread_mutex_unlock(&b->lock);
}

/* With the lock held. */
static void
count(struct builds *b)
{
	int64_t n = *b->busy != '\0';

	for (const struct build_task *t = b->head; t; t = t->next)
		n++;
	status_int("index_builds", n);
}

/* With the lock held. */
static void
append(struct builds *b, const char *ns, struct optime at)
{
	struct build_task *t = bson_malloc0(sizeof *t);

	bson_strncpy(t->ns, ns, sizeof t->ns);
	t->at = at;
	*b->tail = t;
	b->tail = &t->next;
	count(b);
	pthread_cond_broadcast(&b->more);
}

void
builds_add(struct builds *b, const char *ns, struct optime at)
{
	pthread_mutex_lock(&b->lock);
	append(b, ns, at);
	pthread_mutex_unlock(&b->lock);
}

static bool
concerns(const char *name, const char *ns)
{
	size_t len = ns ? strlen(ns) : 0;

	return !ns ||
	    (strncmp(name, ns, len) == 0 &&
		(name[len] == '\0' || (name[len] == '.' && !strchr(ns, '.'))));
}

/* With the lock held. */
static bool
is_busy(const struct builds *b, const char *ns)
{
	if (*b->busy && concerns(b->busy, ns))
		return true;
	for (const struct build_task *t = b->head; t; t = t->next)
		if (concerns(t->ns, ns))
			return true;
	return false;
}

bool
builds_wait(struct builds *b, const char *ns, bson_error_t *error)
{
	pthread_mutex_lock(&b->lock);
	if (is_busy(b, ns))
		msg_verbose("waits until the indexes of %s%s%s are built",
		    ns ? "\"" : "", ns ? ns : "all", ns ? "\"" : "");
	b->reading = false;
	pthread_cond_broadcast(&b->more);
	while (b->pausing || is_busy(b, ns))
		pthread_cond_wait(&b->more, &b->lock);
	b->reading = true;
	pthread_mutex_unlock(&b->lock);
	return !lanes_failed(b->o.lanes, error);
}

/* ------------------------------------------------------------- the thread */

bool
builds_pause(struct builds *b, bson_error_t *error)
{
	pthread_mutex_lock(&b->lock);
	b->pausing = true;
	while (b->reading)
		pthread_cond_wait(&b->more, &b->lock);
	pthread_mutex_unlock(&b->lock);
	if (lanes_drain(b->o.lanes, error))
		return true;
	builds_resume(b);
	return false;
}

void
builds_resume(struct builds *b)
{
	pthread_mutex_lock(&b->lock);
	b->pausing = false;
	b->changed = true;
	count(b);
	pthread_cond_broadcast(&b->more);
	pthread_mutex_unlock(&b->lock);
}

static void
run_task(struct builds *b, const struct build_task *t)
{
	char text[OPTIME_TEXT];
	bson_error_t error;

	if (lanes_failed(b->o.lanes, NULL))
		return;
	msg_verbose("builds indexes of \"%s\"%s%s", t->ns,
	    optime_is_null(t->at) ? "" : ", listed at ",
	    optime_is_null(t->at) ? "" : optime_text(t->at, text));
	if (held_build(b->conn, b->o.job, t->ns, &error))
		return;
	if (!optime_is_null(t->at))
		error_prefix(&error, "position %s", text);
	lanes_fail(b->o.lanes, &error);
}

/* With the lock held. */
static void
first_task(struct builds *b)
{
	struct build_task *t = b->head;

	pthread_mutex_unlock(&b->lock);
	run_task(b, t);
	pthread_mutex_lock(&b->lock);
	b->head = t->next;
	if (!b->head)
		b->tail = &b->head;
	bson_free(t);
	count(b);
	pthread_cond_broadcast(&b->more);
}

/* With the lock held: until something is to be done. */
static void
doze(struct builds *b)
{
	int64_t left = b->looked_ms + LOOK_MS - clock_ms();
	struct timespec until;

	if (left <= 0) {
		pthread_mutex_unlock(&b->lock);
		builds_serve(b);
		b->looked_ms = clock_ms();
		pthread_mutex_lock(&b->lock);
		return;
	}
	until = clock_after(CLOCK_MONOTONIC, left);
	pthread_cond_timedwait(&b->more, &b->lock, &until);
}

static void *
run(void *arg)
{
	struct builds *b = arg;

	pthread_mutex_lock(&b->lock);
	while (b->head || !b->ending)
		if (b->head)
			first_task(b);
		else
			doze(b);
	pthread_mutex_unlock(&b->lock);
	return NULL;
}

/* ---------------------------------------------------------- start and end */

static void
left_build(void *builds, const char *ns)
{
	append(builds, ns, OPTIME_NULL);
}

/* Its build may go on at the target, though nobody waits for it. */
static void
left_unique(void *builds, const char *ns)
{
	struct builds *b = builds;

	targets_one_lane(b->o.targets, ns, true);
}

static bool
take_up(struct builds *b, bson_error_t *error)
{
	struct request r;
	bool ok = request_look(b->o.job, &r, error);

	if (ok && r.state == REQUEST_TAKEN)
		ok = held_each_pending(
		    b->conn, b->o.job, true, left_unique, b, error);
	request_release(&r);
	return ok &&
	    (!b->o.begin_left ||
		held_each_pending(
		    b->conn, b->o.job, false, left_build, b, error));
}

static bool
start(struct builds *b, bson_error_t *error)
{
	b->started = thread_start(&b->thread, run, b, error);
	return b->started;
}

struct builds *
builds_new(const struct builds_opts *opts, bson_error_t *error)
{
	struct builds *b = bson_malloc0(sizeof *b);
	pthread_condattr_t attr;

	b->o = *opts;
	b->tail = &b->head;
	pthread_mutex_init(&b->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&b->more, &attr);
	pthread_condattr_destroy(&attr);
	b->conn = conn_open(opts->server, error);
	index_watch_start(opts->server);
	if (b->conn && take_up(b, error) && start(b, error))
		return b;
	builds_free(b);
	return NULL;
}

void
builds_stop(struct builds *b)
{
	if (!b->started)
		return;
	pthread_mutex_lock(&b->lock);
	b->reading = false;
	b->ending = true;
	if (b->head)
		msg_info("waits for indexes that are being built");
	pthread_cond_broadcast(&b->more);
	pthread_mutex_unlock(&b->lock);
	pthread_join(b->thread, NULL);
	b->started = false;
}

void
builds_free(struct builds *b)
{
	struct build_task *next;

	if (!b)
		return;
	builds_stop(b);
	index_watch_end();
	for (struct build_task *t = b->head; t; t = next) {
		next = t->next;
		bson_free(t);
	}
	if (b->conn)
		conn_close(b->conn);
	pthread_mutex_destroy(&b->lock);
	pthread_cond_destroy(&b->more);
	bson_free(b);
}
