#include "mongo/control.h"

#include "mongo/cursor.h"

static bool
take_result(struct conn *c, const bson_t *reply, struct control_result *result,
    bson_error_t *error)
{
	const char *text;
	uint32_t code;

	result->n = doc_int(reply, "n");
	code = (uint32_t)doc_int(reply, "writeErrors.0.code");
	result->duplicate = code == CODE_DUPLICATE;
	if (code == 0 || result->duplicate)
		return true;
	text = doc_text(reply, "writeErrors.0.errmsg");
	return error_set(error, MM_EXIT_TARGET, (int)code, "%s: %s (%u)",
	    c->server->where, text ? text : "no reason given", code);
}

/* The command is without its write concern and transaction number. */
static bool
write_command(struct conn *c, bson_t *cmd, bool retryable, bool once,
    struct control_result *result, bson_error_t *error)
{
	int64_t since = bson_get_monotonic_time();
	bson_error_t why;
	bson_t reply;
	unsigned n = 0;
	bool ok;

	BCON_APPEND(cmd, "writeConcern", "{", "w", BCON_UTF8("majority"), "j",
	    BCON_BOOL(true), "wtimeout", BCON_INT32(WTIMEOUT_MS), "}");
	if (retryable && c->server->retryable_writes)
		BSON_APPEND_INT64(cmd, "txnNumber", ++c->server->txn_number);
	for (;;) {
		ok = conn_run(c, CONTROL_DB, cmd, NULL, &reply, &why);
		if (ok)
			ok = take_result(c, &reply, result, &why);
		bson_destroy(&reply);
		if (ok || once ||
		    (!conn_may_retry(c, &why) &&
			why.code != CODE_WRITE_CONCERN) ||
		    !conn_back_off(n++, since))
			break;
	}
	if (!ok && error)
		*error = why;
	return ok;
}

bool
control_update_all(struct conn *c, const char *coll, const bson_t *q,
    const bson_t *u, bson_error_t *error)
{
	bson_t cmd = BSON_INITIALIZER;
	struct control_result result;
	bool ok;

	BCON_APPEND(&cmd, "update", BCON_UTF8(coll), "updates", "[", "{", "q",
	    BCON_DOCUMENT(q), "u", BCON_DOCUMENT(u), "multi", BCON_BOOL(true),
	    "}", "]");
	/* Many at once cannot have a transaction number. */
	ok = write_command(c, &cmd, false, false, &result, error);
	bson_destroy(&cmd);
	return ok;
}

bool
control_update_list(
    struct conn *c, const char *coll, const bson_t *list, bson_error_t *error)
{
	bson_t cmd = BSON_INITIALIZER;
	struct control_result result;
	bool ok;

	BSON_APPEND_UTF8(&cmd, "update", coll);
	BSON_APPEND_ARRAY(&cmd, "updates", list);
	BSON_APPEND_BOOL(&cmd, "ordered", false);
	ok = write_command(c, &cmd, false, false, &result, error);
	bson_destroy(&cmd);
	return ok;
}

static bool
update(struct conn *c, const char *coll, const bson_t *q, const bson_t *u,
    bool upsert, bool once, struct control_result *result, bson_error_t *error)
{
	bson_t cmd = BSON_INITIALIZER;
	bool ok;

	BCON_APPEND(&cmd, "update", BCON_UTF8(coll), "updates", "[", "{", "q",
	    BCON_DOCUMENT(q), "u", BCON_DOCUMENT(u), "upsert",
	    BCON_BOOL(upsert), "}", "]");
	ok = write_command(c, &cmd, true, once, result, error);
	bson_destroy(&cmd);
	return ok;
}

bool
control_update(struct conn *c, const char *coll, const bson_t *q,
    const bson_t *u, bool upsert, struct control_result *result,
    bson_error_t *error)
{
	return update(c, coll, q, u, upsert, false, result, error);
}

bool
control_update_once(struct conn *c, const char *coll, const bson_t *q,
    const bson_t *u, struct control_result *result, bson_error_t *error)
{
	return update(c, coll, q, u, false, true, result, error);
}

bool
control_insert(struct conn *c, const char *coll, const bson_t *doc,
    struct control_result *result, bson_error_t *error)
{
	bson_t cmd = BSON_INITIALIZER;
	bool ok;

	BCON_APPEND(&cmd, "insert", BCON_UTF8(coll), "documents", "[",
	    BCON_DOCUMENT(doc), "]");
	ok = write_command(c, &cmd, true, false, result, error);
	bson_destroy(&cmd);
	return ok;
}

bool
control_delete(
    struct conn *c, const char *coll, const bson_t *q, bson_error_t *error)
{
	bson_t cmd = BSON_INITIALIZER;
	struct control_result result;
	bool ok;

	BCON_APPEND(&cmd, "delete", BCON_UTF8(coll), "deletes", "[", "{", "q",
	    BCON_DOCUMENT(q), "limit", BCON_INT32(0), "}", "]");
	/* Many at once cannot have a transaction number. */
	ok = write_command(c, &cmd, false, false, &result, error);
	bson_destroy(&cmd);
	return ok;
}

int
control_read(struct conn *c, const char *coll, const bson_t *q, bson_t *doc,
    bson_error_t *error)
{
	struct cursor_opts o = {.db = CONTROL_DB, .coll = coll, .filter = q};

	return cursor_one(c, &o, doc, error);
}

int
control_find(struct conn *c, const char *coll, const char *id, bson_t *doc,
    bson_error_t *error)
{
	bson_t q = BSON_INITIALIZER;
	int got;

	BSON_APPEND_UTF8(&q, "_id", id);
	got = control_read(c, coll, &q, doc, error);
	bson_destroy(&q);
	return got;
}

bool
control_now(struct conn *c, bool once, int64_t *ms, bson_error_t *error)
{
	bson_iter_t it;
	bson_t reply;
	bool ok;

	ok = conn_hello(c, once, &reply, error);
	if (ok &&
	    (!bson_iter_init_find(&it, &reply, "localTime") ||
		!BSON_ITER_HOLDS_DATE_TIME(&it)))
		ok = error_set(error, MM_EXIT_TARGET, 0,
		    "%s does not tell its time", c->server->where);
	if (ok)
		*ms = bson_iter_date_time(&it);
	bson_destroy(&reply);
	return ok;
}
