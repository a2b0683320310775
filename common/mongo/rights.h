/* mongo: users and roles of one side: read, and changed as a plan of
 * model/grants.h says.
 *
 * Needs viewUser and viewRole of every database (userAdminAnyDatabase has
 * them), and for changes updateUser's and updateRole's rights. Every change is
 * by majority; a change that was not answered is looked at and made again, so
 * that all of this may be run any number of times. Users that a server does
 * not keep itself ($external ones of LDAP) are not seen.
 */
#ifndef MM_MONGO_RIGHTS_H
#define MM_MONGO_RIGHTS_H

#include "mongo/server.h"

struct rights {
	bson_t users; /* array of {user, db, roles ...} */
	bson_t roles; /* array of {role, db, privileges, roles ...} */
};

/* All users, and all roles that people made (where admin.system.roles may not
 * be read: those that somebody has). r is initialised in any case.
 * Status 8: they may not be read. */
bool rights_fetch(struct conn *c, struct rights *r, bson_error_t *error);
void rights_release(struct rights *r);

/* The accounts of this connection, as an array of texts "db.user". */
bool rights_own(struct conn *c, bson_t *names, bson_error_t *error);

/* What `plan` (of grants_plan) changes is taken away, or given back. What is
 * so already is left alone. Status 8: somebody has changed one meanwhile in a
 * way that grants.h refuses: those before it in the plan are blocked, all
 * others are given back. */
bool rights_block(struct conn *c, const bson_t *plan, bson_error_t *error);
bool rights_undo(struct conn *c, const bson_t *plan, bson_error_t *error);

/* How those that the plan changes are now: SHA-256 as 64 hex digits and NUL.
 * The same before and after means that nobody has touched them. */
bool rights_token(
    struct conn *c, const bson_t *plan, char text[65], bson_error_t *error);

#endif
