/* mongosim: users and roles: documents of admin.system.users and
 * admin.system.roles, written and logged like any other. */
#ifndef SIM_ACCOUNTS_H
#define SIM_ACCOUNTS_H

#include "commands.h"

#define USERS "system.users"
#define ROLES "system.roles"

/* The document db.name of USERS or ROLES, borrowed until the next change. */
bool account_find(
    const char *coll, const char *db, const char *name, bson_t *doc);
/* Put in the place of the one of its _id, or new. */
bool account_save(const char *coll, const bson_t *doc, bson_error_t *error);
/* False: there was none. */
bool account_remove(const char *coll, const char *db, const char *name);
/* Each document of that database (NULL: all). */
typedef void account_fn(void *ctx, const bson_t *doc);
void account_each(const char *coll, const char *db, account_fn *fn, void *ctx);
/* Grows with every change. */
int64_t account_version(void);

/* A list of roles as commands take it, ["a", {role, db}], -> [{role, db}];
 * 31 where one is not there. The caller destroys out in any case. */
bool account_roles(
    const char *db, const bson_t *given, bson_t *out, bson_error_t *error);
/* `list` with what is in `more`, each once, or without it. */
void account_merge(
    const bson_t *list, const bson_t *more, bool without, bson_t *out);

/* roles.c: the privileges of these roles, of all that they inherit, and those
 * in `own` (NULL: none): documents {resource, actions}, one behind another;
 * inherited (NULL: not wanted) gets the roles, as an array. */
void roles_expand(const bson_t *roles, const bson_t *own,
    struct buf *privileges, bson_t *inherited);
/* A role that every server has, of a database: its privileges. False: it is
 * none. */
bool roles_builtin(const char *db, const char *name, struct buf *privileges);
bool roles_known(const char *db, const char *name);

#endif
