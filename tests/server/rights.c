/* What each command needs, by the server's own checks. A command that is not
 * named here needs the action of its name on the cluster. */
#include <string.h>

#include "account.h"
#include "auth.h"
#include "ops.h"
#include "text.h"

const char *
user_full_name(const struct user *user)
{
	return user ? user->full : "";
}

static bool
may(const struct request *r, const struct resource *target, const char *action)
{
	return !sim.set.user ||
	    (r->conn->user && user_may(r->conn->user, target, action));
}

bool
auth_may(const struct request *r, const char *db, const char *coll,
    const char *action)
{
	return may(r,
	    &(struct resource){coll ? WHERE_EXACT : WHERE_DB, db, coll},
	    action);
}

bool
auth_may_all(const struct request *r, const char *action)
{
	return may(r, &(struct resource){.where = WHERE_CLUSTER}, action);
}

bool
auth_sees(const struct request *r, const char *db)
{
	return !sim.set.user ||
	    (r->conn->user && user_there(r->conn->user) &&
		privileges_touch(&r->conn->user->may, db));
}

/* The collection that the command names; NULL: none. */
static const char *
coll_of(const struct request *r)
{
	return arg_text(r, r->name);
}

static bool
on_coll(const struct request *r, const char *action)
{
	const char *coll = coll_of(r);

	return coll && auth_may(r, r->db, coll, action);
}

static bool
bypass(const struct request *r)
{
	return !arg_bool(r, "bypassDocumentValidation") ||
	    on_coll(r, "bypassDocumentValidation");
}

static bool
may_insert(const struct request *r)
{
	return on_coll(r, "insert") && bypass(r);
}

static bool
may_update(const struct request *r)
{
	struct doc_list list;
	const uint8_t *doc;
	bson_iter_t it;
	bson_t one;
	size_t len;

	if (!on_coll(r, "update") || !bypass(r))
		return false;
	if (!doc_list_init(r, "updates", &list))
		return true;
	while (doc_list_next(&list, &doc, &len))
		if (bson_init_static(&one, doc, len) &&
		    bson_iter_init_find(&it, &one, "upsert") &&
		    bson_iter_as_bool(&it))
			return on_coll(r, "insert");
	return true;
}

static bool
may_remove(const struct request *r)
{
	return on_coll(r, "remove");
}

static bool
may_find_and_modify(const struct request *r)
{
	return on_coll(r, "find") && bypass(r) &&
	    on_coll(r, arg_bool(r, "remove") ? "remove" : "update") &&
	    (!arg_bool(r, "upsert") || on_coll(r, "insert"));
}

/* $out: the collection in the same database, or {db, coll}. */
static bool
may_out(const struct request *r, const bson_iter_t *it)
{
	const char *db = r->db, *coll = NULL;
	bson_iter_t sub;

	if (BSON_ITER_HOLDS_UTF8(it)) {
		coll = bson_iter_utf8(it, NULL);
	} else if (BSON_ITER_HOLDS_DOCUMENT(it) &&
	    bson_iter_recurse(it, &sub)) {
		while (bson_iter_next(&sub))
			if (!BSON_ITER_HOLDS_UTF8(&sub))
				return true; /* refused as it is */
			else if (strcmp(bson_iter_key(&sub), "db") == 0)
				db = bson_iter_utf8(&sub, NULL);
			else
				coll = bson_iter_utf8(&sub, NULL);
	}
	return coll && auth_may(r, db, coll, "insert") &&
	    auth_may(r, db, coll, "remove");
}

static bool
may_stage(const struct request *r, const bson_iter_t *it, bool first)
{
	const char *name = bson_iter_key(it);
	bson_t args;
	bson_iter_t all;

	if (strcmp(name, "$currentOp") == 0)
		return !iter_doc(it, &args) ||
		    !bson_iter_init_find(&all, &args, "allUsers") ||
		    !bson_iter_as_bool(&all) || auth_may_all(r, "inprog");
	if (strcmp(name, "$collStats") == 0)
		return on_coll(r, "collStats");
	if (strcmp(name, "$indexStats") == 0)
		return on_coll(r, "indexStats");
	if (first && !on_coll(r, "find"))
		return false;
	return strcmp(name, "$out") != 0 || may_out(r, it);
}

static bool
may_aggregate(const struct request *r)
{
	bson_iter_t it, stage;
	bson_t pipeline;
	bool first = true;

	if (!arg_doc(r, "pipeline", &pipeline) || bson_empty(&pipeline))
		return on_coll(r, "find");
	bson_iter_init(&it, &pipeline);
	for (; bson_iter_next(&it); first = false)
		if (!BSON_ITER_HOLDS_DOCUMENT(&it) ||
		    !bson_iter_recurse(&it, &stage) || !bson_iter_next(&stage))
			return on_coll(r, "find");
		else if (!may_stage(r, &stage, first))
			return false;
	return true;
}

static bool
may_create(const struct request *r)
{
	const char *on = arg_text(r, "viewOn");

	if (on)
		return on_coll(r, "createCollection") &&
		    auth_may(r, r->db, on, "find");
	if (arg_bool(r, "capped") && !on_coll(r, "convertToCapped"))
		return false;
	return on_coll(r, "createCollection") || on_coll(r, "insert");
}

static bool
may_rename(const struct request *r)
{
	const char *from = coll_of(r), *to = arg_text(r, "to");
	const char *dot = from ? strchr(from, '.') : NULL;
	const char *dot2 = to ? strchr(to, '.') : NULL;
	char *a, *b;
	bool ok;

	if (!dot || !dot2)
		return true; /* refused as it is */
	a = bson_strndup(from, (size_t)(dot - from));
	b = bson_strndup(to, (size_t)(dot2 - to));
	if (strcmp(a, b) == 0)
		ok = auth_may(r, a, NULL, "renameCollectionSameDB") &&
		    (!arg_bool(r, "dropTarget") ||
			auth_may(r, b, dot2 + 1, "dropCollection"));
	else
		ok = auth_may(r, a, dot + 1, "find") &&
		    auth_may(r, a, dot + 1, "dropCollection") &&
		    auth_may(r, b, dot2 + 1, "insert") &&
		    auth_may(r, b, dot2 + 1, "createIndex") &&
		    (!arg_bool(r, "dropTarget") ||
			auth_may(r, b, dot2 + 1, "dropCollection"));
	bson_free(a);
	bson_free(b);
	return ok;
}

static bool
may_list(const struct request *r)
{
	return auth_may(r, r->db, NULL, "listCollections") ||
	    (arg_bool(r, "nameOnly") && arg_bool(r, "authorizedCollections") &&
		auth_sees(r, r->db));
}

/* Everybody may end what is his own. */
static bool
may_kill_op(const struct request *r)
{
	return auth_may_all(r, "killop") ||
	    ops_of(arg_int(r, "op", -1), r->conn->user);
}

static const struct {
	const char *name;
	bool (*check)(const struct request *r);
	const char *action; /* on the collection, or (db) the database */
	bool db;
} needs[] = {{"find", NULL, "find"}, {"count", NULL, "find"},
    {"distinct", NULL, "find"}, {"aggregate", may_aggregate},
    {"insert", may_insert}, {"update", may_update}, {"delete", may_remove},
    {"findAndModify", may_find_and_modify},
    {"findandmodify", may_find_and_modify}, {"listCollections", may_list},
    {"listIndexes", NULL, "listIndexes"}, {"collStats", NULL, "collStats"},
    {"collstats", NULL, "collStats"}, {"dbStats", NULL, "dbStats", true},
    {"dbstats", NULL, "dbStats", true}, {"create", may_create},
    {"drop", NULL, "dropCollection"},
    {"dropDatabase", NULL, "dropDatabase", true},
    {"renameCollection", may_rename}, {"killOp", may_kill_op},
    {"convertToCapped", NULL, "convertToCapped"}, {"collMod", NULL, "collMod"},
    {"createIndexes", NULL, "createIndex"}, {"dropIndexes", NULL, "dropIndex"},
    {"deleteIndexes", NULL, "dropIndex"}};

/* Of the cluster, where the action has not the command's name. */
static const char *
cluster_action(const char *command)
{
	static const char *const other[][2] = {{"fsyncUnlock", "unlock"},
	    {"currentOp", "inprog"}, {"replSetStepDown", "replSetStateChange"},
	    {"killAllSessions", "killAnySession"},
	    {"killAllSessionsByPattern", "killAnySession"}};

	for (size_t i = 0; i < sizeof other / sizeof *other; i++)
		if (strcmp(other[i][0], command) == 0)
			return other[i][1];
	return command;
}

static bool
allowed(const struct request *r, const struct command *c)
{
	for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
		if (strcmp(needs[i].name, r->name) != 0)
			continue;
		if (needs[i].check)
			return needs[i].check(r);
		return needs[i].db ? auth_may(r, r->db, NULL, needs[i].action)
				   : on_coll(r, needs[i].action);
	}
	/* A cursor belongs to who opened it, with the rights of then. */
	return c->access == ACCESS_ANY || strcmp(r->name, "getMore") == 0 ||
	    auth_may_all(r, cluster_action(c->name));
}

bool
auth_allows(struct request *r, const struct command *c, bson_error_t *error)
{
	if (!sim.set.user || c->access == ACCESS_NONE)
		return true;
	if (!r->conn->user || !user_there(r->conn->user))
		return refuse(
		    error, 13, "command %s requires authentication", r->name);
	if (allowed(r, c))
		return true;
	return auth_refuse(r, error);
}

bool
auth_refuse(struct request *r, bson_error_t *error)
{
	bson_t shown = BSON_INITIALIZER;
	char *text;

	/* Passwords and what was to be written stay out of it. */
	bson_copy_to_excluding_noinit(&r->body, &shown, "pwd", "documents",
	    "updates", "deletes", "signature", "$clusterTime", NULL);
	text = text_doc(&shown);
	bson_free(r->errmsg);
	r->errmsg = bson_strdup_printf(
	    "not authorized on %s to execute command %s", r->db, text);
	bson_free(text);
	bson_destroy(&shown);
	return refuse(error, 13, "%s", r->errmsg);
}
