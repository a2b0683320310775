#include "mongo/write_block.h"

#include <string.h>

#include "mongo/driver.h"

/* What serverStatus says; 0: not known at the moment. */
enum { MODE_OFF = 1, MODE_ON = 2 };

int
write_block_now(struct conn *c, bson_error_t *error)
{
	int64_t now = 0;
	bson_t reply, mode;
	bool ok, known = false;

	ok = conn_ask(c, "serverStatus", false, &reply, error);
	if (ok && doc_sub(&reply, "repl", &mode)) {
		known = bson_has_field(&mode, "userWriteBlockMode");
		now = doc_int(&mode, "userWriteBlockMode");
	}
	bson_destroy(&reply);
	if (ok && !known)
		ok = error_set(error, MM_EXIT_REFUSED, 0,
		    "%s: the server knows no setUserWriteBlockMode",
		    c->server->where);
	else if (ok && now < MODE_OFF)
		ok = error_set(error, side_status(c->server->side), 0,
		    "%s: the server does not know whether it blocks writes",
		    c->server->where);
	return !ok ? -1 : now >= MODE_ON;
}

bool
write_block_set(struct conn *c, bool on, bson_error_t *error)
{
	int64_t since = bson_get_monotonic_time();
	bson_t cmd = BSON_INITIALIZER;
	unsigned n = 0;
	bool ok;

	BSON_APPEND_INT32(&cmd, "setUserWriteBlockMode", 1);
	BSON_APPEND_BOOL(&cmd, "global", on);
	do {
		ok = conn_command(c, "admin", &cmd, NULL, error);
	} while (!ok && conn_may_retry(c, error) && conn_back_off(n++, since));
	bson_destroy(&cmd);
	return ok;
}

static bool
has_action(bson_iter_t *actions)
{
	while (bson_iter_next(actions))
		if (BSON_ITER_HOLDS_UTF8(actions) &&
		    (strcmp(bson_iter_utf8(actions, NULL),
			 "bypassWriteBlockingMode") == 0 ||
			strcmp(bson_iter_utf8(actions, NULL), "anyAction") ==
			    0))
			return true;
	return false;
}

int
write_block_bypassed(struct conn *c, bson_error_t *error)
{
	bson_t cmd = BSON_INITIALIZER, reply, list;
	bson_iter_t it, one, actions;
	int got = -1;

	BSON_APPEND_INT32(&cmd, "connectionStatus", 1);
	BSON_APPEND_BOOL(&cmd, "showPrivileges", true);
	if (conn_read(c, "admin", &cmd, &reply, error)) {
		got = 0;
		if (doc_sub(&reply, "authInfo.authenticatedUserPrivileges",
			&list) &&
		    bson_iter_init(&it, &list))
			while (got == 0 && bson_iter_next(&it))
				got = bson_iter_recurse(&it, &one) &&
				    bson_iter_find_descendant(
					&one, "actions", &actions) &&
				    bson_iter_recurse(&actions, &one) &&
				    has_action(&one);
	}
	bson_destroy(&reply);
	bson_destroy(&cmd);
	return got;
}
