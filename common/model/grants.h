/* model: rights to write a selection (or to read it, too): who has them, what
 * has to be taken away so that nobody does, and how it is given back exactly.
 * Pure: users and roles come as the server's documents, and what has to be done
 * goes out as its commands.
 *
 * A user of a server has roles; a role has privileges (actions on a resource)
 * and further roles. Rights are taken away
 * - from roles that people made: their privileges are narrowed,
 * - from users and such roles that have readWrite, dbOwner or dbAdmin of a
 *   database: read of it is put in its place.
 * What reaches every database (root, readWriteAnyDatabase, restore ...) is not
 * touched, for others use it: who has it is named as open. Where a database is
 * selected in part, rights on the whole of it become rights on each of its
 * other collections: until they are given back nobody can make further ones in
 * it.
 */
#ifndef MM_MODEL_GRANTS_H
#define MM_MODEL_GRANTS_H

#include "base/error.h"

struct grants_scope {
	/* Of the selection, by names on this side. */
	bool (*ns)(const void *arg, const char *ns);
	bool (*db_any)(const void *arg, const char *db);
	bool (*db_whole)(const void *arg, const char *db);
	const void *arg;
	/* All collections of databases that are selected in part. */
	const char *const *collections;
	size_t n_collections;
	/* Accounts that go on writing ("db.user"): ours. */
	const char *const *keep;
	size_t n_keep;
	/* Rights to read the data are taken as well, and nothing is put in the
	 * place of built-in roles. */
	bool readers;
};

/* users: an array of {user, db, roles}; roles: one of {role, db, privileges,
 * roles}, as usersInfo and admin.system.roles have them. Appended to plan:
 *   changes: [{kind: "user"|"role", db, name, before: [..], after: [..]}]
 *   open: [{kind, name, why: [..]}]  whom this does not stop: each once
 *   kept: [{name}]                   those of `keep` that there are
 * before and after are lists of single rights as texts. Status 8: a kept
 * account has its rights from a role that has to be narrowed. */
bool grants_plan(const struct grants_scope *scope, const bson_t *users,
    const bson_t *roles, bson_t *plan, bson_error_t *error);

/* Where the server itself refuses writes (setUserWriteBlockMode): a plan
 * without changes, whose `open` are the users, but those of keep, that may
 * write all the same, by bypassWriteBlockingMode. */
void grants_bypass(const char *const *keep, size_t n_keep, const bson_t *users,
    const bson_t *roles, bson_t *plan);

/* The plan for a side that `recorded` has closed already, be it in part: what
 * it took (changes of accounts that are gone too) is in the new one, beside
 * what `plan` found there; open and kept are those of `plan`. Appended to out.
 * A change of it may have `found`: the rights at the time of the merge, where
 * those are neither before nor after.
 * Status 8: somebody has taken away of what `recorded` left. */
bool grants_merge(const bson_t *plan, const bson_t *recorded,
    const bson_t *users, const bson_t *roles, bson_t *out, bson_error_t *error);

/* The changes of both, appended to out; of an account that both change that of
 * `a`. */
void grants_union(const bson_t *a, const bson_t *b, bson_t *out);

/* How those that the plan changes are, as one SHA-256: 64 hex digits and NUL.
 * Another one once somebody has touched them. */
void grants_token(const bson_t *plan, const bson_t *users, const bson_t *roles,
    char text[65]);

/* Calls each for every user that could not write to the selection, neither now
 * nor before something was taken away: one that neither `now` (of grants_plan)
 * nor `recorded` (the plan of a block, NULL: none) names, nor any role that it
 * has, be it through others. */
void grants_apart(const bson_t *now, const bson_t *recorded,
    const bson_t *users, const bson_t *roles,
    void (*each)(void *arg, const bson_t *user), void *arg);

enum grants_step {
	GRANTS_REFUSED = -1, /* error: 8 */
	GRANTS_DONE,         /* it is so already */
	GRANTS_DO            /* command has to be run on database `db` */
};

/* present: the user or role as it is now (as above); NULL: it is gone.
 * command: initialised when GRANTS_DO; updateUser or updateRole. */
enum grants_step grants_block(const bson_t *change, const bson_t *present,
    bson_t *command, bson_error_t *error);
/* Gives back what was taken, and keeps what somebody has added meanwhile.
 * Refused: somebody has taken away of what was left, so that giving back might
 * not be wanted; what is gone needs nothing. */
enum grants_step grants_undo(const bson_t *change, const bson_t *present,
    bson_t *command, bson_error_t *error);

/* The rights of a user or role as text, for a token: 65 bytes, SHA-256. */
void grants_digest(const bson_t *user_or_role, char *text);

#endif
