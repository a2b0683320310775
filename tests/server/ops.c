#include "ops.h"

#include <openssl/sha.h>
#include <string.h>

#include "auth.h"
#include "building.h"
#include "commands.h"
#include "trans.h"

static struct op *ops;
static __thread const struct op *mine;

int64_t
ops_next_id(void)
{
	static int64_t ids = 1000;

	return ++ids;
}

void
ops_begin(struct op *op, struct request *r)
{
	*op = (struct op){.id = ops_next_id(), .r = r, .next = ops};
	ops = op;
	mine = op;
}

void
ops_end(struct op *op)
{
	struct op **p = &ops;

	while (*p != op)
		p = &(*p)->next;
	*p = op->next;
	mine = NULL;
}

bool
ops_killed(void)
{
	return mine && mine->killed;
}

void
ops_show(const char *db, const char *coll, const bson_t *command)
{
	for (struct op *op = ops; op; op = op->next)
		if (op == mine)
			op->within = (struct op_within){db, coll, command};
}

static const char *
kind_of(const char *name)
{
	static const char *const kinds[][2] = {{"find", "query"},
	    {"getMore", "getmore"}, {"insert", "insert"}, {"update", "update"},
	    {"delete", "remove"}, {"killCursors", "killcursors"},
	    {"bulkWrite", "bulkWrite"}};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(name, kinds[i][0]) == 0)
			return kinds[i][1];
	return "command";
}

static void
put_transaction(struct buf *b, const struct trans *t)
{
	int64_t open = (server_tick() - t->started) * 1000;
	size_t mark = out_open(b, "transaction", BSON_TYPE_DOCUMENT);
	size_t sub = out_open(b, "parameters", BSON_TYPE_DOCUMENT);

	out_i64(b, "txnNumber", t->number);
	out_bool(b, "autocommit", false);
	out_close(b, sub);
	out_i64(b, "timeOpenMicros", open);
	out_close(b, mark);
}

static void
put_full_name(struct buf *b, const char *db, const char *coll)
{
	char ns[400];

	snprintf(ns, sizeof ns, "%s.%s", db, coll);
	out_text(b, "ns", ns);
}

static void
put_ns(struct buf *b, const struct request *r)
{
	const char *coll = strcmp(r->name, "getMore") == 0
	    ? arg_text(r, "collection")
	    : arg_text(r, r->name);

	put_full_name(b, r->db, coll ? coll : "$cmd");
}

static void
put_op(struct buf *b, const struct op *op)
{
	const struct request *r = op->r;
	int64_t ms = server_tick() - r->started;
	size_t mark = out_open(b, NULL, BSON_TYPE_DOCUMENT);
	char desc[32];

	snprintf(desc, sizeof desc, "conn%lld", (long long)r->conn->id);
	out_text(b, "type", "op");
	out_text(b, "host", sim.set.host);
	out_text(b, "desc", desc);
	out_int(b, "connectionId", r->conn->id);
	if (r->conn->app[0])
		out_text(b, "appName", r->conn->app);
	out_bool(b, "active", true);
	out_int(b, "opid", op->id);
	if (op->killed)
		out_bool(b, "killPending", true);
	if (r->lsid.len > 0)
		out_doc(b, "lsid", r->lsid.data, r->lsid.len);
	if (r->trans)
		put_transaction(b, r->trans);
	out_i64(b, "secs_running", ms / 1000);
	out_i64(b, "microsecs_running", ms * 1000);
	out_text(b, "op", kind_of(r->name));
	if (op->within.db)
		put_full_name(b, op->within.db, op->within.coll);
	else
		put_ns(b, r);
	out_bson(
	    b, "command", op->within.command ? op->within.command : &r->body);
	out_close(b, mark);
}

static bool
is_running(const struct trans *t)
{
	for (const struct op *op = ops; op; op = op->next)
		if (op->r->trans == t)
			return true;
	return false;
}

static void
put_idle(struct buf *b, const struct trans *t)
{
	size_t mark = out_open(b, NULL, BSON_TYPE_DOCUMENT);

	out_text(b, "type", "idleSession");
	out_text(b, "host", sim.set.host);
	out_text(b, "desc", "inactive transaction");
	out_bool(b, "active", false);
	out_doc(b, "lsid", t->lsid, t->lsid_len);
	put_transaction(b, t);
	out_close(b, mark);
}

bool
ops_of(int64_t id, const struct user *user)
{
	for (const struct op *op = ops; op; op = op->next)
		if (op->id == id)
			return op->r->conn->user == user;
	return false;
}

/* Sessions know of their user by a digest. */
static bool
is_of(const struct trans *t, const struct user *user)
{
	const char *name = user_full_name(user);
	uint8_t digest[SHA256_DIGEST_LENGTH];
	struct elem uid;

	SHA256((const uint8_t *)name, strlen(name), digest);
	return walk_find(t->lsid, t->lsid_len, "uid", &uid) &&
	    uid.value.len == 5 + sizeof digest &&
	    memcmp(uid.value.data + 5, digest, sizeof digest) == 0;
}

void
ops_put_all(struct buf *docs, bool idle_sessions, const struct user *only)
{
	for (const struct op *op = ops; op; op = op->next)
		if (!only || op->r->conn->user == only)
			put_op(docs, op);
	if (!only)
		building_put_ops(docs);
	for (const struct trans *t = trans_next(NULL); t && idle_sessions;
	     t = trans_next(t))
		if (!is_running(t) && (!only || is_of(t, only)))
			put_idle(docs, t);
}

bool
cmd_current_op(struct request *r, bson_error_t *error)
{
	struct buf docs = BUF_INIT;

	(void)error;
	ops_put_all(&docs, true, NULL);
	out_docs(r->reply, "inprog", &docs);
	if (sim.locks > 0)
		out_bool(r->reply, "fsyncLock", true);
	buf_release(&docs);
	return true;
}

bool
cmd_kill_op(struct request *r, bson_error_t *error)
{
	int64_t id = arg_int(r, "op", -1);

	if (id < 0)
		return refuse(error, 4, "\"op\" had the wrong type");
	for (struct op *op = ops; op; op = op->next)
		op->killed |= op->id == id;
	server_wake();
	out_text(r->reply, "info", "attempting to kill op");
	return true;
}

/* {lsid: {id, uid?}}, {id, uid?} or {}: does it mean that session? */
static bool
means(const bson_t *pattern, const struct trans *t)
{
	bson_t want = BSON_INITIALIZER;
	struct elem have, id;
	bson_iter_t it;

	if (bson_iter_init_find(&it, pattern, "lsid"))
		iter_doc(&it, &want);
	else
		bson_copy_to(pattern, &want);
	return !walk_find(bson_get_data(&want), want.len, "id", &id) ||
	    (walk_find(t->lsid, t->lsid_len, "id", &have) &&
		value_same(&id.value, &have.value));
}

static bool
is_meant(const bson_t *patterns, const struct trans *t)
{
	bson_iter_t it;
	bson_t pattern;

	if (bson_empty(patterns))
		return true;
	bson_iter_init(&it, patterns);
	while (bson_iter_next(&it))
		if (iter_doc(&it, &pattern) && means(&pattern, t))
			return true;
	return false;
}

/* killSessions, killAllSessions, killAllSessionsByPattern: their transactions
 * are aborted, but for prepared ones. */
bool
cmd_kill_sessions(struct request *r, bson_error_t *error)
{
	struct trans *t, *next;
	bson_t patterns;

	if (!arg_doc(r, r->name, &patterns))
		return refuse(error, 14, "%s must be an array", r->name);
	for (struct op *op = ops; op; op = op->next)
		if (op->r->trans && is_meant(&patterns, op->r->trans))
			op->killed = true;
	for (t = trans_next(NULL); t; t = next) {
		next = trans_next(t);
		if (t->state == TRANS_OPEN && is_meant(&patterns, t) &&
		    !is_running(t))
			trans_abort(t);
	}
	server_wake();
	return true;
}
