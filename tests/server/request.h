/* mongosim: one command under way, and what its function needs of it. */
#ifndef SIM_REQUEST_H
#define SIM_REQUEST_H

#include "catalog.h"
#include "oplog.h"
#include "out.h"
#include "server.h"

#define MAX_DOC (16 * 1024 * 1024)
#define MAX_MESSAGE 48000000
#define MAX_BATCH 100000
#define MAX_DEPTH 200

struct user;
struct scram;
struct session;
struct trans;

struct conn {
	int fd;
	int64_t id;
	char app[128];       /* the client's name; "": it gave none */
	struct user *user;   /* NULL: not logged in */
	struct scram *scram; /* a login under way */
	struct buf in, out;
};

/* Documents that came beside the body (section kind 1). */
struct sequence {
	const char *name;
	const uint8_t *data;
	size_t len;
};

#define MAX_SEQUENCES 8

struct concern {
	bool given, majority, journal;
	int64_t w; /* -1: a mode of that name */
	const char *mode;
	int64_t timeout; /* ms; 0: none */
};

struct request {
	struct conn *conn;
	bson_t body;
	const char *db, *name; /* inside body */
	struct sequence seq[MAX_SEQUENCES];
	size_t n_seq;
	/* The session; lsid as logged, {id, uid}; empty: none. */
	struct buf lsid;
	int64_t txn_number;      /* -1: none */
	struct session *session; /* of a retryable write; NULL: none */
	struct trans *trans;     /* of the command; NULL: none */
	struct concern concern;
	int concern_code; /* of the writeConcernError in the reply; 0: none */
	bool more_to_come, exhaust_ok, op_query;
	bool too_deep; /* nested more than MAX_DEPTH: no command is run */
	int32_t id;    /* of the message */

	struct buf *reply; /* inside an open document */
	struct buf info;   /* elements added to an error reply */
	char *errmsg;   /* longer than an error holds; NULL: the error has it */
	bool exhaust;   /* the reply says moreToCome */
	bool streaming; /* not the first reply of an exhaust */
	bson_t *labels; /* errorLabels of an error reply */
	int64_t n_docs; /* documents in the reply */
	bool majority;  /* a majority read */
	uint64_t at;    /* a read at that time; 0: none */
	bool twice;     /* send the reply again behind itself */
	bool wrote;     /* waits for its write concern though it is a read */
	bool interrupted;  /* a statement was killed: the command is */
	bool failed;       /* ok: 0, with the fields that the command made */
	bool drop;         /* close without a reply */
	int64_t cut_after; /* send that many bytes and close; -1: all */
	int64_t started;   /* server_tick() */
};

/* Adds its fields to r->reply. False: error->code is the server's, the fields
 * are thrown away. Called with sim.lock held. */
typedef bool command_fn(struct request *r, bson_error_t *error);

/* Always false, for `return refuse(...)`. */
bool refuse(bson_error_t *error, int code, const char *format, ...)
    BSON_GNUC_PRINTF(3, 4);

/* Fields of the command. Missing: false, out unchanged. */
bool arg_find(const struct request *r, const char *name, bson_iter_t *it);
bool arg_doc(const struct request *r, const char *name, bson_t *out);
bool arg_bool(const struct request *r, const char *name);
int64_t arg_int(const struct request *r, const char *name, int64_t missing);
/* NULL where missing or no string. */
const char *arg_text(const struct request *r, const char *name);
/* The collection that the first field names; 73 when it is no valid name. */
bool arg_coll_name(
    const struct request *r, const char **name, bson_error_t *error);
/* A document or array under an iterator. */
bool iter_doc(const bson_iter_t *it, bson_t *out);

/* Documents of an argument, be it an array in the body or a sequence. */
struct doc_list {
	const uint8_t *at, *end;
	struct walk walk;
	bool is_array, broken;
	int64_t count;
};

/* False: neither is there. */
bool doc_list_init(
    const struct request *r, const char *name, struct doc_list *list);
bool doc_list_next(struct doc_list *list, const uint8_t **doc, size_t *len);

/* The deadline by maxTimeMS in server_tick() time; -1: none. */
int64_t request_deadline(const struct request *r);

const char *code_name(int code);

#endif
