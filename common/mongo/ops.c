#include "mongo/ops.h"

#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/doc.h"
#include "base/hash.h"
#include "model/ns.h"
#include "mongo/cursor.h"
#include "mongo/driver.h"

typedef void each_op(void *arg, const bson_t *op);

/* Every document of $currentOp, idle sessions too. */
static bool
each_current(struct conn *c, each_op *each, void *arg, bson_error_t *error)
{
	bson_t cmd = BSON_INITIALIZER, pipeline, stage, opts;
	struct cursor *cur;
	enum cursor_got got;
	const bson_t *doc;

	BSON_APPEND_INT32(&cmd, "aggregate", 1);
	BSON_APPEND_ARRAY_BEGIN(&cmd, "pipeline", &pipeline);
	BSON_APPEND_DOCUMENT_BEGIN(&pipeline, "0", &stage);
	BSON_APPEND_DOCUMENT_BEGIN(&stage, "$currentOp", &opts);
	BSON_APPEND_BOOL(&opts, "allUsers", true);
	BSON_APPEND_BOOL(&opts, "idleSessions", true);
	bson_append_document_end(&stage, &opts);
	bson_append_document_end(&pipeline, &stage);
	bson_append_array_end(&cmd, &pipeline);
	BSON_APPEND_DOCUMENT_BEGIN(&cmd, "cursor", &opts);
	bson_append_document_end(&cmd, &opts);
	cur = cursor_new_command(c, "admin", &cmd);
	while ((got = cursor_next(cur, &doc, error)) == CURSOR_DOC)
		each(arg, doc);
	cursor_free(cur);
	bson_destroy(&cmd);
	return got == CURSOR_END;
}

static bool
excepted(const struct ops_scope *scope, const bson_t *op)
{
	const char *app = doc_text(op, "appName");

	return scope->except && app &&
	    strncmp(app, scope->except, strlen(scope->except)) == 0;
}

static bool
is_transaction(const bson_t *op)
{
	bson_iter_t it;

	/* Retryable writes have a transaction number too, but no autocommit. */
	return doc_find(op, "transaction.parameters.autocommit", &it) &&
	    !bson_iter_as_bool(&it);
}

const char *
ops_account(const bson_t *user, char *sha)
{
	struct sha256 *h = sha256_new();
	const char *name = doc_text_or(user, "user", "");
	const char *db = doc_text_or(user, "db", "");

	sha256_add(h, name, strlen(name));
	sha256_add(h, "@", 1);
	sha256_add(h, db, strlen(db));
	return sha256_finish(h, sha);
}

/* Of an account that cannot write to the selection. */
static bool
is_apart(const struct ops_scope *scope, const bson_t *op)
{
	uint8_t uid[SHA256_BYTES];
	char text[SHA256_TEXT];

	return scope->apart && doc_bytes(op, "lsid.uid", uid, sizeof uid) &&
	    textset_has(scope->apart, hash_hex(uid, sizeof uid, text));
}

/* bulkWrite (8.0) between two of its operations; during one it is shown as that
 * one, with its collection. Its namespaces are known where the client sent them
 * within the command: 1 one of them is selected, 0 none, -1 unknown. */
static int
bulk_selected(const struct ops_scope *scope, const bson_t *command)
{
	bson_t list, one;
	bson_iter_t it;
	const char *ns;

	if (!doc_sub(command, "nsInfo", &list) || !bson_iter_init(&it, &list))
		return -1;
	while (doc_next(&it, &one)) {
		ns = doc_text(&one, "ns");
		if (ns && scope->ns(scope->arg, ns))
			return 1;
	}
	return 0;
}

/* The namespace of a command on "db.$cmd" is in the command. */
static bool
names_selected(const struct ops_scope *scope, const bson_t *op)
{
	const char *ns = doc_text(op, "ns"), *dot, *coll = NULL;
	bson_iter_t it;
	bson_t command;
	bool yes;
	char *full;

	if (doc_find(op, "command.bulkWrite", &it) &&
	    doc_sub(op, "command", &command))
		return bulk_selected(scope, &command) > 0;
	if (!ns || !*ns)
		return false;
	dot = strchr(ns, '.');
	if (!dot || strcmp(dot, ".$cmd") != 0)
		return scope->ns(scope->arg, ns);
	if (doc_sub(op, "command", &command) && bson_iter_init(&it, &command) &&
	    bson_iter_next(&it) && BSON_ITER_HOLDS_UTF8(&it))
		coll = bson_iter_utf8(&it, NULL);
	if (!coll)
		return false;
	full = bson_strdup_printf("%.*s.%s", (int)(dot - ns), ns, coll);
	yes = scope->ns(scope->arg, full);
	bson_free(full);
	return yes;
}

/* An aggregation whose result goes into a collection. */
static bool
writes_out(const bson_t *command)
{
	bson_t pipeline, stage;
	bson_iter_t it;

	if (!doc_sub(command, "pipeline", &pipeline) ||
	    !bson_iter_init(&it, &pipeline))
		return false;
	while (doc_next(&it, &stage)) {
		if (bson_has_field(&stage, "$out") ||
		    bson_has_field(&stage, "$merge"))
			return true;
	}
	return false;
}

static bool
is_write(const bson_t *op)
{
	static const char *const ops[] = {
	    "insert", "update", "remove", "bulkWrite"};
	static const char *const commands[] = {"insert", "update", "delete",
	    "findAndModify", "findandmodify", "bulkWrite", "create", "drop",
	    "dropDatabase", "renameCollection", "collMod", "createIndexes",
	    "dropIndexes", "convertToCapped", "mapReduce", "applyOps"};
	const char *kind = doc_text(op, "op");
	bson_t command;
	bson_iter_t it;

	for (size_t i = 0; kind && i < sizeof ops / sizeof *ops; i++)
		if (strcmp(kind, ops[i]) == 0)
			return true;
	if (!doc_sub(op, "command", &command) ||
	    !bson_iter_init(&it, &command) || !bson_iter_next(&it))
		return false;
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (strcmp(bson_iter_key(&it), commands[i]) == 0)
			return true;
	return strcmp(bson_iter_key(&it), "aggregate") == 0 &&
	    writes_out(&command);
}

/* A write that does not say where. */
static bool
is_unknown(const struct ops_scope *scope, const bson_t *op)
{
	bson_iter_t it;
	bson_t command;

	return doc_find(op, "command.bulkWrite", &it) &&
	    doc_sub(op, "command", &command) &&
	    bulk_selected(scope, &command) < 0 && !is_apart(scope, op);
}

struct listing {
	const struct ops_scope *scope;
	struct ops *ops;
};

static void
keep(struct ops *o, const bson_t *op, int64_t us)
{
	uint32_t n = o->transactions + o->writes;

	array_add(&o->list, &n, op);
	if (us > o->oldest_us)
		o->oldest_us = us;
}

static void
look(void *arg, const bson_t *op)
{
	struct listing *l = arg;
	uint32_t *n = NULL;
	int64_t us = 0;

	if (excepted(l->scope, op))
		return;
	if (is_transaction(op)) {
		if (is_apart(l->scope, op))
			return;
		us = doc_int(op, "transaction.timeOpenMicros");
		n = &l->ops->transactions;
	} else if (doc_bool(op, "active") && is_write(op) &&
	    (names_selected(l->scope, op) || is_unknown(l->scope, op))) {
		us = doc_int(op, "microsecs_running");
		n = &l->ops->writes;
	}
	if (!n || us < l->scope->min_us)
		return;
	keep(l->ops, op, us);
	++*n;
}

bool
ops_list(struct conn *c, const struct ops_scope *scope, struct ops *o,
    bson_error_t *error)
{
	struct listing l = {scope, o};

	*o = (struct ops){0};
	bson_init(&o->list);
	return each_current(c, look, &l, error);
}

void
ops_release(struct ops *o)
{
	bson_destroy(&o->list);
}

static void
append_field(bson_t *to, const bson_t *from, const char *name)
{
	bson_iter_t it;

	if (bson_iter_init_find(&it, from, name))
		bson_append_iter(to, name, -1, &it);
}

static bool
kill_session(struct conn *c, const bson_t *op, bson_error_t *error)
{
	bson_t cmd, patterns, pattern, lsid, id;
	bool ok;

	if (!doc_sub(op, "lsid", &lsid))
		return true;
	bson_init(&cmd);
	BSON_APPEND_ARRAY_BEGIN(&cmd, "killAllSessionsByPattern", &patterns);
	BSON_APPEND_DOCUMENT_BEGIN(&patterns, "0", &pattern);
	BSON_APPEND_DOCUMENT_BEGIN(&pattern, "lsid", &id);
	append_field(&id, &lsid, "id");
	append_field(&id, &lsid, "uid");
	bson_append_document_end(&pattern, &id);
	bson_append_document_end(&patterns, &pattern);
	bson_append_array_end(&cmd, &patterns);
	ok = conn_command(c, "admin", &cmd, NULL, error);
	bson_destroy(&cmd);
	return ok;
}

static bool
kill_op(struct conn *c, const bson_t *op, bson_error_t *error)
{
	bson_t cmd = BSON_INITIALIZER;
	bson_iter_t it;
	bool ok;

	if (!bson_iter_init_find(&it, op, "opid")) {
		bson_destroy(&cmd);
		return true; /* on its way out */
	}
	BSON_APPEND_INT32(&cmd, "killOp", 1);
	bson_append_iter(&cmd, "op", -1, &it);
	ok = conn_command(c, "admin", &cmd, NULL, error);
	bson_destroy(&cmd);
	return ok;
}

bool
ops_kill(struct conn *c, const struct ops *o, bson_error_t *error)
{
	bson_iter_t it;
	bson_t op;

	if (!bson_iter_init(&it, &o->list))
		return true;
	while (doc_next(&it, &op)) {
		if (!(is_transaction(&op) ? kill_session(c, &op, error)
					  : kill_op(c, &op, error)))
			return false;
	}
	return true;
}

void
ops_each(const struct ops *o, void (*each)(const char *text))
{
	char text[OPS_TEXT];
	bson_iter_t it;
	bson_t op;

	if (!bson_iter_init(&it, &o->list))
		return;
	while (doc_next(&it, &op)) {
		bool txn;

		txn = is_transaction(&op);
		snprintf(text, sizeof text,
		    "%s%s, program \"%s\", client %s, %.1f s old",
		    txn ? "transaction" : "write to ",
		    txn ? "" : doc_text_or(&op, "ns", "?"),
		    doc_text_or(&op, "appName", ""),
		    doc_text_or(&op, "client", "?"),
		    (double)doc_int(&op,
			txn ? "transaction.timeOpenMicros"
			    : "microsecs_running") /
			1e6);
		each(text);
	}
}

struct counting {
	const struct ops_scope *scope;
	bson_t *names;
};

static void
count(void *arg, const bson_t *op)
{
	struct counting *n = arg;
	const char *app = doc_text(op, "appName");
	bson_iter_t it;

	if (excepted(n->scope, op) || !names_selected(n->scope, op))
		return;
	if (!app)
		app = "";
	if (bson_iter_init_find(&it, n->names, app))
		bson_iter_overwrite_int64(&it, bson_iter_int64(&it) + 1);
	else
		BSON_APPEND_INT64(n->names, app, 1);
}

bool
ops_by_app(struct conn *c, const struct ops_scope *scope, bson_t *names,
    bson_error_t *error)
{
	return each_current(c, count, &(struct counting){scope, names}, error);
}

int
ops_counted(struct conn *c, const char *ns, int64_t *reads, int64_t *writes,
    bson_error_t *error)
{
	bson_t cmd = BSON_INITIALIZER;
	char db[NS_MAX + 1];
	struct cursor *cur;
	enum cursor_got got;
	const bson_t *doc;
	const char *coll;

	if (!ns_split(ns, db, &coll)) {
		error_set(
		    error, MM_EXIT_USAGE, 0, "\"%s\" is not a namespace", ns);
		return -1;
	}
	BCON_APPEND(&cmd, "aggregate", BCON_UTF8(coll), "pipeline", "[", "{",
	    "$collStats", "{", "latencyStats", "{", "}", "}", "}", "]",
	    "cursor", "{", "}");
	cur = cursor_new_command(c, db, &cmd);
	got = cursor_next(cur, &doc, error);
	if (got == CURSOR_DOC) {
		*reads = doc_int(doc, "latencyStats.reads.ops");
		*writes = doc_int(doc, "latencyStats.writes.ops");
	}
	cursor_free(cur);
	bson_destroy(&cmd);
	if (got == CURSOR_DOC)
		return 1;
	return got == CURSOR_END || error->code == CODE_NO_NAMESPACE ? 0 : -1;
}
