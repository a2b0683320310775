#include "mongo/pause.h"

#include <string.h>

#include "base/doc.h"
#include "mongo/driver.h"

#define HOST_MAX 300

static bool
no_pause(const struct conn *c, const char *why, bson_error_t *error)
{
	return error_set(error, MM_EXIT_REFUSED, 0, "%s cannot be locked: %s",
	    c->server->info.me, why);
}

/* Of members.N: whether its vote and its data count for a majority. */
static bool
counts(const bson_t *config, uint32_t i, const char **host)
{
	char field[64];

	snprintf(field, sizeof field, "config.members.%u.host", i);
	*host = doc_text(config, field);
	snprintf(field, sizeof field, "config.members.%u.votes", i);
	if (doc_int(config, field) == 0)
		return false;
	snprintf(field, sizeof field, "config.members.%u.arbiterOnly", i);
	return !doc_bool(config, field);
}

static bool
is_healthy(const bson_t *status, const char *host)
{
	bson_t members;
	char field[64];
	uint32_t n;

	if (!host || !doc_sub(status, "members", &members))
		return false;
	n = bson_count_keys(&members);
	for (uint32_t i = 0; i < n; i++) {
		const char *name;
		int64_t state;

		snprintf(field, sizeof field, "%u.name", i);
		name = doc_text(&members, field);
		if (!name || strcmp(name, host) != 0)
			continue;
		snprintf(field, sizeof field, "%u.state", i);
		state = doc_int(&members, field);
		snprintf(field, sizeof field, "%u.health", i);
		return (state == 1 || state == 2) &&
		    doc_int(&members, field) == 1;
	}
	return false;
}

/* Without this member enough others are well to acknowledge writes. */
static bool
leaves_majority(const bson_t *config, const bson_t *status, const char *me)
{
	uint32_t n, votes = 0, writable = 0, healthy = 0, needed;
	bson_t members;
	char field[64];

	if (!doc_sub(config, "config.members", &members))
		return false;
	n = bson_count_keys(&members);
	for (uint32_t i = 0; i < n; i++) {
		const char *host;

		snprintf(field, sizeof field, "config.members.%u.votes", i);
		votes += doc_int(config, field) > 0;
		if (!counts(config, i, &host))
			continue;
		writable++;
		if (host && strcmp(host, me) != 0)
			healthy += is_healthy(status, host);
	}
	needed = votes / 2 + 1;
	return healthy >= (needed < writable ? needed : writable);
}

static bool
check_member(struct conn *c, const bson_t *config, const bson_t *status,
    const char *me, bson_error_t *error)
{
	bson_t members;
	char field[64];
	uint32_t n = 0;

	if (doc_int(status, "myState") != 2)
		return no_pause(c, "it is no secondary", error);
	if (doc_sub(config, "config.members", &members))
		n = bson_count_keys(&members);
	for (uint32_t i = 0; i < n; i++) {
		const char *host;

		snprintf(field, sizeof field, "%u.host", i);
		host = doc_text(&members, field);
		if (!host || strcmp(host, me) != 0)
			continue;
		snprintf(field, sizeof field, "%u.hidden", i);
		if (doc_bool(&members, field))
			break;
		snprintf(field, sizeof field, "%u.priority", i);
		if (bson_has_field(&members, field) &&
		    !doc_bool(&members, field))
			break;
		return no_pause(c,
		    "it may be elected; make it hidden or give it priority 0",
		    error);
	}
	return leaves_majority(config, status, me) ||
	    no_pause(c,
		"without it no majority that is well is left to acknowledge "
		"writes",
		error);
}

bool
pause_may(struct conn *c, bson_error_t *error)
{
	bson_t status = BSON_INITIALIZER, config = BSON_INITIALIZER;
	bool ok;

	bson_destroy(&status);
	ok = conn_ask(c, "replSetGetStatus", false, &status, error);
	if (ok) {
		bson_destroy(&config);
		ok = conn_ask(c, "replSetGetConfig", false, &config, error);
	}
	ok = ok && check_member(c, &config, &status, c->server->info.me, error);
	bson_destroy(&status);
	bson_destroy(&config);
	return ok;
}

int
pause_is_locked(struct conn *c, bson_error_t *error)
{
	bson_t cmd = BSON_INITIALIZER, reply;
	int got = -1;

	BCON_APPEND(
	    &cmd, "currentOp", BCON_INT32(1), "$ownOps", BCON_BOOL(true));
	if (conn_read(c, "admin", &cmd, &reply, error))
		got = doc_bool(&reply, "fsyncLock");
	bson_destroy(&reply);
	bson_destroy(&cmd);
	return got;
}

bool
pause_lock(struct conn *c, int64_t *count, bson_error_t *error)
{
	bson_t cmd = BSON_INITIALIZER, reply;
	bool ok;

	BCON_APPEND(&cmd, "fsync", BCON_INT32(1), "lock", BCON_BOOL(true));
	ok = conn_command(c, "admin", &cmd, &reply, error);
	*count = bson_has_field(&reply, "lockCount")
	    ? doc_int(&reply, "lockCount")
	    : 1;
	if (!ok && error->code == CODE_NO_COMMAND)
		no_pause(c, "the server has no command fsync", error);
	bson_destroy(&reply);
	bson_destroy(&cmd);
	return ok;
}

bool
pause_unlock(struct conn *c, int64_t *count, bson_error_t *error)
{
	bson_error_t why;
	bson_t reply;
	bool ok;

	*count = 0;
	ok = conn_ask(c, "fsyncUnlock", true, &reply, &why);
	if (ok)
		*count = doc_int(&reply, "lockCount");
	/* Codes differ by version. */
	else if (strstr(why.message, "not locked"))
		ok = true;
	else if (error)
		*error = why;
	bson_destroy(&reply);
	return ok;
}

bool
pause_position(struct conn *c, struct optime *at, bson_error_t *error)
{
	struct optime last;
	bson_t reply, optimes;
	bool ok;

	ok = conn_ask(c, "replSetGetStatus", false, &reply, error) &&
	    conn_positions(c, NULL, &last, error);
	if (ok &&
	    !(doc_sub(&reply, "optimes", &optimes) &&
		optime_read(&optimes, "appliedOpTime", at)))
		ok = error_set(error, MM_EXIT_REFUSED, 0,
		    "%s does not say what it has applied", c->server->info.me);
	/* From 8.0 on what is written may not be applied yet. */
	if (ok && optime_cmp(last, *at) < 0)
		*at = last;
	bson_destroy(&reply);
	return ok;
}

bool
pause_others(
    struct conn *c, char *primary, char *sync_source, bson_error_t *error)
{
	bson_t hello = BSON_INITIALIZER, status;
	const char *host;
	bool ok;

	bson_init(&status);
	bson_destroy(&hello);
	ok = conn_hello(c, false, &hello, error);
	host = ok ? doc_text(&hello, "primary") : NULL;
	bson_strncpy(primary, host ? host : "", HOST_MAX);
	if (ok && !host)
		ok = error_set(error, MM_EXIT_SOURCE, 0, "%s knows no primary",
		    c->server->info.me);
	if (ok) {
		bson_destroy(&status);
		ok = conn_ask(c, "replSetGetStatus", false, &status, error);
	}
	host = ok ? doc_text(&status, "syncSourceHost") : NULL;
	bson_strncpy(sync_source, host && *host ? host : primary, HOST_MAX);
	bson_destroy(&hello);
	bson_destroy(&status);
	return ok;
}
