/* mongo: whether an account of an application may write, tried at every host
 * of its URI by an update that matches nothing and makes nothing.
 *
 * Each host is asked directly, by a connection that stays open, as those of
 * applications do: a router keeps what it knows of a user for a while. It says
 * nothing where the server itself refuses writes (mongo/write_block.h): that
 * looks at what is changed.
 */
#ifndef MM_MONGO_PROBE_H
#define MM_MONGO_PROBE_H

#include "model/textset.h"
#include "mongo/server.h"

struct probe;

/* uri is copied. Status 2: it is none, has no user, or names no hosts
 * (mongodb+srv). */
struct probe *probe_new(enum side side, const char *uri, bson_error_t *error);
void probe_free(struct probe *p);

/* names: collections ("db.coll"), each of which is tried.
 *   1   refused (13, 371) for all: by every router that is named; or by the
 *       primary, when most of the members that are named answer: one that
 *       cannot be reached cannot have a write acknowledged by a majority
 *   0   taken; error says where, and for which collection
 *  -1   not known; error names the host and why. Status of the side, 8 when
 *       the account may not log in */
int probe_ask(
    struct probe *p, const struct textset *names, bson_error_t *error);

#endif
