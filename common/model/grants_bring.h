/* model: accounts that go with a selection to the other side: which users and
 * roles have rights on it, which of their rights are about it and nothing
 * else, and how they are called there. Pure.
 *
 * Documents are those of admin.system.users and admin.system.roles. Of their
 * fields go with them: who it is, credentials, customData,
 * authenticationRestrictions, userId, and rights; no others.
 */
#ifndef MM_MODEL_GRANTS_BRING_H
#define MM_MODEL_GRANTS_BRING_H

#include "model/ns.h"

/* All are arrays of documents, and owned. */
struct bring {
	bson_t users, roles; /* with their rights on the selection alone */
	/* Rights that reach the selection and more ([{kind, db, name, rights:
	 * [..]}], as texts): a role of all databases, one of a database that
	 * is selected in part. They stay behind. */
	bson_t left;
};

/* An account goes with the selection where it has a right on it, or its
 * database is selected whole; who has rights on all databases alone does not.
 * b is initialised in any case. */
void bring_select(const struct ns_rules *r, const bson_t *users,
    const bson_t *roles, struct bring *b);
void bring_release(struct bring *b);

/* Every right of these is on the selection, none on more: what bring_select
 * gave is so. Status 8: whose is not, by name. */
bool bring_check(const struct ns_rules *r, const bson_t *users,
    const bson_t *roles, bson_error_t *error);

/* The account by the names of the target. doc: as it is to be made there, with
 * _id, and without any right; change: what it is to get one day (model/
 * grants.h). Both are appended to. Status 8: a role that could not have its
 * rights there, a name that is too long. */
bool bring_map(const struct ns_rules *r, const bson_t *account, bool role,
    bson_t *doc, bson_t *change, bson_error_t *error);

#endif
