#include "mongo/fence.h"

#include "base/sig.h"
#include "mongo/control.h"

enum { TRIES = 50, TRY_MS = 20 };

static bool
note(struct conn *c, const char *job, const char *token, bson_error_t *error)
{
	bson_t cmd = BSON_INITIALIZER;
	bool ok;

	BCON_APPEND(&cmd, "appendOplogNote", BCON_INT32(1), "data", "{",
	    "mongomove", BCON_UTF8("fence"), "job", BCON_UTF8(job), "token",
	    BCON_UTF8(token), "}", "writeConcern", "{", "w",
	    BCON_UTF8("majority"), "wtimeout", BCON_INT32(WTIMEOUT_MS), "}");
	ok = conn_command(c, "admin", &cmd, NULL, error);
	bson_destroy(&cmd);
	return ok;
}

static bool
document(
    struct conn *c, const char *job, const char *token, bson_error_t *error)
{
	bson_t q = BSON_INITIALIZER, u = BSON_INITIALIZER;
	struct control_result result;
	bool ok;

	BSON_APPEND_UTF8(&q, "_id", job);
	BCON_APPEND(&u, "$set", "{", "token", BCON_UTF8(token), "}");
	ok = control_update(c, "fences", &q, &u, true, &result, error);
	bson_destroy(&q);
	bson_destroy(&u);
	return ok;
}

bool
fence_write(
    struct conn *c, const char *job, struct optime *at, bson_error_t *error)
{
	struct optime last;
	char token[25];
	bson_oid_t oid;
	unsigned n = 0;

	bson_oid_init(&oid, NULL);
	bson_oid_to_string(&oid, token);
	if (!server_info(c->server)->primary)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "%s is not the primary", c->server->where);
	if (!note(c, job, token, error) &&
	    (error->code != CODE_UNAUTHORIZED ||
		!document(c, job, token, error)))
		return error_prefix(error, "fence");
	/* What the member has as its last is the mark, or after it. */
	if (!conn_positions(c, at, &last, error))
		return false;
	while (optime_cmp(*at, last) < 0) {
		if (n++ == TRIES)
			return error_set(error, side_status(c->server->side), 0,
			    "%s: the majority does not follow",
			    c->server->where);
		sig_sleep(TRY_MS);
		if (!conn_positions(c, at, NULL, error))
			return false;
	}
	return true;
}

int
mirror_read(struct conn *c, const char *job, bson_t *doc, bson_error_t *error)
{
	return control_find(c, "switches", job, doc, error);
}

bool
mirror_write(struct conn *c, const char *job, const bson_t *fields, bool once,
    bson_error_t *error)
{
	bson_t q = BSON_INITIALIZER, u = BSON_INITIALIZER;
	struct control_result result;
	bool ok;

	BSON_APPEND_UTF8(&q, "_id", job);
	BSON_APPEND_DOCUMENT(&u, "$set", fields);
	ok = once ? control_update_once(c, "switches", &q, &u, &result, error)
		  : control_update(c, "switches", &q, &u, true, &result, error);
	bson_destroy(&q);
	bson_destroy(&u);
	return ok;
}
