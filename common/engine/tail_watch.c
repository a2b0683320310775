#include "engine/tail_watch.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>

#include "base/clock.h"
#include "base/msg.h"
#include "base/status.h"
#include "base/thread.h"

enum { LAG_MS = 2000, WINDOW_ROUNDS = 5 };

struct tail_watch {
	struct conn *conn;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool ending;
	struct optime at;
	bool warned, told_gone;
};

/* Up to ms, or until the end: false. */
static bool
pause_for(struct tail_watch *w, int ms, struct optime *at)
{
	struct timespec until = clock_after(CLOCK_MONOTONIC, ms);
	int rc = 0;
	bool on;

	pthread_mutex_lock(&w->lock);
	while (!w->ending && rc != ETIMEDOUT)
		rc = pthread_cond_timedwait(&w->wake, &w->lock, &until);
	on = !w->ending;
	*at = w->at;
	pthread_mutex_unlock(&w->lock);
	return on;
}

static void
warn_window(
    struct tail_watch *w, struct optime at, int64_t behind, int64_t window)
{
	char text[OPTIME_TEXT];

	if (!w->warned)
		msg_warn("position %s is %" PRId64 " s behind, and the "
			 "source's oplog holds %" PRId64 " s: it may roll over",
		    optime_text(at, text), behind, window);
	w->warned = true;
}

/* The tail itself may be stuck, and find out only later. */
static void
warn_gone(struct tail_watch *w, struct optime at, struct optime oldest)
{
	char text[OPTIME_TEXT], first[OPTIME_TEXT];

	if (!w->told_gone)
		msg_warn("position %s has rolled over: the oldest entry of "
			 "the source's oplog is %s",
		    optime_text(at, text), optime_text(oldest, first));
	w->told_gone = true;
}

static void
look_at_window(struct tail_watch *w, struct optime at, struct optime newest)
{
	struct optime oldest;
	int64_t window, behind;

	if (!conn_oldest(w->conn, &oldest, NULL))
		return;
	window = (int64_t)newest.secs - oldest.secs;
	behind = (int64_t)newest.secs - at.secs;
	status_int("oplog_window_seconds", window);
	status_int("oplog_left_seconds", (int64_t)at.secs - oldest.secs);
	if (optime_cmp(at, oldest) < 0)
		warn_gone(w, at, oldest);
	else if (behind > 60 && behind * 2 >= window)
		warn_window(w, at, behind, window);
	else
		w->warned = w->told_gone = false;
}

/* What cannot be read now is read next time: the tail itself finds out when
 * the source is gone. */
static void *
watch(void *arg)
{
	struct tail_watch *w = arg;
	struct optime at, newest;

	for (unsigned round = 0; pause_for(w, LAG_MS, &at); round++) {
		if (optime_is_null(at) ||
		    !conn_positions(w->conn, &newest, NULL, NULL))
			continue;
		status_int("lag_seconds",
		    newest.secs > at.secs ? newest.secs - at.secs : 0);
		if (round % WINDOW_ROUNDS == 0)
			look_at_window(w, at, newest);
	}
	return NULL;
}

struct tail_watch *
tail_watch_new(struct server *source, bson_error_t *error)
{
	struct tail_watch *w = bson_malloc0(sizeof *w);
	pthread_condattr_t attr;

	w->conn = conn_open(source, error);
	if (!w->conn) {
		bson_free(w);
		return NULL;
	}
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->wake, &attr);
	pthread_condattr_destroy(&attr);
	if (!thread_start(&w->thread, watch, w, error)) {
		pthread_mutex_destroy(&w->lock);
		pthread_cond_destroy(&w->wake);
		conn_close(w->conn);
		bson_free(w);
		return NULL;
	}
	return w;
}

void
tail_watch_position(struct tail_watch *w, struct optime at)
{
	pthread_mutex_lock(&w->lock);
	w->at = at;
	pthread_mutex_unlock(&w->lock);
}

void
tail_watch_free(struct tail_watch *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->ending = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->wake);
	conn_close(w->conn);
	bson_free(w);
}
