/* mongosim: what a user of createUser may do: the action that each command
 * needs, against the privileges of the user's roles at this moment. */
#include <string.h>

#include "accounts.h"
#include "auth_user.h"

static const struct need {
	const char *command, *action;
	enum { ON_COLL, ON_DB, ON_CLUSTER } on;
} needs[] = {{"find", "find", ON_COLL}, {"aggregate", "find", ON_COLL},
    {"count", "find", ON_COLL}, {"distinct", "find", ON_COLL},
    {"insert", "insert", ON_COLL}, {"update", "update", ON_COLL},
    {"delete", "remove", ON_COLL}, {"listCollections", NULL, ON_DB},
    {"listIndexes", NULL, ON_COLL}, {"collStats", NULL, ON_COLL},
    {"collstats", "collStats", ON_COLL}, {"dbStats", NULL, ON_DB},
    {"dbstats", "dbStats", ON_DB}, {"create", "createCollection", ON_COLL},
    {"drop", "dropCollection", ON_COLL}, {"dropDatabase", NULL, ON_DB},
    {"convertToCapped", NULL, ON_COLL}, {"collMod", NULL, ON_COLL},
    {"createIndexes", "createIndex", ON_COLL},
    {"dropIndexes", "dropIndex", ON_COLL},
    {"deleteIndexes", "dropIndex", ON_COLL},
    {"appendOplogNote", NULL, ON_CLUSTER}, {"applyOps", NULL, ON_CLUSTER},
    {"fsync", NULL, ON_CLUSTER}, {"fsyncUnlock", "unlock", ON_CLUSTER},
    {"replSetStepDown", "replSetStateChange", ON_CLUSTER},
    {"getParameter", NULL, ON_CLUSTER}, {"getCmdLineOpts", NULL, ON_CLUSTER},
    {"serverStatus", NULL, ON_CLUSTER}, {"replSetGetStatus", NULL, ON_CLUSTER},
    {"replSetGetConfig", NULL, ON_CLUSTER}, {"createUser", NULL, ON_DB},
    {"updateUser", "grantRole", ON_DB}, {"dropUser", NULL, ON_DB},
    {"grantRolesToUser", "grantRole", ON_DB},
    {"revokeRolesFromUser", "revokeRole", ON_DB},
    {"usersInfo", "viewUser", ON_DB}, {"createRole", NULL, ON_DB},
    {"updateRole", "grantRole", ON_DB}, {"dropRole", NULL, ON_DB},
    {"grantRolesToRole", "grantRole", ON_DB},
    {"revokeRolesFromRole", "revokeRole", ON_DB},
    {"grantPrivilegesToRole", "grantRole", ON_DB},
    {"revokePrivilegesFromRole", "revokeRole", ON_DB},
    {"rolesInfo", "viewRole", ON_DB}, {"invalidateUserCache", NULL, ON_CLUSTER},
    {"currentOp", "inprog", ON_CLUSTER}, {"killOp", "killop", ON_CLUSTER},
    {"killAllSessions", "killAnySession", ON_CLUSTER},
    {"killAllSessionsByPattern", "killAnySession", ON_CLUSTER}};

const struct buf *
user_privileges(struct user *u)
{
	bson_t doc, roles;
	bson_iter_t it;

	if (u->version == account_version() && u->version > 0)
		return &u->privileges;
	buf_clear(&u->privileges);
	u->version = account_version();
	if (account_find(USERS, u->db, u->name, &doc) &&
	    bson_iter_init_find(&it, &doc, "roles") && iter_doc(&it, &roles))
		roles_expand(&roles, NULL, &u->privileges, NULL);
	return &u->privileges;
}

static bool
flag(const bson_t *resource, const char *name)
{
	bson_iter_t it;

	return bson_iter_init_find(&it, resource, name) &&
	    bson_iter_as_bool(&it);
}

/* coll NULL: the database as such; db NULL: the cluster. A resource without
 * names means no system collection, one without a database neither local nor
 * config. */
static bool
covers(const bson_t *resource, const char *db, const char *coll)
{
	const char *of = NULL, *name = NULL;
	bson_iter_t it;

	if (flag(resource, "anyResource"))
		return true;
	if (!db)
		return flag(resource, "cluster");
	if (bson_iter_init_find(&it, resource, "db"))
		of = bson_iter_utf8(&it, NULL);
	if (bson_iter_init_find(&it, resource, "collection"))
		name = bson_iter_utf8(&it, NULL);
	if (!of || !name)
		return false;
	if (*of ? strcmp(of, db) != 0
		: strcmp(db, "local") == 0 || strcmp(db, "config") == 0)
		return false;
	if (*name)
		return coll && strcmp(name, coll) == 0;
	return !coll || strncmp(coll, "system.", 7) != 0;
}

static bool
names_action(const bson_t *privilege, const char *action)
{
	bson_iter_t it, list;

	if (!bson_iter_init_find(&it, privilege, "actions") ||
	    !bson_iter_recurse(&it, &list))
		return false;
	while (bson_iter_next(&list)) {
		const char *have = bson_iter_utf8(&list, NULL);

		if (have &&
		    (strcmp(have, action) == 0 ||
			strcmp(have, "anyAction") == 0))
			return true;
	}
	return false;
}

bool
rights_allow(
    struct user *u, const char *db, const char *coll, const char *action)
{
	const struct buf *b = user_privileges(u);
	bson_t privilege, resource;
	bson_iter_t it;

	for (size_t at = 0; at < b->len; at += doc_len(b->data + at)) {
		bson_init_static(
		    &privilege, b->data + at, doc_len(b->data + at));
		if (bson_iter_init_find(&it, &privilege, "resource") &&
		    iter_doc(&it, &resource) && covers(&resource, db, coll) &&
		    names_action(&privilege, action))
			return true;
	}
	return false;
}

/* Both names of renameCollection are whole. */
static bool
may_rename(const struct request *r, struct user *u)
{
	const char *from = arg_text(r, "renameCollection");
	const char *to = arg_text(r, "to");
	size_t n = from ? strcspn(from, ".") : 0;
	char db[2][128];

	if (!from || !to || from[n] == '\0')
		return true; /* refused by itself */
	snprintf(db[0], sizeof db[0], "%.*s", (int)n, from);
	snprintf(db[1], sizeof db[1], "%.*s", (int)strcspn(to, "."), to);
	if (strcmp(db[0], db[1]) == 0)
		return rights_allow(
		    u, db[0], from + n + 1, "renameCollectionSameDB");
	return rights_allow(u, db[0], from + n + 1, "find") &&
	    rights_allow(u, db[0], from + n + 1, "dropCollection") &&
	    rights_allow(u, db[1], NULL, "createCollection");
}

static bool
may_modify(const struct request *r, struct user *u, const char *coll)
{
	bool remove = arg_bool(r, "remove");

	return rights_allow(u, r->db, coll, "find") &&
	    rights_allow(u, r->db, coll, remove ? "remove" : "update") &&
	    (!arg_bool(r, "upsert") || rights_allow(u, r->db, coll, "insert"));
}

bool
rights_allow_command(
    const struct request *r, const struct command *c, struct user *u)
{
	const char *coll = arg_text(r, c->name);

	if (c->access == ACCESS_NONE || c->access == ACCESS_ANY ||
	    strcmp(c->name, "getMore") == 0)
		return true;
	if (strcmp(c->name, "aggregate") == 0 && !coll)
		return rights_allow(u, NULL, NULL, "inprog");
	if (strcmp(c->name, "renameCollection") == 0)
		return may_rename(r, u);
	if (strcasecmp(c->name, "findAndModify") == 0)
		return may_modify(r, u, coll);
	for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
		const struct need *n = &needs[i];

		if (strcmp(n->command, c->name) == 0)
			return rights_allow(u,
			    n->on == ON_CLUSTER ? NULL : r->db,
			    n->on == ON_COLL ? coll : NULL,
			    n->action ? n->action : n->command);
	}
	return rights_allow(u, NULL, NULL, c->name);
}
