/* mongo: what runs on the member of a connection: open transactions, and
 * writes on a selection.
 *
 * Needs the action inprog (clusterMonitor), for killing killop and
 * killAnySession. A transaction that waits between two statements does not say
 * which namespaces it wrote to: every open one counts, but those of accounts
 * that are known not to write to the selection; so does a bulkWrite (8.0)
 * whose namespaces are not shown. What it does say is the SHA-256
 * of "user@db" (lsid.uid, 3.6 and later; of "" without access control).
 */
#ifndef MM_MONGO_OPS_H
#define MM_MONGO_OPS_H

#include "model/textset.h"
#include "mongo/server.h"

struct ops_scope {
	/* Of the selection, by names on this side. */
	bool (*ns)(const void *arg, const char *ns);
	const void *arg;
	/* Programs that do not count: the beginning of their appName; NULL:
	 * none. */
	const char *except;
	/* ops_list: of these accounts (ops_account) nothing counts that does
	 * not say where it writes; NULL: of all it does. */
	const struct textset *apart;
	/* ops_list: those that have been open for less do not count. */
	int64_t min_us;
};

/* One of a list, for people: what it is, its namespace where it says one,
 * account or program, client, age. */
#define OPS_TEXT 300

struct ops {
	bson_t list; /* array of what $currentOp says of each, as it is */
	uint32_t transactions, writes; /* of the list; never both for one */
	int64_t oldest_us;             /* of them, by the server's clock */
};

/* How a session names the account (lsid.uid), as hex. user: {user, db}; sha
 * holds SHA256_TEXT bytes and is returned. */
const char *ops_account(const bson_t *user, char *sha);

/* o is initialised in any case. Status 8: may not be read. */
bool ops_list(struct conn *c, const struct ops_scope *scope, struct ops *o,
    bson_error_t *error);
void ops_release(struct ops *o);
/* Ends their transactions and operations; true does not say that they are
 * gone: list again. */
bool ops_kill(struct conn *c, const struct ops *o, bson_error_t *error);

/* Calls each for every one of the list, as text. */
void ops_each(const struct ops *o, void (*each)(const char *text));

/* Every operation whose namespace the scope selects, reads too, active or not:
 * appended to `names` as {APPNAME: count} ("" for none): who is still on the
 * old side. */
bool ops_by_app(struct conn *c, const struct ops_scope *scope, bson_t *names,
    bson_error_t *error);

/* How many reads and writes the member has counted for a collection. 1, 0 there
 * is none, -1. A server may count the question, too. */
int ops_counted(struct conn *c, const char *ns, int64_t *reads, int64_t *writes,
    bson_error_t *error);

#endif
