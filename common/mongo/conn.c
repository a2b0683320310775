/* Connections and commands.
 *
 * Every command goes through mongoc_client_command_with_opts: it never
 * retries, adds no read or write concern of its own, and reports what the
 * server said. What is retried, and with which transaction number, is decided
 * here and in bulk.c. The session is explicit: with the driver's implicit ones
 * a retry may go out under another session, and the server could not refuse a
 * first copy that arrives late.
 */
#include "mongo/driver.h"

#include <string.h>

#include "base/sig.h"
#include "base/stage.h"

struct conn *
conn_open(struct server *s, bson_error_t *error)
{
	struct conn *c = BSON_ALIGNED_ALLOC0(struct conn);
	mongoc_session_opt_t *so;
	bson_error_t why;

	c->server = s;
	c->read_at = OPTIME_NULL;
	bson_init(&c->opts);
	c->client = mongoc_client_pool_pop(s->pool);
	if (!s->info.sessions)
		goto done;
	so = mongoc_session_opts_new();
	/* A causal session would make reads of a locked secondary wait. */
	mongoc_session_opts_set_causal_consistency(so, false);
	c->session = mongoc_client_start_session(c->client, so, &why);
	mongoc_session_opts_destroy(so);
	if (!c->session) {
		conn_fail(c, "startSession", NULL, &why, error);
		conn_close(c);
		return NULL;
	}
	if (!mongoc_client_session_append(c->session, &c->opts, &why)) {
		conn_fail(c, "startSession", NULL, &why, error);
		conn_close(c);
		return NULL;
	}
done:
	if (s->pinned)
		BSON_APPEND_INT32(&c->opts, "serverId", (int32_t)s->pinned);
	return c;
}

void
conn_close(struct conn *c)
{
	if (!c)
		return;
	if (c->session)
		mongoc_client_session_destroy(c->session);
	if (c->ddl_client) {
		/* Without a word to a server that may be gone: it ends idle
		 * sessions itself. */
		mongoc_client_reset(c->ddl_client);
		mongoc_client_destroy(c->ddl_client);
	}
	mongoc_client_pool_push(c->server->pool, c->client);
	bson_destroy(&c->opts);
	bson_free(c);
}

void
conn_read_at(struct conn *c, struct optime at)
{
	c->read_at = at;
}

struct server *
conn_server(struct conn *c)
{
	return c->server;
}

bool
conn_no_reply(const struct conn *c)
{
	return c->no_reply;
}

/* Codes of oplog 8.5 and of killed cursors and operations: the server is
 * changing roles, shutting down or was told to stop this one. */
bool
code_transient(uint32_t code)
{
	static const uint16_t codes[] = {6, 7, 43, 63, 89, 91, 133, 134, 175,
	    189, 237, 246, 262, 317, 9001, 10058, 10107, 11600, 11601, 11602,
	    13388, 13435, 13436};

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (codes[i] == code)
			return true;
	return false;
}

/* What the server will refuse again, however often it is sent: a bad value,
 * field, name, type, option, view or specification of an index; and what an
 * older one does not know: a field (40415) or a stage (40324). */
static bool
code_final(uint32_t code)
{
	static const uint16_t codes[] = {2, 9, 14, 15, 22, 67, 72, 73, 85, 86,
	    115, 165, 167, 168, 171, 182, 197, 10334, 13297, 16755, 17280,
	    40324, 40414, 40415, 51024};

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (codes[i] == code)
			return true;
	return false;
}

static enum mm_exit
status_of_code(const struct conn *c, uint32_t code)
{
	if (code_final(code))
		return MM_EXIT_REFUSED;
	switch (code) {
	case CODE_UNAUTHORIZED:
	case CODE_LOGIN_FAILED:
	case CODE_NO_MAJORITY:
	case CODE_NO_REAUTH:
	case CODE_WRITE_BLOCK:
		return MM_EXIT_REFUSED;
	default:
		return side_status(c->server->side);
	}
}

/* The server's own text may quote the key of a document after "dup key:". */
static int
harmless(const char *text)
{
	const char *end = strstr(text, " dup key:");

	return (int)(end ? (size_t)(end - text) : strlen(text));
}

/* The driver gives every failure during the login one code, also a lost
 * connection; only an answer of the server is a refusal. */
static bool
login_refused(const bson_error_t *why)
{
	return why->domain == MONGOC_ERROR_CLIENT &&
	    why->code == MONGOC_ERROR_CLIENT_AUTHENTICATE &&
	    !strstr(why->message, "Failed to send") &&
	    !strstr(why->message, "Failed to read") &&
	    !strstr(why->message, "socket error");
}

bool
conn_fail(struct conn *c, const char *command, const bson_t *reply,
    const bson_error_t *driver, bson_error_t *error)
{
	const char *where = c->server->where;
	uint32_t code = driver->code;

	c->no_reply = !reply || !bson_has_field(reply, "ok");
	if (c->no_reply) {
		code = login_refused(driver) ? CODE_LOGIN_FAILED : 0;
		return error_set(error, status_of_code(c, code), (int)code,
		    "%s: %s%s", where, code ? "login failed: " : "",
		    driver->message);
	}
	return error_set(error, status_of_code(c, code), (int)code,
	    "%s: %s: %.*s (%u)", where, command, harmless(driver->message),
	    driver->message, code);
}

/* A write concern error stands in a reply that is ok. */
static bool
check_write_concern(struct conn *c, const char *command, const bson_t *reply,
    bson_error_t *error)
{
	const char *text;
	bson_t wce;
	uint32_t code;

	if (!doc_sub(reply, "writeConcernError", &wce))
		return true;
	code = (uint32_t)doc_int(&wce, "code");
	text = doc_text(&wce, "errmsg");
	if (code == 0)
		code = CODE_WRITE_CONCERN;
	return error_set(error, status_of_code(c, code), (int)code,
	    "%s: %s: not acknowledged by a majority: %s (%u)", c->server->where,
	    command, text ? text : "no reason given", code);
}

static const char *
command_name(const bson_t *command)
{
	bson_iter_t it;

	return bson_iter_init(&it, command) && bson_iter_next(&it)
	    ? bson_iter_key(&it)
	    : "command";
}

bool
conn_run(struct conn *c, const char *db, const bson_t *command,
    const bson_t *opts, bson_t *reply, bson_error_t *error)
{
	bson_error_t why = {0};
	enum stage was;
	bson_t local;
	bool ok;

	if (!reply)
		reply = &local;
	c->no_reply = false;
	was = stage_enter(STAGE_SERVER);
	ok = mongoc_client_command_with_opts(c->client, db, command,
	    c->server->prefs, opts ? opts : &c->opts, reply, &why);
	stage_enter(was);
	if (!ok)
		conn_fail(c, command_name(command), reply, &why, error);
	else
		ok =
		    check_write_concern(c, command_name(command), reply, error);
	if (reply == &local)
		bson_destroy(&local);
	return ok;
}

bool
conn_command(struct conn *c, const char *db, const bson_t *command,
    bson_t *reply, bson_error_t *error)
{
	return conn_run(c, db, command, NULL, reply, error);
}

bool
conn_may_retry(const struct conn *c, const bson_error_t *error)
{
	return (c->no_reply && error->code != CODE_LOGIN_FAILED) ||
	    code_transient(error->code);
}

bool
conn_back_off(unsigned n, int64_t since)
{
	static const int ms[] = {100, 1000, 3000, 8000, 18000};
	enum stage was;
	bool ok;

	if (n >= sizeof ms / sizeof *ms)
		return false;
	/* One try that hung may have used up all the time: a new connection is
	 * worth two more. */
	if (n >= 2 && bson_get_monotonic_time() - since > 31 * 1000000LL)
		return false;
	was = stage_enter(STAGE_SERVER);
	ok = sig_sleep(ms[n]);
	stage_enter(was);
	return ok;
}

bool
conn_read(struct conn *c, const char *db, const bson_t *command, bson_t *reply,
    bson_error_t *error)
{
	int64_t since = bson_get_monotonic_time();
	bson_error_t why;
	bson_t local;
	bool ok;

	for (unsigned n = 0;; n++) {
		ok = conn_run(c, db, command, NULL, &local, &why);
		if (ok || !conn_may_retry(c, &why) || !conn_back_off(n, since))
			break;
		bson_destroy(&local);
	}
	if (!ok && error)
		*error = why;
	if (!reply || !bson_steal(reply, &local))
		bson_destroy(&local);
	return ok;
}

bool
conn_ask(struct conn *c, const char *command, bool once, bson_t *reply,
    bson_error_t *error)
{
	bson_t cmd = BSON_INITIALIZER;
	bool ok;

	BSON_APPEND_INT32(&cmd, command, 1);
	ok = (once ? conn_command : conn_read)(c, "admin", &cmd, reply, error);
	bson_destroy(&cmd);
	return ok;
}

/* A client of its own, without a limit on waiting; it is no pool's, because
 * a pool has threads, and its end takes time. */
static mongoc_client_t *
ddl_client(struct server *s)
{
	mongoc_uri_t *uri = mongoc_uri_copy(s->uri);
	mongoc_client_t *client;

	/* 0 would mean the driver's default of five minutes. */
	mongoc_uri_set_option_as_int32(
	    uri, MONGOC_URI_SOCKETTIMEOUTMS, INT32_MAX);
	mongoc_uri_set_option_as_bool(
	    uri, MONGOC_URI_SERVERSELECTIONTRYONCE, false);
	client = mongoc_client_new_from_uri(uri);
	mongoc_client_set_error_api(client, MONGOC_ERROR_API_VERSION_2);
	mongoc_client_set_appname(client, s->appname);
	mongoc_uri_destroy(uri);
	return client;
}

bool
conn_ddl(struct conn *c, const char *db, const bson_t *command, bson_t *reply,
    bson_error_t *error)
{
	struct conn ddl = {.server = c->server};
	bson_t all, none = BSON_INITIALIZER;
	bool ok;

	if (!c->ddl_client)
		c->ddl_client = ddl_client(c->server);
	ddl.client = c->ddl_client;
	bson_copy_to(command, &all);
	BCON_APPEND(&all, "writeConcern", "{", "w", BCON_UTF8("majority"), "j",
	    BCON_BOOL(true), "}");
	ok = conn_run(&ddl, db, &all, &none, reply, error);
	c->no_reply = ddl.no_reply;
	bson_destroy(&all);
	return ok;
}

void
conn_opts(const struct conn *c, uint32_t server_id, bson_t *opts)
{
	bson_copy_to(&c->opts, opts);
	if (server_id && !c->server->pinned)
		BSON_APPEND_INT32(opts, "serverId", (int32_t)server_id);
}

bool
conn_select(struct conn *c, uint32_t *server_id, bson_error_t *error)
{
	mongoc_server_description_t *sd;
	bson_error_t why;

	*server_id = c->server->pinned;
	if (*server_id)
		return true;
	sd = mongoc_client_select_server(c->client, true, NULL, &why);
	if (!sd)
		return conn_fail(c, "select", NULL, &why, error);
	*server_id = mongoc_server_description_id(sd);
	mongoc_server_description_destroy(sd);
	return true;
}
