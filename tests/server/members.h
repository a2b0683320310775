/* mongosim: the members of the set, and what the majority of them has.
 *
 * The primary is the first; those that follow it (follow.h) tell it how far
 * they are, and it tells them about the others and the commit point. A member
 * counts from its first word on, also when it is gone.
 */
#ifndef SIM_MEMBERS_H
#define SIM_MEMBERS_H

#include "base/buf.h"
#include "base/error.h"
#include "base/optime.h"

#define MEMBERS_MAX 7

struct member {
	char host[64];
	struct optime last;
	int64_t heard; /* server_tick() of its last word */
};

/* This one, alone. */
void members_init(void);
size_t members_count(void);
/* 0: the primary. Of this one the newest write, too. */
const struct member *members_at(size_t i);
bool members_is_self(const struct member *m);
bool members_alive(const struct member *m);
/* The primary's host; NULL: none that answers. */
const char *members_primary(void);
/* The newest optime that n members have. */
struct optime members_reached(size_t n);
/* Moves the commit point as far as the majority is, unless it is held. */
void members_commit(void);
/* On a member that follows: what the primary answered to its word. */
void members_take(const bson_t *reply);

#endif
