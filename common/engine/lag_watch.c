#include "engine/lag_watch.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/msg.h"
#include "base/sig.h"
#include "base/stage.h"
#include "base/status.h"
#include "base/thread.h"
#include "mongo/lag.h"

enum { LOOK_MS = 1000, POLL_MS = 100 };

struct lag_watch {
	struct conn *conn;
	int64_t max_ms;
	char except[300];
	atomic_bool slow; /* somebody lags */
	pthread_mutex_t lock;
	pthread_cond_t end;
	pthread_t thread;
	bool running, ending;
};

static void
judge(struct lag_watch *w, int64_t seconds)
{
	bool slow = seconds * 1000 > w->max_ms;

	if (slow != w->slow)
		msg_info(slow ? "waits: a member lags %" PRId64 " s"
			      : "goes on: members lag %" PRId64 " s",
		    seconds);
	w->slow = slow;
	status_int("members_lag_seconds", seconds);
}

static void *
run(void *arg)
{
	struct lag_watch *w = arg;
	struct timespec until;
	bson_error_t error;
	int64_t seconds;
	bool told = false;

	pthread_mutex_lock(&w->lock);
	while (!w->ending) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += LOOK_MS / 1000;
		pthread_cond_timedwait(&w->end, &w->lock, &until);
		if (w->ending)
			break;
		pthread_mutex_unlock(&w->lock);
		if (lag_read(w->conn, w->except, &seconds, &error))
			judge(w, seconds);
		else if (!told && !sig_stopping()) {
			told = true;
			msg_warn("%s", error.message);
		}
		pthread_mutex_lock(&w->lock);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

struct lag_watch *
lag_watch_start(
    struct server *s, int64_t max_ms, const char *except, bson_error_t *error)
{
	struct lag_watch *w;
	int64_t seconds;

	if (max_ms == 0)
		return NULL;
	w = bson_malloc0(sizeof *w);
	w->max_ms = max_ms;
	bson_strncpy(w->except, except ? except : "", sizeof w->except);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->end, NULL);
	w->conn = conn_open(s, error);
	if (w->conn && lag_read(w->conn, w->except, &seconds, error)) {
		judge(w, seconds);
		w->running = thread_start(&w->thread, run, w, error);
		if (w->running)
			return w;
	}
	lag_watch_end(w);
	return NULL;
}

void
lag_watch_end(struct lag_watch *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->ending = true;
	pthread_cond_signal(&w->end);
	pthread_mutex_unlock(&w->lock);
	if (w->running)
		pthread_join(w->thread, NULL);
	if (w->conn)
		conn_close(w->conn);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->end);
	bson_free(w);
}

void
lag_watch_wait(struct lag_watch *w)
{
	enum stage was;

	if (!w || !w->slow)
		return;
	was = stage_enter(STAGE_HELD);
	while (w->slow && sig_sleep(POLL_MS))
		;
	stage_enter(was);
}
