/* A server for a unit test: mongosim beside the test program, or a mongod
 * when $MM_MONGOD names one. */
#ifndef MM_TEST_RIG_H
#define MM_TEST_RIG_H

#include <sys/types.h>

#include "mongo/server.h"

struct rig {
	pid_t pid;
	bool sim; /* it plays faults */
	char uri[300];
	char host[64]; /* HOST:PORT */
	char dir[64];  /* of a mongod */
	struct server *server;
	struct conn *conn; /* for the test's own commands */
};

/* more: further options of mongosim, ended by NULL; may be NULL. False, after
 * a skipped test was printed: there is no server. */
bool rig_start(struct rig *r, const char *const *more);
/* Opens the server as that side, need_oplog false, ends the test program when
 * it cannot. */
void rig_open(struct rig *r, enum side side);
void rig_stop(struct rig *r);
/* A command given as JSON; aborts when it fails. reply may be NULL. */
void rig_run(struct rig *r, const char *db, const char *json, bson_t *reply);
/* n documents {_id: 0.., text} with a text of that size. */
void rig_fill(struct rig *r, const char *ns, int n, int size);
/* How often a fault of that kind has fired. */
int64_t rig_fired(struct rig *r, const char *kind);

#endif
