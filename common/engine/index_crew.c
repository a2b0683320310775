#include "engine/index_crew.h"

#include <stdatomic.h>

#include "base/msg.h"
#include "base/sig.h"
#include "base/thread.h"

enum { JOBS_MAX = 64 };

struct failure {
	bool is;
	bson_error_t error;
};

struct index_crew {
	struct server *server;
	size_t n;
	index_work *work;
	void *arg;
	atomic_size_t next;
	atomic_bool failed, stopped;
	struct failure *failure; /* n of them, each of its thread alone */
};

static bool
take(struct index_crew *x, size_t *i)
{
	if (x->failed || (*i = x->next) >= x->n)
		return false;
	if (sig_stopping()) {
		x->stopped = true;
		return false;
	}
	return (*i = x->next++) < x->n;
}

/* c is NULL: there is none to be had, *error says why. */
static void
go_through(struct index_crew *x, struct conn *c, bson_error_t *error)
{
	size_t i;

	while (take(x, &i)) {
		if (c && x->work(x->arg, c, i, error))
			continue;
		x->failure[i] = (struct failure){true, *error};
		x->failed = true;
	}
}

static void *
run(void *arg)
{
	struct index_crew *x = arg;
	bson_error_t error = {0};
	struct conn *c = conn_open(x->server, &error);

	go_through(x, c, &error);
	if (c)
		conn_close(c);
	return NULL;
}

static bool
judge(const struct index_crew *x, bson_error_t *error)
{
	bool ok = true;

	for (size_t i = 0; i < x->n; i++) {
		if (!x->failure[i].is)
			continue;
		if (ok)
			*error = x->failure[i].error;
		else
			msg_warn("%s", x->failure[i].error.message);
		ok = false;
	}
	return ok &&
	    (!x->stopped ||
		error_set(error, MM_EXIT_STOPPED, 0,
		    "stopped by a signal before all indexes were made"));
}

bool
index_crew_run(struct conn *c, size_t n, int jobs, index_work *work, void *arg,
    bson_error_t *error)
{
	struct index_crew x = {
	    .server = conn_server(c), .n = n, .work = work, .arg = arg};
	size_t want = jobs < 1 ? 1 : jobs < JOBS_MAX ? (size_t)jobs : JOBS_MAX;
	bson_error_t why;
	bool ok;

	x.failure = bson_malloc0((n + 1) * sizeof *x.failure);
	if (want > n)
		want = n;
	/* Where no thread can be had: one by one. */
	if (want < 2 || !threads_run(want, run, &x, &why))
		go_through(&x, c, &why);
	ok = judge(&x, error);
	bson_free(x.failure);
	return ok;
}
