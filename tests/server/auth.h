/* mongosim: accounts and rights.
 *
 * With --auth USER:PASSWORD there are three, all with that password and in
 * the database admin: USER may do everything, `reader` reads everything,
 * `noplog` reads and writes everything but local.
 */
#ifndef SIM_AUTH_H
#define SIM_AUTH_H

#include "commands.h"

void auth_init(void);
/* 13 where the caller may not do that. */
bool auth_allows(
    const struct request *r, const struct command *c, bson_error_t *error);
/* `user@db`; "" for NULL. */
const char *user_full_name(const struct user *user);
/* authenticatedUsers and authenticatedUserRoles of connectionStatus. */
void auth_put_status(struct request *r);
/* The field saslSupportedMechs, when the hello asks for a user's. */
void auth_put_mechanisms(struct request *r);
/* A login given up, or its connection closed. */
void auth_drop(struct conn *conn);

#endif
