/* mongosim: who is primary, and what an election takes back. */
#ifndef SIM_ELECTION_H
#define SIM_ELECTION_H

#include "commands.h"

/* A secondary from now on: open transactions are aborted, waiting writes end
 * with 189. */
void step_down(void);
/* Primary, in a new term, which begins with a note. */
void step_up(void);
/* What is held back from the majority view is gone from data and oplog, all
 * cursors with it, and a new term begins. How many entries. 238: the catalog
 * was changed in between by more than new collections. */
bool roll_back(int64_t *entries, bson_error_t *error);
/* 10107 and 13435: what a secondary does not do. */
bool secondary_allows(
    const struct request *r, const struct command *c, bson_error_t *error);

#endif
