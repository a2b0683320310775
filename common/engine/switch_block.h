/* engine: applications may not write to a side, or may again.
 *
 * - role: rights are taken away from users and roles, and given back exactly
 *   (model/grants.h);
 * - hook: a program is run without a shell as `PROGRAM block|unblock|probe
 *   source|target JOB` (mm-switch(1));
 * - cluster: the server itself takes writes of nobody (setUserWriteBlockMode,
 *   6.0).
 *
 * A side is closed in three steps: block_plan finds what has to be changed, the
 * caller puts that into the journal, block_close does it. Nothing that is not
 * in the plan is touched, and block_open undoes the plan, no more. The word of
 * who closed or opened is not believed: the side is probed each time.
 */
#ifndef MM_ENGINE_SWITCH_BLOCK_H
#define MM_ENGINE_SWITCH_BLOCK_H

#include "model/ns.h"
#include "model/textset.h"
#include "mongo/server.h"

#define BLOCK_TOKEN 129 /* bytes, with NUL */
#define BLOCK_SIDES 2   /* by enum side */

enum block_kind { BLOCK_ROLE, BLOCK_HOOK, BLOCK_CLUSTER };

/* All of it is the caller's, and stays there while the block is in use. */
struct block_opts {
	enum block_kind kind;
	const char *hook; /* of BLOCK_HOOK: the program */
	const char *job;
	int seconds; /* how long a call of the program may take */
	/* NULL: the side is only probed (by the hook, by an application's
	 * account). */
	struct conn *conn[BLOCK_SIDES];
	const struct ns_rules *rules; /* names on the target are mapped */
	/* Accounts that go on writing ("db.user"), beside that of the
	 * connection. */
	const char *const *keep;
	size_t n_keep;
	/* Files (0600) with the URI of an account of an application, which is
	 * tried at each of its hosts (mongo/probe.h); NULL: none. */
	const char *probe[BLOCK_SIDES];
};

struct block;

/* "role", "hook", "cluster" */
const char *block_kind_text(enum block_kind kind);
bool block_kind_parse(const char *text, enum block_kind *kind);

/* Status 2: it is no program; a file of a probe is no URI, or others may read
 * it. */
struct block *block_new(const struct block_opts *o, bson_error_t *error);
void block_free(struct block *b);

/* What closing that side would change, as a document for the journal (empty
 * where the hook or the server does it alone); nothing is changed by it.
 * recorded: the newest plan of that side that was closed by and not undone,
 * whatever became of the attempt; NULL: there is none. What it took is in the
 * new plan, too. On the target so are the rights that are withheld from users
 * that were brought there (mongo/withheld.h). plan is initialised in any case.
 * Status 8: somebody has changed meanwhile what `recorded` took. */
bool block_plan(struct block *b, enum side side, const bson_t *recorded,
    bson_t *plan, bson_error_t *error);
/* The plan stops everybody but the accounts to be kept. Status 8: whom it does
 * not, by name. */
bool block_stops_all(const bson_t *plan, enum side side, bson_error_t *error);

/* 1: writes of applications are refused; 0: they are taken (error says whose,
 * or where); -1: it is not known. Where there is an account of an application,
 * it has to be refused as well. token: a word that is another one once somebody
 * has changed what the plan closed; "" where there is none. plan: NULL: none,
 * no token but that of the hook. */
int block_probe(struct block *b, enum side side, const bson_t *plan,
    char token[BLOCK_TOKEN], bson_error_t *error);
/* Closed: true only when the probe says so; with its token. May be called
 * again, whatever was done of it before. */
bool block_close(struct block *b, enum side side, const bson_t *plan,
    char token[BLOCK_TOKEN], bson_error_t *error);
/* Exactly what the plan has taken is given back, what somebody has added
 * meanwhile stays. May be called again. Status 8: somebody has taken more
 * away; all others have got theirs back. */
bool block_open(
    struct block *b, enum side side, const bson_t *plan, bson_error_t *error);

/* What the account of an application finds, alone: as block_probe; 2: there is
 * none. */
int block_account(struct block *b, enum side side, bson_error_t *error);

/* Adds the users that could not write to the selection (ops_account), neither
 * now nor before `recorded`, the plan of that side, took something. None where
 * rights may not be read. */
void block_apart(struct block *b, enum side side, const bson_t *recorded,
    struct textset *accounts);

/* Who can write to the selection now: changes, open and kept as grants_plan
 * has them; passing: by cluster, whom it does not stop (open). Both are
 * initialised in any case. */
bool block_writers(struct block *b, enum side side, bson_t *writers,
    bson_t *passing, bson_error_t *error);

#endif
