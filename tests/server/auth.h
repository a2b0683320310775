/* mongosim: logins, by SCRAM-SHA-256 alone, and the accounts of --auth.
 *
 * With --auth USER:PASSWORD there are three, all with that password and in
 * the database admin: USER is root, `reader` reads everything, `noplog` reads
 * and writes everything but local. A connection has one user: a further login
 * takes the place of the one before.
 */
#ifndef SIM_AUTH_H
#define SIM_AUTH_H

#include "commands.h"

/* Makes the three, when --auth is given. */
void auth_init(void);
/* 13 where the caller may not do that. */
bool auth_allows(
    struct request *r, const struct command *c, bson_error_t *error);
/* Always false, with the server's words. */
bool auth_refuse(struct request *r, bson_error_t *error);
/* The same for one action on a collection. */
bool auth_may(const struct request *r, const char *db, const char *coll,
    const char *action);
/* On the cluster. */
bool auth_may_all(const struct request *r, const char *action);
/* Anything in that database. */
bool auth_sees(const struct request *r, const char *db);
/* `user@db`; "" for NULL. */
const char *user_full_name(const struct user *user);
/* {credentials: {SCRAM-SHA-256: ...}}, the element. */
void auth_put_credentials(struct buf *out, const char *password);
/* The field saslSupportedMechs, when the hello asks for a user's. */
void auth_put_mechanisms(struct request *r);
/* A login given up, or its connection closed. */
void auth_drop(struct conn *conn);

#endif
