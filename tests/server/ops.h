/* mongosim: what is under way: commands that run or wait, open transactions. */
#ifndef SIM_OPS_H
#define SIM_OPS_H

#include "request.h"

struct op {
	int64_t id;
	struct request *r;
	bool killed;
	struct op *next;
};

int64_t ops_next_id(void);
/* Around a command; op lives on the caller's stack. */
void ops_begin(struct op *op, struct request *r);
void ops_end(struct op *op);
/* Was the command of this thread killed? Its waits are over then. */
bool ops_killed(void);
/* Is that operation one of this user? */
bool ops_of(int64_t id, const struct user *user);
/* The documents of $currentOp, one behind another. only: of that user; NULL:
 * of all. */
void ops_put_all(struct buf *docs, bool idle_sessions, const struct user *only);

#endif
