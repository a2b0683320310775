/* What is asked of a member when it is first met, and where its oplog is. */
#include "mongo/driver.h"

#include <string.h>

#include "base/msg.h"

#define COPY(field, text) bson_strncpy(field, text, sizeof(field))

bool
conn_hello(struct conn *c, bool once, bson_t *reply, bson_error_t *error)
{
	bson_error_t why;

	if (conn_ask(c, "hello", once, reply, &why))
		return true;
	if (why.code == CODE_NO_COMMAND) {
		bson_destroy(reply);
		return conn_ask(c, "isMaster", once, reply, error);
	}
	if (error)
		*error = why;
	return false;
}

static bool
learn_hello(struct conn *c, bson_error_t *error)
{
	struct server *s = c->server;
	struct server_info *info = &s->info;
	const char *set, *me, *msg;
	bson_t reply;

	if (!conn_hello(c, false, &reply, error)) {
		bson_destroy(&reply);
		return false;
	}
	set = doc_text(&reply, "setName");
	me = doc_text(&reply, "me");
	msg = doc_text(&reply, "msg");
	if (msg && strcmp(msg, "isdbgrid") == 0) {
		bson_destroy(&reply);
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "%s is a mongos: sharded clusters are not supported",
		    s->where);
	}
	if (set)
		COPY(info->set, set);
	if (me)
		COPY(info->me, me);
	info->wire = (int32_t)doc_int(&reply, "maxWireVersion");
	info->session_minutes = doc_int(&reply, "logicalSessionTimeoutMinutes");
	info->sessions = info->session_minutes > 0;
	info->primary = doc_bool(&reply, "isWritablePrimary") ||
	    doc_bool(&reply, "ismaster");
	s->max_ops = (uint32_t)doc_int(&reply, "maxWriteBatchSize");
	if (s->max_ops == 0)
		s->max_ops = 1000;
	s->retryable_writes = info->sessions && set && info->wire >= 6;
	bson_destroy(&reply);
	return true;
}

/* Finds one document of a collection; false also when it may not be read. */
static bool
find_one(struct conn *c, const char *db, const char *coll, const bson_t *filter,
    bson_t *reply, bson_error_t *error)
{
	bson_t cmd = BSON_INITIALIZER;
	bool ok;

	BSON_APPEND_UTF8(&cmd, "find", coll);
	if (filter)
		BSON_APPEND_DOCUMENT(&cmd, "filter", filter);
	BCON_APPEND(
	    &cmd, "limit", BCON_INT64(1), "singleBatch", BCON_BOOL(true));
	ok = conn_read(c, db, &cmd, reply, error);
	bson_destroy(&cmd);
	return ok;
}

static bool
take_set_id(const bson_t *reply, const char *dotted, struct server_info *info)
{
	bson_iter_t it, found;

	if (!bson_iter_init(&it, reply) ||
	    !bson_iter_find_descendant(&it, dotted, &found) ||
	    !BSON_ITER_HOLDS_OID(&found))
		return false;
	bson_oid_to_string(bson_iter_oid(&found), info->id);
	return true;
}

/* None of these is needed: an account may lack the right to see them. */
static void
learn_names(struct conn *c)
{
	struct server_info *info = &c->server->info;
	bson_t reply, cmd = BSON_INITIALIZER;
	const char *text;
	bool known;

	if (conn_ask(c, "buildInfo", false, &reply, NULL) &&
	    (text = doc_text(&reply, "version")))
		COPY(info->version, text);
	bson_destroy(&reply);
	BCON_APPEND(&cmd, "getParameter", BCON_INT32(1),
	    "featureCompatibilityVersion", BCON_INT32(1));
	if (conn_read(c, "admin", &cmd, &reply, NULL) &&
	    (text = doc_text(&reply, "featureCompatibilityVersion.version")))
		COPY(info->fcv, text);
	bson_destroy(&reply);
	bson_destroy(&cmd);
	if (!info->set[0])
		return;
	known = conn_ask(c, "replSetGetConfig", false, &reply, NULL) &&
	    take_set_id(&reply, "config.settings.replicaSetId", info);
	bson_destroy(&reply);
	if (known)
		return;
	if (find_one(c, "local", "system.replset", NULL, &reply, NULL))
		take_set_id(
		    &reply, "cursor.firstBatch.0.settings.replicaSetId", info);
	bson_destroy(&reply);
}

/* A shard alone would pass for the whole cluster. */
static bool
refuse_shard(struct conn *c, bson_error_t *error)
{
	bson_t reply, filter = BSON_INITIALIZER, found;
	bson_error_t why;
	bool ok = true;

	BSON_APPEND_UTF8(&filter, "_id", "shardIdentity");
	if (!find_one(c, "admin", "system.version", &filter, &reply, &why)) {
		/* Mostly an account without the right. */
		ok = !conn_no_reply(c) && why.code != CODE_LOGIN_FAILED;
		if (ok)
			msg_verbose("not known whether %s is a shard: %s",
			    c->server->where, why.message);
		else if (error)
			*error = why;
	} else if (doc_sub(&reply, "cursor.firstBatch.0", &found)) {
		ok = error_set(error, MM_EXIT_REFUSED, 0,
		    "%s is a member of a shard: sharded clusters are not "
		    "supported",
		    c->server->where);
	}
	bson_destroy(&reply);
	bson_destroy(&filter);
	return ok;
}

static bool
require_oplog(struct conn *c, bson_error_t *error)
{
	struct server *s = c->server;
	struct optime oldest;
	bson_error_t why;

	if (!s->info.set[0])
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "%s is not a member of a replica set: it has no oplog",
		    s->where);
	if (conn_oldest(c, &oldest, &why))
		return true;
	if (error)
		*error = why;
	return error_prefix(error, "cannot read the oplog");
}

/* The source's member is chosen once, by the URI's read preference. */
static bool
choose(struct server *s, struct conn *c, bson_error_t *error)
{
	const mongoc_read_prefs_t *prefs;
	mongoc_server_description_t *sd;
	bson_error_t why;

	prefs = mongoc_uri_get_read_prefs_t(s->uri);
	sd = mongoc_client_select_server(
	    c->client, false, s->side == SIDE_SOURCE ? prefs : NULL, &why);
	if (!sd)
		return conn_fail(c, "select", NULL, &why, error);
	COPY(s->info.me, mongoc_server_description_host(sd)->host_and_port);
	if (s->side == SIDE_SOURCE) {
		s->pinned = mongoc_server_description_id(sd);
		s->prefs = mongoc_read_prefs_new(MONGOC_READ_PRIMARY_PREFERRED);
		BSON_APPEND_INT32(&c->opts, "serverId", (int32_t)s->pinned);
	}
	bson_free(s->where);
	s->where = bson_strdup_printf("%s %s", side_name(s->side), s->info.me);
	mongoc_server_description_destroy(sd);
	return true;
}

bool
server_learn(struct server *s, bool need_oplog, bson_error_t *error)
{
	/* No session yet: whether there are any is what is asked first. */
	struct conn *c = conn_open(s, error);
	bool ok;

	ok = c && choose(s, c, error) && learn_hello(c, error);
	if (ok) {
		learn_names(c);
		ok = refuse_shard(c, error) &&
		    (!need_oplog || require_oplog(c, error));
	}
	conn_close(c);
	return ok;
}

bool
conn_positions(struct conn *c, struct optime *majority, struct optime *last,
    bson_error_t *error)
{
	bson_t reply, write;
	struct optime o;
	bool ok = false;

	if (!conn_hello(c, false, &reply, error))
		goto done;
	if (!doc_sub(&reply, "lastWrite", &write) ||
	    !optime_read(&write, "majorityOpTime", majority ? majority : &o) ||
	    !optime_read(&write, "opTime", last ? last : &o)) {
		error_set(error, MM_EXIT_REFUSED, 0,
		    "%s does not tell its position (hello has no lastWrite)",
		    c->server->where);
		goto done;
	}
	ok = true;
done:
	bson_destroy(&reply);
	return ok;
}

bool
conn_oldest(struct conn *c, struct optime *oldest, bson_error_t *error)
{
	bson_t reply, cmd = BSON_INITIALIZER, entry;
	bool ok;

	BCON_APPEND(&cmd, "find", "oplog.rs", "filter", "{", "}", "sort", "{",
	    "$natural", BCON_INT32(1), "}", "projection", "{", "ts",
	    BCON_INT32(1), "t", BCON_INT32(1), "}", "limit", BCON_INT64(1),
	    "singleBatch", BCON_BOOL(true));
	ok = conn_read(c, "local", &cmd, &reply, error);
	if (ok &&
	    (!doc_sub(&reply, "cursor.firstBatch.0", &entry) ||
		!optime_of(&entry, oldest)))
		ok = error_set(error, MM_EXIT_REFUSED, 0,
		    "%s: local.oplog.rs is empty", c->server->where);
	bson_destroy(&reply);
	bson_destroy(&cmd);
	return ok;
}
