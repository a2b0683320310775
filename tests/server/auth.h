/* mongosim: accounts and rights.
 *
 * With --auth USER:PASSWORD there are three, all with that password and in
 * the database admin: USER may do everything, `reader` reads everything,
 * `noplog` reads and writes everything but local. All others come by
 * createUser, and may do what their roles allow (accounts.h, rights.c).
 */
#ifndef SIM_AUTH_H
#define SIM_AUTH_H

#include "commands.h"

void auth_init(void);
/* 13 where the caller may not do that. */
bool auth_allows(
    const struct request *r, const struct command *c, bson_error_t *error);
/* On a collection, by a user of createUser; the others by what they are. */
bool auth_may(const struct request *r, const char *db, const char *coll,
    const char *action);
/* rights.c: a user of createUser; coll NULL: the database as such; db NULL:
 * the cluster. */
bool rights_allow(
    struct user *u, const char *db, const char *coll, const char *action);
bool rights_allow_command(
    const struct request *r, const struct command *c, struct user *u);
/* {iterationCount, salt, storedKey, serverKey} of SCRAM-SHA-256. */
void auth_make_credentials(const char *password, bson_t *out);
/* `user@db`; "" for NULL. */
const char *user_full_name(const struct user *user);
/* authenticatedUsers and authenticatedUserRoles of connectionStatus. */
void auth_put_status(struct request *r);
/* The field saslSupportedMechs, when the hello asks for a user's. */
void auth_put_mechanisms(struct request *r);
/* A login given up, or its connection closed. */
void auth_drop(struct conn *conn);

#endif
