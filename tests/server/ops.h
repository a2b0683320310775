/* mongosim: what is under way: commands that run or wait, open transactions. */
#ifndef SIM_OPS_H
#define SIM_OPS_H

#include "request.h"

/* What a command does at the moment, where it is not one thing. */
struct op_within {
	const char *db, *coll; /* NULL: the command itself */
	const bson_t *command;
};

struct op {
	int64_t id;
	struct request *r;
	struct op_within within;
	bool killed;
	struct op *next;
};

int64_t ops_next_id(void);
/* Around a command; op lives on the caller's stack. */
void ops_begin(struct op *op, struct request *r);
void ops_end(struct op *op);
/* From now on the command of this thread is shown as that; NULL: as itself. */
void ops_show(const char *db, const char *coll, const bson_t *command);
/* Was the command of this thread killed? Its waits are over then. */
bool ops_killed(void);
/* Is that operation one of this user? */
bool ops_of(int64_t id, const struct user *user);
/* The documents of $currentOp, one behind another. only: of that user; NULL:
 * of all. */
void ops_put_all(struct buf *docs, bool idle_sessions, const struct user *only);

#endif
