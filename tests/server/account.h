/* mongosim: users and roles, which are the documents of admin.system.users and
 * admin.system.roles. What a user may do is looked up at every command. */
#ifndef SIM_ACCOUNT_H
#define SIM_ACCOUNT_H

#include "privilege.h"

struct role_name {
	const char *db, *role; /* views */
};

struct role_names {
	struct role_name *item;
	size_t n;
};

/* A user who logged in; lasts as long as the process. */
struct user {
	char *db, *name;
	char *full; /* name@db */
	uint8_t id[16];
	bool there;        /* of the rest: */
	uint64_t stamp[4]; /* what it was made of */
	struct privileges may;
	struct user *next;
};

/* The document, as a view until data change; false: there is none. */
bool user_doc(const char *db, const char *name, bson_t *doc);
bool role_doc(const char *db, const char *name, bson_t *doc);
/* Built in, or made. */
bool role_there(const char *db, const char *name);

/* NULL: there is none. */
struct user *user_of(const char *db, const char *name);
/* It has not been dropped since the login. */
bool user_there(struct user *u);
bool user_may(
    struct user *u, const struct resource *target, const char *action);

/* Of an array [{role, db} or "role" (of the database db)]. check: those that
 * do not exist are refused (31). */
bool role_names_parse(const bson_t *array, const char *db, bool check,
    struct role_names *names, bson_error_t *error);
/* `roles` of a document. */
void role_names_of(const bson_t *doc, struct role_names *names);
void role_names_add(struct role_names *names, const char *db, const char *role);
bool role_names_has(
    const struct role_names *names, const char *db, const char *role);
void role_names_cut(struct role_names *names, const struct role_names *less);
/* Those that have been given to these are added, and so on. */
void role_names_follow(struct role_names *names);
/* What each of them allows by itself. */
void role_names_allow(const struct role_names *names, struct privileges *p);
void role_names_put(
    const struct role_names *names, struct buf *out, const char *key);
void role_names_release(struct role_names *names);

#endif
