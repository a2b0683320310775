/* mongosim: who can be logged in: what auth.c and rights.c share. */
#ifndef SIM_AUTH_USER_H
#define SIM_AUTH_USER_H

#include "auth.h"

#define HASH 32

enum rights { RIGHTS_ALL, RIGHTS_READ, RIGHTS_NO_LOCAL, RIGHTS_STORED };

/* Lives as long as the process: connections and cursors point to it. */
struct user {
	const char *name, *db, *role;
	enum rights rights; /* RIGHTS_STORED: by what accounts.h has */
	int iterations;
	char salt[64]; /* as text */
	uint8_t stored_key[HASH], server_key[HASH];
	/* What it may do, as of that account_version(). */
	int64_t version;
	struct buf privileges;
	struct user *next;
};

/* The privileges of a stored user, as roles_expand() gives them. */
const struct buf *user_privileges(struct user *u);

#endif
