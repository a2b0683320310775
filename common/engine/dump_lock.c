#include "engine/dump_lock.h"

#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/msg.h"
#include "base/sig.h"
#include "base/status.h"
#include "base/thread.h"
#include "engine/lock_lift.h"
#include "engine/lock_note.h"
#include "engine/position.h"
#include "mongo/pause.h"

enum { POLL_MS = 200, WINDOW_MS = 2000, MAJORITY_MS = 60000 };

struct dump_lock {
	struct server *server, *primary, *feeder; /* feeder: sync source */
	struct conn *conn, *primary_conn, *feeder_conn;
	char *note;
	char me[300];
	struct optime at;
	int64_t max_ms, since; /* monotonic */
	struct optime oldest;  /* of the feeder's log, when it was locked */

	pthread_mutex_t lock; /* conn and locked */
	pthread_cond_t end;
	pthread_t watch;
	bool watching, ending, locked, broken;
	bson_error_t why; /* broken */
};

/* -------------------------------------------------------------- unlocking */

/* With the lock held. */
static bool
unlock(struct dump_lock *l, bson_error_t *error)
{
	if (!l->locked)
		return true;
	if (!lock_lift_all(l->conn, error)) {
		error_prefix(error,
		    "%s is still locked (mm-dump --unlock lifts it)", l->me);
		return false;
	}
	l->locked = false;
	msg_info("%s: unlocked after %.1f s", l->me,
	    (double)(clock_ms() - l->since) / 1000);
	return lock_note_remove(l->note, error);
}

/* Not in time. Readers end first, so that nothing newer gets in unnoticed. */
static void
expire(struct dump_lock *l, const char *why)
{
	bson_error_t error;

	l->broken = true;
	error_set(&l->why, MM_EXIT_STOPPED, 0,
	    "%s was unlocked before the dump was done: %s", l->me, why);
	sig_stop();
	if (!unlock(l, &error)) {
		msg_error("%s", error.message);
		l->why = error;
	}
}

/* ---------------------------------------------------------------- watching */

/* The log that the member needs afterwards: a quarter of it is left. */
static bool
window_closes(struct dump_lock *l)
{
	struct optime oldest, newest;
	bson_error_t ignored;

	if (!l->feeder_conn ||
	    !conn_oldest(l->feeder_conn, &oldest, &ignored) ||
	    !conn_positions(l->feeder_conn, NULL, &newest, &ignored))
		return false;
	/* A log that is not full yet loses nothing. */
	if (optime_cmp(oldest, l->oldest) <= 0)
		return false;
	return optime_cmp(oldest, l->at) >= 0 ||
	    (int64_t)(l->at.secs - oldest.secs) * 4 <
	    (int64_t)(newest.secs - oldest.secs);
}

static void *
watch(void *arg)
{
	struct dump_lock *l = arg;
	struct timespec until;
	int64_t looked = clock_ms();
	bool closes;

	pthread_mutex_lock(&l->lock);
	while (!l->ending && l->locked && !l->broken) {
		until = clock_after(CLOCK_REALTIME, POLL_MS);
		pthread_cond_timedwait(&l->end, &l->lock, &until);
		if (l->ending || !l->locked)
			break;
		if (clock_ms() - l->since >= l->max_ms) {
			expire(l, "it took as long as --lock-max allows");
			break;
		}
		if (clock_ms() - looked < WINDOW_MS)
			continue;
		pthread_mutex_unlock(&l->lock);
		closes = window_closes(l);
		looked = clock_ms();
		pthread_mutex_lock(&l->lock);
		if (closes && l->locked && !l->ending)
			expire(l,
			    "the log that it needs to catch up is about "
			    "to be overwritten");
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

/* ----------------------------------------------------------------- locking */

static struct server *
open_member(const struct dump_lock_opts *o, const char *member,
    struct conn **conn, bson_error_t *error)
{
	struct server_flags flags = {.uri = bson_strdup(o->uri),
	    .member = member,
	    .password_file = o->password_file};
	struct server *s = server_open(SIDE_SOURCE, &flags, NULL, false, error);

	*conn = s ? conn_open(s, error) : NULL;
	return s;
}

static bool
open_others(
    struct dump_lock *l, const struct dump_lock_opts *o, bson_error_t *error)
{
	char primary[300], feeder[300];
	bson_error_t why;

	if (!pause_others(l->conn, primary, feeder, error))
		return false;
	l->primary = open_member(o, primary, &l->primary_conn, error);
	if (!l->primary_conn)
		return false;
	l->feeder = open_member(o, feeder, &l->feeder_conn, &why);
	if (!l->feeder_conn || !conn_oldest(l->feeder_conn, &l->oldest, &why))
		msg_warn("how long the log of %s lasts is not watched: %s",
		    feeder, why.message);
	return true;
}

static bool
lock(struct dump_lock *l, bson_error_t *error)
{
	bson_error_t why;
	int64_t count = 0, left;

	if (!lock_note_write(l->note, error))
		return false;
	l->since = clock_ms();
	if (!pause_lock(l->conn, &count, error)) {
		/* Where no answer came it may be locked. */
		l->locked = conn_no_reply(l->conn);
		if (!l->locked)
			lock_note_remove(l->note, &why);
		return false;
	}
	if (count > 1) {
		/* Somebody else at the same moment: only ours goes. */
		if (pause_unlock(l->conn, &left, &why))
			lock_note_remove(l->note, &why);
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "%s is locked by somebody else, too", l->me);
	}
	l->locked = true;
	return true;
}

struct dump_lock *
dump_lock_take(struct server *s, const struct dump_lock_opts *opts,
    struct optime *at, bson_error_t *error)
{
	struct dump_lock *l = bson_malloc0(sizeof *l);
	char text[OPTIME_TEXT];
	bson_error_t why;
	bool ok;

	l->server = s;
	l->max_ms = opts->max_ms;
	bson_strncpy(l->me, server_info(s)->me, sizeof l->me);
	l->note = lock_note_path(l->me);
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->end, NULL);
	l->conn = conn_open(s, error);
	ok = l->conn && lock_lift_leftover(l->conn, l->me, l->note, error) &&
	    pause_may(l->conn, error) && open_others(l, opts, error) &&
	    lock(l, error) && pause_position(l->conn, &l->at, error);
	if (ok) {
		l->watching = thread_start(&l->watch, watch, l, error);
		ok = l->watching;
	}
	if (ok) {
		*at = l->at;
		msg_info("%s: locked at %s", l->me, optime_text(l->at, text));
		return l;
	}
	if (!dump_lock_free(l, &why))
		msg_error("%s", why.message);
	return NULL;
}

/* ------------------------------------------------------------------ ending */

bool
dump_lock_broken(struct dump_lock *l, bson_error_t *error)
{
	bool broken;

	pthread_mutex_lock(&l->lock);
	broken = l->broken;
	if (broken)
		*error = l->why;
	pthread_mutex_unlock(&l->lock);
	return broken;
}

static bool
stood_still(struct dump_lock *l, bson_error_t *error)
{
	struct optime now;
	int is = pause_is_locked(l->conn, error);

	if (is < 0 || !pause_position(l->conn, &now, error))
		return false;
	return (is && optime_same(now, l->at)) ||
	    error_set(error, MM_EXIT_STOPPED, 0,
		"%s was unlocked by somebody else before the dump was done",
		l->me);
}

/* On the primary: what the member had may be its alone. */
static bool
wait_majority(struct dump_lock *l, bson_error_t *error)
{
	struct optime majority = OPTIME_NULL, at = l->at, oldest;
	char text[OPTIME_TEXT];

	status_state("waiting");
	for (int waited = 0; optime_cmp(majority, l->at) < 0;
	     waited += POLL_MS) {
		if (waited > MAJORITY_MS)
			return error_set(error, MM_EXIT_SOURCE, 0,
			    "no majority has position %s of the locked member",
			    optime_text(l->at, text));
		if (waited > 0 && !sig_sleep(POLL_MS))
			return error_set(error, MM_EXIT_STOPPED, 0, "stopped");
		if (!conn_positions(l->primary_conn, &majority, NULL, error))
			return false;
	}
	/* Of the same history? By who may not read the log, the time alone is
	 * compared. */
	if (!conn_oldest(l->primary_conn, &oldest, error))
		return error_status(error) == MM_EXIT_REFUSED;
	return optime_cmp(oldest, at) > 0 ||
	    position_prove(l->primary_conn, &at, error);
}

bool
dump_lock_end(struct dump_lock *l, bson_error_t *error)
{
	bool ok;

	pthread_mutex_lock(&l->lock);
	ok = !l->broken;
	if (!ok)
		*error = l->why;
	ok = ok && stood_still(l, error);
	ok = unlock(l, ok ? error : NULL) && ok;
	pthread_mutex_unlock(&l->lock);
	return ok && wait_majority(l, error);
}

void
dump_lock_catch_up(struct dump_lock *l)
{
	struct optime want, have = OPTIME_NULL;
	bson_error_t error;
	int64_t began = clock_ms();

	if (!conn_positions(l->primary_conn, NULL, &want, &error))
		return;
	while (conn_positions(l->conn, NULL, &have, &error) &&
	    optime_cmp(have, want) < 0) {
		if (clock_ms() - began > l->max_ms || !sig_sleep(POLL_MS)) {
			msg_warn("%s has not caught up yet", l->me);
			return;
		}
	}
	msg_verbose("%s has caught up", l->me);
}

static void
close_member(struct server *s, struct conn *c)
{
	if (c)
		conn_close(c);
	if (s)
		server_close(s);
}

bool
dump_lock_free(struct dump_lock *l, bson_error_t *error)
{
	bool ok;

	if (!l)
		return true;
	pthread_mutex_lock(&l->lock);
	l->ending = true;
	ok = unlock(l, error);
	pthread_cond_signal(&l->end);
	pthread_mutex_unlock(&l->lock);
	if (l->watching)
		pthread_join(l->watch, NULL);
	close_member(NULL, l->conn);
	close_member(l->primary, l->primary_conn);
	close_member(l->feeder, l->feeder_conn);
	pthread_mutex_destroy(&l->lock);
	pthread_cond_destroy(&l->end);
	bson_free(l->note);
	bson_free(l);
	return ok;
}
