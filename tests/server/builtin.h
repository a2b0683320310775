/* mongosim: the roles that every server has, as MongoDB's manual and the
 * recordings have them; actions of what mongosim cannot do (sharding, profiling
 * ...) are there too, as far as the roles are known. */
#ifndef SIM_BUILTIN_H
#define SIM_BUILTIN_H

#include "privilege.h"

/* Some exist in the database admin alone. */
bool builtin_role(const char *db, const char *role);
/* What it allows, joined to p. */
void builtin_add(const char *db, const char *role, struct privileges *p);
/* The next name after `after` (NULL: the first) that exists there; NULL. */
const char *builtin_next(const char *db, const char *after);
/* Is that the name of an action? */
bool builtin_action(const char *action);

#endif
