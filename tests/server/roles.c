/* mongosim: what roles allow: the built-in ones, and what roles inherit. */
#include <string.h>

#include "accounts.h"

#define READ_ACTIONS                                                           \
	"changeStream collStats dbHash dbStats find killCursors "              \
	"listCollections listIndexes planCacheRead"
#define WRITE_ACTIONS                                                          \
	"changeStream collStats convertToCapped createCollection createIndex " \
	"dbHash dbStats dropCollection dropIndex emptycapped find insert "     \
	"killCursors listCollections listIndexes planCacheRead remove "        \
	"renameCollectionSameDB update"
#define ADMIN_ACTIONS                                                          \
	"bypassDocumentValidation collMod collStats compact convertToCapped "  \
	"createCollection createIndex dbStats dropCollection dropDatabase "    \
	"dropIndex enableProfiler listCollections listIndexes "                \
	"planCacheIndexFilter planCacheRead planCacheWrite reIndex "           \
	"renameCollectionSameDB storageDetails validate"
#define USER_ACTIONS                                                           \
	"changeCustomData changePassword createRole createUser dropRole "      \
	"dropUser grantRole revokeRole setAuthenticationRestriction viewRole " \
	"viewUser"
#define MONITOR_ACTIONS                                                        \
	"connPoolStats getCmdLineOpts getLog getParameter getShardMap "        \
	"hostInfo inprog listDatabases listSessions listShards netstat "       \
	"replSetGetConfig replSetGetStatus serverStatus shardingState top"
#define MANAGE_ACTIONS                                                         \
	"appendOplogNote applicationMessage applyOps fsync killAnyCursor "     \
	"killAnySession killop logRotate replSetConfigure "                    \
	"replSetStateChange resync setParameter setUserWriteBlockMode "        \
	"shutdown unlock"

enum where { OF_DB, OF_ALL, OF_LOG, OF_CLUSTER, OF_ANY };

static const struct builtin {
	const char *name;
	bool admin_only;
	enum where where;
	const char *actions; /* NULL: all */
} builtins[] = {{"read", false, OF_DB, READ_ACTIONS},
    {"readWrite", false, OF_DB, WRITE_ACTIONS},
    {"dbAdmin", false, OF_DB, ADMIN_ACTIONS},
    {"userAdmin", false, OF_DB, USER_ACTIONS},
    {"dbOwner", false, OF_DB, WRITE_ACTIONS},
    {"dbOwner", false, OF_DB, ADMIN_ACTIONS},
    {"dbOwner", false, OF_DB, USER_ACTIONS},
    {"readAnyDatabase", true, OF_ALL, READ_ACTIONS},
    {"readAnyDatabase", true, OF_CLUSTER, "listDatabases"},
    {"readWriteAnyDatabase", true, OF_ALL, WRITE_ACTIONS},
    {"readWriteAnyDatabase", true, OF_CLUSTER, "listDatabases"},
    {"dbAdminAnyDatabase", true, OF_ALL, ADMIN_ACTIONS},
    {"dbAdminAnyDatabase", true, OF_CLUSTER, "listDatabases"},
    {"userAdminAnyDatabase", true, OF_ALL, USER_ACTIONS},
    {"userAdminAnyDatabase", true, OF_CLUSTER,
	"invalidateUserCache listDatabases"},
    {"clusterMonitor", true, OF_CLUSTER, MONITOR_ACTIONS},
    {"clusterMonitor", true, OF_ALL,
	"collStats dbStats indexStats listCollections listIndexes"},
    {"clusterManager", true, OF_CLUSTER, MANAGE_ACTIONS},
    {"hostManager", true, OF_CLUSTER, MANAGE_ACTIONS},
    {"clusterAdmin", true, OF_CLUSTER, MONITOR_ACTIONS},
    {"clusterAdmin", true, OF_CLUSTER, MANAGE_ACTIONS},
    {"clusterAdmin", true, OF_ALL, "dropDatabase"},
    {"backup", true, OF_CLUSTER,
	"appendOplogNote getParameter listDatabases serverStatus"},
    {"backup", true, OF_ANY, "find listCollections listIndexes collStats"},
    {"restore", true, OF_CLUSTER,
	"applyOps bypassWriteBlockingMode getParameter"},
    {"restore", true, OF_ALL, WRITE_ACTIONS},
    {"restore", true, OF_ALL, ADMIN_ACTIONS}, {"root", true, OF_ANY, NULL},
    {"__system", true, OF_ANY, NULL}};

static void
put_actions(struct buf *b, const char *actions)
{
	size_t list = out_open(b, "actions", BSON_TYPE_ARRAY);
	char text[INDEX_TEXT], name[64];
	uint32_t n = 0;

	for (const char *at = actions ? actions : "anyAction"; *at;) {
		size_t len = strcspn(at, " ");

		snprintf(name, sizeof name, "%.*s", (int)len, at);
		out_text(b, index_text(n++, text), name);
		at += len + (at[len] == ' ');
	}
	out_close(b, list);
}

static void
put_privilege(
    struct buf *b, const char *db, const char *coll, const struct builtin *role)
{
	size_t doc = out_open(b, NULL, BSON_TYPE_DOCUMENT);
	size_t mark = out_open(b, "resource", BSON_TYPE_DOCUMENT);

	if (role->where == OF_CLUSTER) {
		out_bool(b, "cluster", true);
	} else if (role->where == OF_ANY) {
		out_bool(b, "anyResource", true);
	} else {
		out_text(b, "db", role->where == OF_ALL ? "" : db);
		out_text(b, "collection", coll);
	}
	out_close(b, mark);
	put_actions(b, role->actions);
	out_close(b, doc);
}

bool
roles_builtin(const char *db, const char *name, struct buf *privileges)
{
	bool found = false;

	for (size_t i = 0; i < sizeof builtins / sizeof *builtins; i++) {
		const struct builtin *role = &builtins[i];

		if (strcmp(role->name, name) != 0 ||
		    (role->admin_only && strcmp(db, "admin") != 0))
			continue;
		found = true;
		if (!privileges)
			continue;
		put_privilege(privileges, db, "", role);
		if (role->where == OF_DB || role->where == OF_ALL)
			put_privilege(privileges, db, "system.js", role);
	}
	return found;
}

bool
roles_known(const char *db, const char *name)
{
	bson_t doc;

	return roles_builtin(db, name, NULL) ||
	    account_find(ROLES, db, name, &doc);
}

static void
put_docs(struct buf *b, const bson_t *list)
{
	bson_iter_t it;
	bson_t doc;

	bson_iter_init(&it, list);
	while (bson_iter_next(&it))
		if (iter_doc(&it, &doc))
			buf_add(b, bson_get_data(&doc), doc.len);
}

static const char *
text_of(const bson_t *doc, const char *name)
{
	bson_iter_t it;

	return bson_iter_init_find(&it, doc, name) && BSON_ITER_HOLDS_UTF8(&it)
	    ? bson_iter_utf8(&it, NULL)
	    : "";
}

/* seen: the roles so far, each once, so that a circle ends. */
static void
expand(const bson_t *roles, struct buf *privileges, bson_t *seen)
{
	bson_iter_t it, field;
	bson_t ref, role, more, one = BSON_INITIALIZER;

	bson_iter_init(&it, roles);
	while (bson_iter_next(&it)) {
		uint32_t before = bson_count_keys(seen);
		bson_t merged;

		if (!iter_doc(&it, &ref))
			continue;
		bson_reinit(&one);
		BSON_APPEND_DOCUMENT(&one, "0", &ref);
		account_merge(seen, &one, false, &merged);
		bson_destroy(seen);
		bson_steal(seen, &merged);
		if (bson_count_keys(seen) == before ||
		    roles_builtin(text_of(&ref, "db"), text_of(&ref, "role"),
			privileges) ||
		    !account_find(ROLES, text_of(&ref, "db"),
			text_of(&ref, "role"), &role))
			continue;
		if (bson_iter_init_find(&field, &role, "privileges") &&
		    iter_doc(&field, &more))
			put_docs(privileges, &more);
		if (bson_iter_init_find(&field, &role, "roles") &&
		    iter_doc(&field, &more))
			expand(&more, privileges, seen);
	}
	bson_destroy(&one);
}

void
roles_expand(const bson_t *roles, const bson_t *own, struct buf *privileges,
    bson_t *inherited)
{
	bson_t seen = BSON_INITIALIZER;

	if (own)
		put_docs(privileges, own);
	expand(roles, privileges, &seen);
	if (inherited)
		bson_steal(inherited, &seen);
	else
		bson_destroy(&seen);
}
