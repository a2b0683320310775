/* mongo: one side of a migration, and the connections to it.
 *
 * common/mongo is the only user of mongoc.h. A struct server is shared by all
 * threads of a program; a struct conn belongs to one thread at a time. Socket
 * timeout 90 s (below the job's lease), wtimeout 60 s.
 */
#ifndef MM_MONGO_SERVER_H
#define MM_MONGO_SERVER_H

#include "base/error.h"
#include "base/opt.h"
#include "base/optime.h"

enum side {
	SIDE_SOURCE, /* errors are status 4; $MM_SOURCE_URI */
	SIDE_TARGET  /* errors are status 5; $MM_TARGET_URI */
};

const char *side_name(enum side side); /* "source" or "target" */
enum mm_exit side_status(enum side side);

struct server_flags {
	char *uri;                 /* secret */
	const char *member;        /* --server HOST:PORT */
	const char *password_file; /* else $MM_PASSWORD, else the URI */
};
extern struct server_flags source_flags, target_flags;
/* One side: --source (or --target), --uri, --server, --password-file. */
extern const struct opt_group source_options, target_options;
/* Both: --source, --target, --source-server, --target-server,
 * --source-password-file, --target-password-file. */
extern const struct opt_group both_options;

/* Scheme, hosts, database and options of a URI with user and password as
 * "***"; caller frees with bson_free. Never fails. */
char *uri_redact(const char *uri);

/* A copy of the address as it was given, before server_open: to be handed on to
 * a program of ours in its environment. NULL: none is. Secret: to be wiped by
 * server_uri_forget. */
char *server_uri_copy(enum side side, const struct server_flags *flags);
void server_uri_forget(char **uri);

struct server_info {
	char set[128];    /* replica set name, "" if none */
	char me[300];     /* HOST:PORT of the member we read */
	char id[64];      /* replicaSetId as hex, "" when not readable */
	char version[64]; /* buildInfo version */
	char fcv[16];     /* "" when not readable */
	int32_t wire;     /* maxWireVersion */
	bool sessions;    /* logical sessions are supported */
	bool primary;
	int64_t session_minutes;
};

struct server;

/* An address is given, by flag or environment. */
bool server_named(enum side side, const struct server_flags *flags);
/* Connects (one member is selected; with --server exactly that one) and reads
 * struct server_info. Refused with 8: mongos (msg isdbgrid), shard members
 * (admin.system.version has shardIdentity), a URI that is no URI: 2. A source
 * without replica set or without a readable local.oplog.rs is refused (8) only
 * when need_oplog. Unreachable or login failed (18 is 8): status of the side.
 * `job` goes into the appname, may be NULL. URI and password are wiped from
 * the flags. */
struct server *server_open(enum side side, struct server_flags *flags,
    const char *job, bool need_oplog, bson_error_t *error);
void server_close(struct server *s); /* all conns closed before */
const struct server_info *server_info(const struct server *s);
enum side server_side(const struct server *s);

/* A connection for one thread: its own client and (where supported) one
 * explicit session, passed in every command. For a source every command goes
 * to the one selected member; for a target to the primary. */
struct conn;
struct conn *conn_open(struct server *s, bson_error_t *error);
void conn_close(struct conn *c);
/* From now on its finds read the data as of that time (readConcern snapshot
 * outside transactions; 5.0+, verified on 4.9). Null: at majority again. */
void conn_read_at(struct conn *c, struct optime at);
struct server *conn_server(struct conn *c);

/* One command, no retry. reply is always initialised (destroy it), may be
 * NULL. False: error is filled with the side's status, error->code the
 * server's code (13 and 18: status 8), 0 when no answer came: then
 * conn_no_reply is true and nothing is known about what the server did.
 * A writeConcernError in the reply is a failure (code 64 or the server's). */
bool conn_command(struct conn *c, const char *db, const bson_t *command,
    bson_t *reply, bson_error_t *error);
/* A command that reads: retried with back-off (up to 5 times over ~30 s, ended
 * by a stop signal) on network errors, not-primary and shutdown codes. */
bool conn_read(struct conn *c, const char *db, const bson_t *command,
    bson_t *reply, bson_error_t *error);
/* {command: 1} to admin; once: not retried. */
bool conn_ask(struct conn *c, const char *command, bool once, bson_t *reply,
    bson_error_t *error);
/* DDL on the target: w:majority added, no client timeout, not retried. */
bool conn_ddl(struct conn *c, const char *db, const bson_t *command,
    bson_t *reply, bson_error_t *error);
bool conn_no_reply(const struct conn *c);
/* Codes after which a read or write may be tried again (network, not primary,
 * shutdown, interrupted: reference of 8.5). */
bool code_transient(uint32_t code);

/* Majority position and last position of the member (hello.lastWrite). Status
 * 8 where hello has none. Either may be NULL. */
bool conn_positions(struct conn *c, struct optime *majority,
    struct optime *last, bson_error_t *error);
/* The oldest entry of local.oplog.rs. */
bool conn_oldest(struct conn *c, struct optime *oldest, bson_error_t *error);
/* {set, replicaSetId, me, version, fcv, topology:"replicaSet"} for stream
 * headers and job documents, appended as `key`; what is not known (or may not
 * be read) is left out. */
void server_append(const struct server *s, const char *key, bson_t *doc);

#endif
