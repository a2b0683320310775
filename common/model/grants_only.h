/* model: accounts that are about a selection and nothing else: once it has
 * moved away nobody needs them. Pure.
 */
#ifndef MM_MODEL_GRANTS_ONLY_H
#define MM_MODEL_GRANTS_ONLY_H

#include <bson/bson.h>
#include <stdbool.h>

/* A user or role (a document of usersInfo or rolesInfo, with privileges where
 * it is a role) has rights, and none beyond the selection. roles: an array of
 * all roles that people made; ns: "db.coll" is selected; db_whole: the whole
 * database is. */
bool grants_only(const bson_t *user_or_role, const bson_t *roles,
    bool (*ns)(const void *arg, const char *ns),
    bool (*db_whole)(const void *arg, const char *db), const void *arg);

#endif
