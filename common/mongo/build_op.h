/* mongo: index builds that run on the member of a connection, as $currentOp
 * shows them.
 *
 * What a server shows of a build: until 4.2 the command itself, with msg and
 * progress; from 4.4 on the command without these, and the thread that builds
 * (desc IndexBuildsCoordinatorMongod-N), an operation of the system, with the
 * same command and both. That one needs the action inprog to be seen.
 */
#ifndef MM_MONGO_BUILD_OP_H
#define MM_MONGO_BUILD_OP_H

#include "model/ns.h"
#include "mongo/server.h"

struct build_op {
	char ns[NS_MAX + 1];
	char phase[64];      /* "scanning collection"; "": not told */
	int64_t done, total; /* of the phase: documents, keys, writes; total 0:
				not told */
};

/* One document of $currentOp. False: no index build. */
bool build_op_read(const bson_t *op, struct build_op *out);
/* Asked once, not retried. all: of everybody, else of this user alone. Status
 * 8: may not be seen. */
bool build_ops_each(struct conn *c, bool all,
    void (*each)(void *arg, const struct build_op *op), void *arg,
    bson_error_t *error);

#endif
