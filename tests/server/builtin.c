/* A role is a list of rows, and may contain others. Where a row's database is
 * NULL it is that of the role. */
#include "builtin.h"

#include <string.h>

#include "server.h"

#define READ                                                                   \
	"changeStream collStats dbHash dbStats find killCursors "              \
	"listCollections listIndexes planCacheRead "
#define WRITE                                                                  \
	"convertToCapped createCollection createIndex dropCollection "         \
	"dropIndex insert remove renameCollectionSameDB update "
#define ADMIN                                                                  \
	"bypassDocumentValidation collMod collStats compact "                  \
	"convertToCapped createCollection createIndex dbStats "                \
	"dropCollection dropDatabase dropIndex enableProfiler "                \
	"listCollections listIndexes planCacheIndexFilter planCacheRead "      \
	"planCacheWrite reIndex renameCollectionSameDB storageDetails "        \
	"validate "
#define USERS                                                                  \
	"changeCustomData changePassword createRole createUser dropRole "      \
	"dropUser grantRole revokeRole setAuthenticationRestriction "          \
	"viewRole viewUser "
#define PROFILE READ "convertToCapped createCollection dropCollection "
#define MONITOR                                                                \
	"checkFreeMonitoringStatus connPoolStats getCmdLineOpts "              \
	"getDefaultRWConcern getLog getParameter getShardMap hostInfo "        \
	"inprog listDatabases listSessions listShards netstat "                \
	"operationMetrics replSetGetConfig replSetGetStatus serverStatus "     \
	"shardingState top useUUID "
#define MONITOR_DB                                                             \
	"collStats dbStats getDatabaseVersion getShardVersion indexStats "
#define HOST                                                                   \
	"applicationMessage connPoolSync dropConnections "                     \
	"flushRouterConfig fsync invalidateUserCache killAnyCursor "           \
	"killAnySession killop logRotate oidReset replSetResizeOplog "         \
	"resync setParameter shutdown touch trafficRecord unlock "
#define MANAGER                                                                \
	"addShard appendOplogNote applicationMessage cleanupOrphaned "         \
	"flushRouterConfig getDefaultRWConcern listSessions listShards "       \
	"removeShard replSetConfigure replSetGetConfig replSetGetStatus "      \
	"replSetStateChange resync runTenantMigration setDefaultRWConcern "    \
	"setFeatureCompatibilityVersion setFreeMonitoring "
#define MANAGER_DB                                                             \
	"clearJumboFlag enableSharding moveChunk refineCollectionShardKey "    \
	"reshardCollection splitChunk splitVector "
#define RESTORE                                                                \
	"bypassDocumentValidation collMod convertToCapped "                    \
	"createCollection createIndex dropCollection insert "

struct row {
	enum where where;
	const char *db, *coll, *actions;
	int fcv; /* from that version on */
};

static const struct row read_rows[] = {
    {WHERE_DB, NULL, NULL, READ}, {WHERE_EXACT, NULL, "system.js", READ}, {0}};
static const struct row write_rows[] = {{WHERE_DB, NULL, NULL, READ WRITE},
    {WHERE_EXACT, NULL, "system.js", READ WRITE}, {0}};
static const struct row admin_rows[] = {{WHERE_DB, NULL, NULL, ADMIN},
    {WHERE_EXACT, NULL, "system.profile", PROFILE}, {0}};
static const struct row users_rows[] = {{WHERE_DB, NULL, NULL, USERS}, {0}};
static const struct row read_any_rows[] = {{WHERE_NORMAL, NULL, NULL, READ},
    {WHERE_CLUSTER, NULL, NULL, "listDatabases"},
    {WHERE_COLL, NULL, "system.js", READ}, {0}};
static const struct row write_any_rows[] = {
    {WHERE_NORMAL, NULL, NULL, READ WRITE},
    {WHERE_CLUSTER, NULL, NULL, "listDatabases"},
    {WHERE_COLL, NULL, "system.js", READ WRITE}, {0}};
static const struct row admin_any_rows[] = {
    {WHERE_CLUSTER, NULL, NULL, "applyOps listDatabases"},
    {WHERE_NORMAL, NULL, NULL, ADMIN},
    {WHERE_COLL, NULL, "system.profile", PROFILE}, {0}};
static const struct row users_any_rows[] = {{WHERE_NORMAL, NULL, NULL, USERS},
    {WHERE_DB, "local", NULL, USERS}, {WHERE_DB, "config", NULL, USERS},
    {WHERE_CLUSTER, NULL, NULL,
	"authSchemaUpgrade invalidateUserCache listDatabases viewUser"},
    {WHERE_NORMAL, NULL, NULL, "listCachedAndActiveUsers"},
    {WHERE_COLL, NULL, "system.users", READ},
    {WHERE_EXACT, "admin", "system.users", READ "createIndex dropIndex"},
    {WHERE_EXACT, "admin", "system.roles", READ "createIndex dropIndex"},
    {WHERE_EXACT, "admin", "system.version", READ},
    {WHERE_EXACT, "admin", "system.backup_users", READ}, {0}};
static const struct row monitor_rows[] = {{WHERE_CLUSTER, NULL, NULL, MONITOR},
    {WHERE_NORMAL, NULL, NULL, MONITOR_DB},
    {WHERE_DB, "config", NULL, MONITOR_DB READ},
    {WHERE_DB, "local", NULL, MONITOR_DB READ},
    {WHERE_EXACT, "config", "system.js", READ},
    {WHERE_EXACT, "local", "system.js", READ},
    {WHERE_EXACT, "local", "system.replset", "find"},
    {WHERE_EXACT, "local", "replset.election", "find"},
    {WHERE_EXACT, "local", "replset.minvalid", "find"},
    {WHERE_COLL, NULL, "system.profile", "find"}, {0}};
static const struct row host_rows[] = {{WHERE_CLUSTER, NULL, NULL, HOST},
    {WHERE_NORMAL, NULL, NULL, "killCursors"}, {0}};
static const struct row manager_rows[] = {{WHERE_CLUSTER, NULL, NULL, MANAGER},
    {WHERE_NORMAL, NULL, NULL, MANAGER_DB},
    {WHERE_DB, "config", NULL, MANAGER_DB READ "insert remove update"},
    {WHERE_DB, "local", NULL, MANAGER_DB "insert remove update"},
    {WHERE_EXACT, "config", "system.js", READ},
    {WHERE_EXACT, "local", "system.replset", READ},
    {WHERE_EXACT, "local", "replset.election", "insert remove update"},
    {WHERE_EXACT, "local", "replset.minvalid", "insert remove update"}, {0}};
static const struct row cluster_rows[] = {
    {WHERE_NORMAL, NULL, NULL, "dropDatabase"}, {0}};
static const struct row backup_rows[] = {
    {WHERE_CLUSTER, NULL, NULL,
	"appendOplogNote getParameter listDatabases serverStatus useUUID"},
    {WHERE_CLUSTER, NULL, NULL, "setUserWriteBlockMode", 60},
    {WHERE_ANY, NULL, NULL, "collStats listCollections listIndexes"},
    {WHERE_NORMAL, NULL, NULL, "find"}, {WHERE_DB, "config", NULL, "find"},
    {WHERE_DB, "local", NULL, "find"}, {WHERE_COLL, NULL, "system.js", "find"},
    {WHERE_COLL, NULL, "system.users", "find"},
    {WHERE_COLL, NULL, "system.profile", "find"},
    {WHERE_EXACT, "local", "replset.election", "find"},
    {WHERE_EXACT, "local", "replset.minvalid", "find"},
    {WHERE_EXACT, "admin", "system.backup_users", "find"},
    {WHERE_EXACT, "admin", "system.roles", "find"},
    {WHERE_EXACT, "admin", "system.version", "find"},
    {WHERE_EXACT, "config", "settings", "find insert update"}, {0}};
static const struct row restore_rows[] = {
    {WHERE_NORMAL, NULL, NULL, RESTORE USERS},
    {WHERE_COLL, NULL, "system.js", RESTORE},
    {WHERE_ANY, NULL, NULL, "listCollections"},
    {WHERE_DB, "config", NULL, RESTORE}, {WHERE_DB, "local", NULL, RESTORE},
    {WHERE_EXACT, "local", "system.replset", RESTORE},
    {WHERE_EXACT, "admin", "system.version", RESTORE "find"},
    {WHERE_COLL, NULL, "system.users", RESTORE "find remove update"},
    {WHERE_EXACT, "admin", "tempusers", "find"},
    {WHERE_EXACT, "admin", "temproles", "find"},
    {WHERE_EXACT, "admin", "system.roles", "createIndex"},
    {WHERE_CLUSTER, NULL, NULL, "applyOps forceUUID getParameter useUUID"},
    {WHERE_CLUSTER, NULL, NULL, "bypassWriteBlockingMode setUserWriteBlockMode",
	60},
    {0}};
static const struct row root_rows[] = {
    {WHERE_ANY, NULL, NULL, "validate"}, {0}};
static const struct row system_rows[] = {
    {WHERE_ANY, NULL, NULL, "anyAction"}, {0}};

#define MANY 8

static const struct role {
	const char *name;
	bool admin; /* in that database alone */
	const struct row *rows;
	const char *within[MANY];
} roles[] = {{"read", false, read_rows}, {"readWrite", false, write_rows},
    {"dbAdmin", false, admin_rows}, {"userAdmin", false, users_rows},
    {"dbOwner", false, NULL, {"readWrite", "dbAdmin", "userAdmin"}},
    {"readAnyDatabase", true, read_any_rows},
    {"readWriteAnyDatabase", true, write_any_rows},
    {"dbAdminAnyDatabase", true, admin_any_rows},
    {"userAdminAnyDatabase", true, users_any_rows},
    {"clusterMonitor", true, monitor_rows}, {"hostManager", true, host_rows},
    {"clusterManager", true, manager_rows},
    {"clusterAdmin", true, cluster_rows,
	{"clusterMonitor", "hostManager", "clusterManager"}},
    {"backup", true, backup_rows}, {"restore", true, restore_rows},
    {"root", true, root_rows,
	{"clusterAdmin", "userAdminAnyDatabase", "dbAdminAnyDatabase",
	    "readWriteAnyDatabase", "restore", "backup"}},
    {"__system", true, system_rows}};

#define N_ROLES (sizeof roles / sizeof *roles)

static const struct role *
find_role(const char *db, const char *name)
{
	for (size_t i = 0; i < N_ROLES; i++)
		if (strcmp(roles[i].name, name) == 0 &&
		    (!roles[i].admin || strcmp(db, "admin") == 0))
			return &roles[i];
	return NULL;
}

bool
builtin_role(const char *db, const char *role)
{
	return find_role(db, role) != NULL;
}

/* One action went, another came, with versions between those played here. */
static const char *
of_version(void)
{
	return sim.set.fcv < 60 ? "emptycapped"
				: "compactStructuredEncryptionData";
}

void
builtin_add(const char *db, const char *name, struct privileges *p)
{
	const struct role *role = find_role(db, name);

	for (const struct row *r = role->rows; r && r->actions; r++) {
		struct resource where = {r->where, r->db, r->coll};

		if (r->fcv > sim.set.fcv)
			continue;
		if (!r->db && (r->where == WHERE_DB || r->where == WHERE_EXACT))
			where.db = db;
		privileges_add(p, &where, r->actions);
		if (strncmp(r->actions, READ WRITE, strlen(READ WRITE)) == 0)
			privileges_add(p, &where, of_version());
	}
	for (size_t i = 0; role->within[i]; i++)
		builtin_add(db, role->within[i], p);
}

const char *
builtin_next(const char *db, const char *after)
{
	bool found = !after;

	for (size_t i = 0; i < N_ROLES; i++) {
		if (found && find_role(db, roles[i].name))
			return roles[i].name;
		found = found || strcmp(roles[i].name, after) == 0;
	}
	return NULL;
}

bool
builtin_action(const char *action)
{
	static const char all[] = " " READ WRITE ADMIN USERS MONITOR MONITOR_DB
	    HOST MANAGER MANAGER_DB "anyAction applyOps authSchemaUpgrade "
				  "bypassWriteBlockingMode changeOwnCustomData "
				  "changeOwnPassword "
				  "compactStructuredEncryptionData emptycapped "
				  "forceUUID impersonate internal "
				  "listCachedAndActiveUsers "
				  "setUserWriteBlockMode viewUser ";
	char *word = bson_strdup_printf(" %s ", action);
	bool there = strstr(all, word) != NULL;

	bson_free(word);
	return there && !strchr(action, ' ') && *action;
}
