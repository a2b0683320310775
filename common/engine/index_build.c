#include "engine/index_build.h"

#include "base/clock.h"
#include "base/msg.h"
#include "base/sig.h"
#include "engine/again.h"
#include "engine/index_watch.h"

enum { LONG_MS = 60000, CODE_KILLED = 11601 };

typedef bool send_fn(
    struct conn *c, const char *ns, const bson_t *what, bson_error_t *error);

/* The command came to its end, and the build perhaps did not: the connection
 * was lost, or the server is changing roles. A command that was killed was
 * killed by somebody, and its build with it. */
static bool
is_lost(struct conn *c, const bson_error_t *error)
{
	return error->code != CODE_KILLED && again_lost(c, error);
}

static bool
goes_on(struct conn *c, const char *ns, int64_t ms)
{
	return index_watch_runs(c, ns) > 0 || ms > LONG_MS;
}

static bool
see_through(struct conn *c, const char *ns, const bson_t *what, send_fn *send,
    bson_error_t *error)
{
	unsigned tries = 0;
	bool ok, lost;

	for (;;) {
		int64_t began = clock_ms();

		ok = send(c, ns, what, error);
		lost = !ok && is_lost(c, error);
		if (!lost || sig_stopping())
			break;
		if (goes_on(c, ns, clock_ms() - began)) {
			msg_info("lost the connection while the target builds "
				 "indexes of \"%s\": waits for them again",
			    ns);
			tries = 0;
		}
		if (!again_wait(error, &tries))
			break;
	}
	return ok || !lost || !sig_stopping()
	    ? ok
	    : error_set(error, MM_EXIT_STOPPED, 0,
		  "stopped by a signal while indexes of \"%s\" were waited for",
		  ns);
}

bool
index_build(
    struct conn *c, const char *ns, const bson_t *specs, bson_error_t *error)
{
	bool ok;

	index_watch_enter(ns);
	ok = see_through(c, ns, specs, catalog_create_indexes, error);
	index_watch_leave(ns);
	return ok;
}

bool
index_build_asleep(
    struct conn *c, const char *ns, const bson_t *spec, bson_error_t *error)
{
	bool ok;

	index_watch_enter(ns);
	ok = see_through(c, ns, spec, catalog_create_ttl_asleep, error);
	index_watch_leave(ns);
	return ok;
}
