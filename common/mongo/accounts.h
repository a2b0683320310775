/* mongo: users and roles as a server keeps them, credentials and all, and
 * making such ones on another.
 *
 * createUser takes a password, not what was made of one. So documents are put
 * into admin.tempusers and admin.temproles, and the server itself takes them
 * over (_mergeAuthzCollections, without drop): the way of mongorestore, for
 * which the role restore is made. What is there already is left alone.
 */
#ifndef MM_MONGO_ACCOUNTS_H
#define MM_MONGO_ACCOUNTS_H

#include "mongo/rights.h"

/* All documents of admin.system.users and admin.system.roles: they hold
 * secrets. r is initialised in any case. Status 8: they may not be read. */
bool accounts_read(struct conn *c, struct rights *r, bson_error_t *error);

/* Arrays of such documents, each with _id. That they are there afterwards is
 * for the caller to look: a server passes over what it does not like. May be
 * called again. Status 8: no right to, no such command, or the two collections
 * hold what is not ours. */
bool accounts_add(struct conn *c, const bson_t *users, const bson_t *roles,
    bson_error_t *error);
/* Gone already: fine. */
bool accounts_drop(struct conn *c, bool role, const char *db, const char *name,
    bson_error_t *error);

#endif
