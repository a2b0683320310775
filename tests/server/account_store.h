/* mongosim: changing the documents of users and roles, as the server does it:
 * by ordinary writes, which are logged. */
#ifndef SIM_ACCOUNT_STORE_H
#define SIM_ACCOUNT_STORE_H

#include "account.h"
#include "request.h"

enum kind { KIND_USER, KIND_ROLE };

/* The collection, made with its index where it is missing. */
struct coll *store_coll(enum kind kind);
/* A new document. */
bool store_add(struct request *r, enum kind kind, const struct buf *doc,
    bson_error_t *error);
/* The elements in `set` replace those of that name. */
bool store_set(struct request *r, enum kind kind, const char *db,
    const char *name, const struct buf *set, bson_error_t *error);
/* False: there was none. */
bool store_remove(
    struct request *r, enum kind kind, const char *db, const char *name);
/* Nobody has that role any more. */
bool store_forget_role(
    struct request *r, const char *db, const char *role, bson_error_t *error);

/* May the caller give (grantRole) or take (revokeRole) these? */
bool store_may_roles(const struct request *r, const struct role_names *names,
    const char *action);
bool store_may_privileges(
    const struct request *r, const struct privileges *p, const char *action);

#endif
