/* mongo: what the modules of this layer share; nobody else includes it.
 */
#ifndef MM_MONGO_DRIVER_H
#define MM_MONGO_DRIVER_H

#include <mongoc/mongoc.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/doc.h"
#include "mongo/server.h"

#define SOCKET_TIMEOUT_MS 90000
#define WTIMEOUT_MS 60000

/* Server codes that this layer acts on. */
enum {
	CODE_UNAUTHORIZED = 13,
	CODE_LOGIN_FAILED = 18,
	CODE_NO_NAMESPACE = 26,
	CODE_CURSOR_NOT_FOUND = 43,
	CODE_EXISTS = 48,
	CODE_NO_COMMAND = 59,
	CODE_WRITE_CONCERN = 64,
	CODE_NO_SUCH_CONCERN = 79,
	CODE_NEVER_ENOUGH = 100,
	CODE_WRITE_CONFLICT = 112,
	CODE_POSITION_LOST = 136,
	CODE_NO_MAJORITY = 148,
	CODE_KEY_NOT_FOUND = 211,
	CODE_TOO_OLD = 225,
	CODE_NO_REAUTH = 391,
	CODE_WRITE_BLOCK = 371,
	CODE_DUPLICATE = 11000
};

struct server {
	enum side side;
	mongoc_uri_t *uri;
	mongoc_client_pool_t *pool;
	uint32_t pinned;            /* driver's id of the member, source */
	mongoc_read_prefs_t *prefs; /* lets a secondary answer; source */
	char *appname;
	char *where; /* "source HOST:PORT" for messages */
	struct server_info info;
	bool retryable_writes; /* the server takes txnNumber */
	uint32_t max_ops;      /* in one write command */
	atomic_bool no_bypass; /* we may not pass by validators */
	/* The driver gives the session of a closed conn to the next one, so
	 * numbers have to grow over all of them. */
	atomic_llong txn_number; /* the last one used */
};

struct conn {
	struct server *server;
	mongoc_client_t *client;
	mongoc_client_t *ddl_client; /* made at the first DDL */
	mongoc_client_session_t *session;
	bson_t opts;           /* sessionId, and serverId of a pinned member */
	struct optime read_at; /* null: majority */
	bool no_reply;
};

/* Once per program: driver, log handler, malloc thresholds. */
void driver_init(void);
/* Status 2: no URI, or an option that the driver does not know. */
mongoc_uri_t *driver_uri(enum side side, const char *text, bson_error_t *error);
mongoc_client_pool_t *driver_pool(
    struct server *s, const mongoc_uri_t *uri, bson_error_t *error);
/* Ends a pool, all of whose clients are back; may go on behind the scenes for
 * half a second, or until the process ends. */
void driver_pool_end(mongoc_client_pool_t *pool);
/* Chooses the member, fills info, refuses what server_open refuses. */
bool server_learn(struct server *s, bool need_oplog, bson_error_t *error);
/* ns_split, or status 8. */
bool driver_split(
    const char *ns, char *db, const char **coll, bson_error_t *error);
/* URI of exactly one member, all else kept. Status 2: `member` is not
 * HOST:PORT. Caller frees. */
char *uri_pin(const char *uri, const char *member, bson_error_t *error);

/* opts for a command that must go to this server of the driver's topology
 * (0: where commands of this conn go anyway); initialised for the caller. */
void conn_opts(const struct conn *c, uint32_t server_id, bson_t *opts);
/* The server that a cursor opened now lives on. */
bool conn_select(struct conn *c, uint32_t *server_id, bson_error_t *error);
/* conn_command with opts from conn_opts (NULL: the conn's own). */
bool conn_run(struct conn *c, const char *db, const bson_t *command,
    const bson_t *opts, bson_t *reply, bson_error_t *error);
/* Fill *error from the driver's error and the server's reply; sets no_reply;
 * always false. */
bool conn_fail(struct conn *c, const char *command, const bson_t *reply,
    const bson_error_t *driver, bson_error_t *error);
/* hello, or isMaster where a server is older than that name. once: without
 * trying again. */
bool conn_hello(struct conn *c, bool once, bson_t *reply, bson_error_t *error);
/* A failure after which a read may be sent again. */
bool conn_may_retry(const struct conn *c, const bson_error_t *error);
/* Sleeps before retry n (0, 1 ...) of something begun at `since` (monotonic
 * microseconds). False: tried often enough, too late, or a stop signal. */
bool conn_back_off(unsigned n, int64_t since);

#endif
