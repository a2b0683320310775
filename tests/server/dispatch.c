#include "dispatch.h"

#include <string.h>

#include "auth.h"
#include "commands.h"
#include "concern.h"
#include "election.h"
#include "fault.h"
#include "feed.h"
#include "ops.h"
#include "session.h"
#include "trans.h"

#define LOCK_MS 10000

static void
put_times(struct request *r)
{
	static const uint8_t zero[20];
	size_t mark = out_open(r->reply, "$clusterTime", BSON_TYPE_DOCUMENT);
	size_t sign;

	out_ts(r->reply, "clusterTime", ts_of(sim.last));
	sign = out_open(r->reply, "signature", BSON_TYPE_DOCUMENT);
	out_bin(r->reply, "hash", 0, zero, sizeof zero);
	out_i64(r->reply, "keyId", 0);
	out_close(r->reply, sign);
	out_close(r->reply, mark);
	out_ts(r->reply, "operationTime",
	    ts_of(r->majority ? sim.committed : sim.last));
}

static bool
one_of(int code, const int *list)
{
	for (; *list; list++)
		if (*list == code)
			return true;
	return false;
}

/* The member is no primary any more, or goes away. */
static bool
is_state_change(int code)
{
	static const int codes[] = {
	    91, 189, 10058, 10107, 11600, 11602, 13435, 13436, 0};

	return one_of(code, codes);
}

static bool
is_retriable(int code)
{
	static const int codes[] = {6, 7, 89, 262, 9001, 0};

	return is_state_change(code) || one_of(code, codes);
}

/* Drivers begin a transaction anew where it is all gone. */
static bool
is_transient(const struct request *r, int code)
{
	static const int codes[] = {24, 112, 246, 251, 0};
	bson_iter_t it;

	if (!arg_find(r, "autocommit", &it))
		return false;
	return one_of(code, codes) ||
	    (is_retriable(code) && strcmp(r->name, "commitTransaction") != 0 &&
		strcmp(r->name, "abortTransaction") != 0);
}

/* Drivers retry a write where the server says that it may be retried. */
static void
put_labels(struct request *r, int code)
{
	size_t mark;
	bson_iter_t it;

	if (is_transient(r, code)) {
		mark = out_open(r->reply, "errorLabels", BSON_TYPE_ARRAY);
		out_text(r->reply, "0", "TransientTransactionError");
		out_close(r->reply, mark);
	} else if (r->labels) {
		out_array(r->reply, "errorLabels", bson_get_data(r->labels),
		    r->labels->len);
	} else if (is_retriable(code) && arg_find(r, "txnNumber", &it)) {
		mark = out_open(r->reply, "errorLabels", BSON_TYPE_ARRAY);
		out_text(r->reply, "0", "RetryableWriteError");
		out_close(r->reply, mark);
	}
}

static void
put_error(struct request *r, const bson_error_t *error)
{
	put_labels(r, (int)error->code);
	if (is_state_change((int)error->code))
		put_topology(r);
	out_double(r->reply, "ok", 0);
	out_text(r->reply, "errmsg", r->errmsg ? r->errmsg : error->message);
	if (error->code) {
		out_i32(r->reply, "code", (int32_t)error->code);
		out_text(r->reply, "codeName", code_name((int)error->code));
	}
	buf_add(r->reply, r->info.data, r->info.len);
}

/* The collection that a command is for; NULL: it is for more. */
static const struct coll *
one_coll(const struct request *r)
{
	static const char *const names[] = {
	    "collMod", "createIndexes", "dropIndexes", "drop"};
	bson_iter_t it;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(r->name, names[i]) == 0 &&
		    bson_iter_init_find(&it, &r->body, r->name) &&
		    BSON_ITER_HOLDS_UTF8(&it))
			return catalog_find(r->db, bson_iter_utf8(&it, NULL));
	return NULL;
}

/* Waits with a change of the catalog until no transaction has written to what
 * it locks: the collection, since 4.4 not its database. */
static bool
trans_allows(struct request *r, const struct command *c, bson_error_t *error)
{
	int64_t deadline = request_deadline(r);

	if (deadline < 0)
		deadline = server_tick() + LOCK_MS;
	if (r->trans && !(c->flags & CMD_TRANSACTION))
		return refuse(error, 263,
		    "Cannot run '%s' in a multi-document transaction.",
		    r->name);
	while (
	    !r->trans && (c->flags & CMD_CATALOG) && trans_pending(one_coll(r)))
		if (!server_wait(deadline))
			return refuse(error, 24,
			    "Unable to acquire lock within the time limit");
	return true;
}

/* Whatever fails in a transaction ends it. */
static bool
run_in(struct request *r, const struct command *c, bson_error_t *error)
{
	struct trans *t = r->trans;
	bool ok;

	if (!t || t->state != TRANS_OPEN)
		return c->run(r, error);
	sim.trans = t;
	sim.mark = t->mark;
	ok = c->run(r, error);
	sim.trans = NULL;
	sim.mark = 0;
	if (ok && t->conflict)
		ok = refuse(error, 112, "%s", trans_conflict);
	if (t->state == TRANS_OPEN && (!ok || t->broken))
		trans_abort(t);
	return ok;
}

/* Writes wait while the member is locked by fsync. */
static bool
lock_allows(struct request *r, const struct command *c, bson_error_t *error)
{
	while (sim.locks > 0 && (c->flags & CMD_CONCERN))
		if (!server_wait(request_deadline(r)))
			return refuse(
			    error, 50, "operation exceeded time limit");
	return true;
}

static bool
run(struct request *r, const struct command *c, bson_error_t *error)
{
	if (r->too_deep)
		return refuse(error, 15,
		    "BSONObj exceeds maximum nested object depth: %d",
		    MAX_DEPTH);
	if (!c)
		return refuse(error, 59, "no such command: '%s'", r->name);
	if (!auth_allows(r, c, error))
		return false;
	if ((c->flags & CMD_ADMIN) && strcmp(r->db, "admin") != 0)
		return refuse(error, 13,
		    "%s may only be run against the admin database.", r->name);
	if (!(c->flags & CMD_NO_FAULT) && !fault_before(r, error))
		return false;
	if (r->drop)
		return true;
	if (ops_killed())
		return refuse(error, 11601, "operation was interrupted");
	if ((c->flags & CMD_CONCERN) && feed_pending())
		return refuse(
		    error, 238, "no writes while a recording is being fed");
	return write_block_allows(r, c, error) && lock_allows(r, c, error) &&
	    secondary_allows(r, c, error) && session_begin(r, error) &&
	    concern_parse(r, error) && trans_allows(r, c, error) &&
	    run_in(r, c, error);
}

static void
count_latency(const struct request *r, const struct command *c)
{
	const char *name = c ? arg_text(r, c->name) : NULL;
	struct coll *coll = name ? catalog_find(r->db, name) : NULL;
	enum latency which = OF_COMMANDS;

	if (c && strcmp(c->name, "getMore") == 0 && arg_text(r, "collection"))
		coll = catalog_find(r->db, arg_text(r, "collection"));
	if (!coll)
		return;
	if (r->trans)
		which = OF_TRANS;
	else if (c->access == ACCESS_READ && (c->flags & CMD_TRANSACTION))
		which = OF_READS;
	else if (c->access == ACCESS_WRITE && (c->flags & CMD_TRANSACTION) &&
	    strcmp(c->name, "create") != 0)
		which = OF_WRITES;
	coll->latency[which].ops++;
	coll->latency[which].micros += (server_tick() - r->started) * 1000;
}

void
dispatch(struct request *r)
{
	const struct command *c = command_find(r->name);
	bson_error_t error = {0};
	size_t start = r->reply->len;
	struct op op;
	bool ok;

	pthread_mutex_lock(&sim.lock);
	ops_begin(&op, r);
	r->started = server_tick();
	sim.commands++;
	ok = run(r, c, &error);
	session_save(r);
	count_latency(r, c);
	if (op.killed && (!ok || r->interrupted))
		ok = refuse(&error, 11601, "operation was interrupted");
	if (ok) {
		out_double(r->reply, "ok", r->failed ? 0 : 1);
		if (!r->drop && (r->wrote || (c->flags & CMD_CONCERN)) &&
		    !fault_concern(r))
			concern_wait(r);
		if (r->concern_code)
			put_labels(r, r->concern_code);
	} else {
		r->reply->len = start;
		put_error(r, &error);
	}
	put_times(r);
	if (c && !(c->flags & CMD_NO_FAULT) && !r->drop)
		fault_after(r);
	ops_end(&op);
	pthread_mutex_unlock(&sim.lock);
	buf_release(&r->lsid);
	buf_release(&r->info);
	bson_free(r->errmsg);
	r->errmsg = NULL;
	bson_destroy(r->labels);
	r->labels = NULL;
}
