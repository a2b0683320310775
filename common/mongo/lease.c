/* One field of the job document says who may write: writer {tool, host, boot,
 * pid, ticks, started, epoch, expires}. Each taking adds one to the epoch and
 * is an update that holds only while the writer it read is still there, so of
 * two that come at once one wins. The clock is the target's alone.
 */
#include "mongo/lease.h"

#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "base/msg.h"
#include "mongo/control.h"
#include "mongo/holder.h"

#define LEASE_MS 120000
#define RENEW_MS 10000
#define RETRY_MS 1000
#define ATTEMPTS 10 /* against others that come at the same time */

struct lease {
	struct conn *conn;
	char *name;
	int64_t epoch;
	pthread_t thread;
	bool running;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool ending; /* under lock */
	atomic_bool lost;
	atomic_llong renewed; /* monotonic us at which the last renewal
				 that worked began */
};

static bool
same_text(const bson_t *doc, const char *field, const char *text)
{
	const char *value = doc_text(doc, field);

	return value && *text && strcmp(value, text) == 0;
}

static bool
is_dead(const bson_t *doc, const struct holder *self)
{
	return same_text(doc, "writer.host", self->host) &&
	    same_text(doc, "writer.boot", self->boot) &&
	    holder_is_dead(
		doc_int(doc, "writer.pid"), doc_int(doc, "writer.ticks"));
}

static bool
refuse(const char *name, const bson_t *doc, bson_error_t *error)
{
	const char *tool = doc_text(doc, "writer.tool"),
		   *host = doc_text(doc, "writer.host");
	char since[CLOCK_TEXT], until[CLOCK_TEXT];

	return error_set(error, MM_EXIT_REFUSED, 0,
	    "job \"%s\" is being written by %s, process %lld on host \"%s\", "
	    "since %s (its lease ends at %s)",
	    name, tool ? tool : "?", (long long)doc_int(doc, "writer.pid"),
	    host ? host : "?",
	    clock_text(doc_date(doc, "writer.started") / 1000, since),
	    clock_text(doc_date(doc, "writer.expires") / 1000, until));
}

static void
append_writer(bson_t *doc, const struct holder *self, const char *tool,
    int64_t epoch, int64_t now)
{
	bson_t w;

	BSON_APPEND_DOCUMENT_BEGIN(doc, "writer", &w);
	BSON_APPEND_UTF8(&w, "tool", tool);
	BSON_APPEND_UTF8(&w, "host", self->host);
	BSON_APPEND_UTF8(&w, "boot", self->boot);
	BSON_APPEND_INT64(&w, "pid", self->pid);
	BSON_APPEND_INT64(&w, "ticks", self->ticks);
	BSON_APPEND_DATE_TIME(&w, "started", now);
	BSON_APPEND_INT64(&w, "epoch", epoch);
	BSON_APPEND_DATE_TIME(&w, "expires", now + LEASE_MS);
	bson_append_document_end(doc, &w);
}

/* The document as we would have it, or as it would be without a holder. */
static bool
claim(struct lease *l, const struct holder *self, const char *tool,
    const bson_t *doc, bool there, int64_t now, bson_error_t *error)
{
	bson_t q = BSON_INITIALIZER, u = BSON_INITIALIZER, set;
	struct control_result result = {0};
	bool ok;

	l->epoch = doc_int(doc, "writer.epoch") + 1;
	BSON_APPEND_UTF8(&q, "_id", l->name);
	if (there) {
		BSON_APPEND_INT64(&q, "writer.epoch", l->epoch - 1);
		BSON_APPEND_DATE_TIME(
		    &q, "writer.expires", doc_date(doc, "writer.expires"));
		BSON_APPEND_DOCUMENT_BEGIN(&u, "$set", &set);
		append_writer(&set, self, tool, l->epoch, now);
		bson_append_document_end(&u, &set);
		ok = control_update(
		    l->conn, "jobs", &q, &u, false, &result, error);
	} else {
		BSON_APPEND_DATE_TIME(&q, "created", now);
		append_writer(&q, self, tool, l->epoch, now);
		ok = control_insert(l->conn, "jobs", &q, &result, error);
	}
	bson_destroy(&q);
	bson_destroy(&u);
	return ok;
}

static bool
is_ours(const struct lease *l, const struct holder *self, const bson_t *doc)
{
	return doc_int(doc, "writer.epoch") == l->epoch &&
	    doc_int(doc, "writer.pid") == self->pid &&
	    doc_int(doc, "writer.ticks") == self->ticks &&
	    same_text(doc, "writer.host", self->host) &&
	    doc_date(doc, "writer.expires") > 0;
}

/* Whether we have it is told by reading, never by the answer to the write:
 * that may have been the answer to a copy sent again. */
static bool
take(struct lease *l, const char *tool, bson_t *doc, bson_error_t *error)
{
	struct holder self;
	int64_t now, began = 0;
	int got;

	holder_self(&self);
	bson_init(doc);
	for (int i = 0; i < ATTEMPTS; i++) {
		bson_destroy(doc);
		got = control_find(l->conn, "jobs", l->name, doc, error);
		if (got < 0)
			return false;
		if (l->epoch && got && is_ours(l, &self, doc)) {
			atomic_store(&l->renewed, began);
			return true;
		}
		began = bson_get_monotonic_time();
		if (!control_now(l->conn, false, &now, error))
			return false;
		if (got && doc_date(doc, "writer.expires") > now &&
		    !is_dead(doc, &self))
			return refuse(l->name, doc, error);
		if (!claim(l, &self, tool, doc, got, now, error))
			return false;
	}
	return error_set(error, MM_EXIT_REFUSED, 0,
	    "job \"%s\": others take its lease again and again", l->name);
}

bool
lease_held(struct conn *c, const bson_t *doc, bool *held, bson_error_t *error)
{
	struct holder self;
	int64_t now;

	holder_self(&self);
	if (!control_now(c, false, &now, error))
		return false;
	*held = doc_date(doc, "writer.expires") > now && !is_dead(doc, &self);
	return true;
}

void
lease_guard(const struct lease *l, bson_t *q)
{
	BSON_APPEND_UTF8(q, "_id", l->name);
	BSON_APPEND_INT64(q, "writer.epoch", l->epoch);
}

static bool
set_expires(struct lease *l, int64_t ms, struct control_result *result)
{
	bson_t q = BSON_INITIALIZER, u = BSON_INITIALIZER;
	bson_error_t why;
	bool ok;

	lease_guard(l, &q);
	BCON_APPEND(&u, "$set", "{", "writer.expires", BCON_DATE_TIME(ms), "}");
	ok = control_update_once(l->conn, "jobs", &q, &u, result, &why);
	if (!ok)
		msg_verbose("job \"%s\": could not renew the lease: %s",
		    l->name, why.message);
	bson_destroy(&q);
	bson_destroy(&u);
	return ok;
}

/* False: try again soon. */
static bool
renew(struct lease *l)
{
	int64_t began = bson_get_monotonic_time(), now;
	struct control_result result = {0};

	if (!control_now(l->conn, true, &now, NULL) ||
	    !set_expires(l, now + LEASE_MS, &result))
		return false;
	if (result.n == 0)
		lease_note_lost(l);
	else
		atomic_store(&l->renewed, began);
	return true;
}

static void *
renew_thread(void *arg)
{
	struct lease *l = arg;
	struct timespec until;
	int wait = RENEW_MS;

	pthread_mutex_lock(&l->lock);
	while (!l->ending) {
		until = clock_after(CLOCK_MONOTONIC, wait);
		if (pthread_cond_timedwait(&l->wake, &l->lock, &until) == 0)
			continue;
		pthread_mutex_unlock(&l->lock);
		wait = lease_lost(l) || renew(l) ? RENEW_MS : RETRY_MS;
		pthread_mutex_lock(&l->lock);
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

static void
start_thread(struct lease *l)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&l->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&l->wake, &attr);
	pthread_condattr_destroy(&attr);
	l->running = pthread_create(&l->thread, NULL, renew_thread, l) == 0;
}

static void
lease_free(struct lease *l)
{
	conn_close(l->conn);
	bson_free(l->name);
	bson_free(l);
}

struct lease *
lease_take(struct conn *c, const char *name, const char *tool, bson_t *doc,
    bson_error_t *error)
{
	struct lease *l = bson_malloc0(sizeof *l);

	bson_init(doc);
	l->name = bson_strdup(name);
	l->conn = conn_open(c->server, error);
	if (!l->conn || !take(l, tool, doc, error)) {
		lease_free(l);
		return NULL;
	}
	start_thread(l);
	if (!l->running) {
		error_set(error, MM_EXIT_INTERNAL, 0,
		    "could not start the thread of the lease");
		lease_free(l);
		return NULL;
	}
	return l;
}

void
lease_give(struct lease *l)
{
	struct control_result result;

	pthread_mutex_lock(&l->lock);
	l->ending = true;
	pthread_cond_signal(&l->wake);
	pthread_mutex_unlock(&l->lock);
	pthread_join(l->thread, NULL);
	pthread_cond_destroy(&l->wake);
	pthread_mutex_destroy(&l->lock);
	if (!lease_lost(l))
		set_expires(l, 0, &result);
	lease_free(l);
}

void
lease_note_lost(struct lease *l)
{
	atomic_store(&l->lost, true);
}

bool
lease_lost(struct lease *l)
{
	if (bson_get_monotonic_time() - atomic_load(&l->renewed) >
	    LEASE_MS * 1000LL)
		atomic_store(&l->lost, true);
	return atomic_load(&l->lost);
}
