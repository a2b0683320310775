/* mongosim: what all threads share, and the one lock over it.
 *
 * One thread a connection; a command runs from start to end under sim.lock,
 * save where it waits (server_wait) or talks to its socket. After a wait
 * every pointer into the catalog and into cursors must be looked up again.
 */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include <pthread.h>
#include "base/optime.h"
#include "base/error.h"

struct settings {
	const char *set_name;
	char host[64]; /* HOST:PORT, as hello shows it */
	int port;
	const char *fcv_text; /* "4.4", "4.9", "5.0", "6.0" */
	int fcv;              /* 44, 49, 50, 60 */
	int64_t oplog_entries, txn_entry_bytes;
	int64_t window;              /* of snapshot reads, seconds; 0: none */
	int64_t idle_ms;             /* until a noop is written; 0: never */
	const char *user, *password; /* NULL: no access control */
	const char *pose;            /* NULL, or as --pose */
	const char *feed;            /* NULL, or a folder: feed.h */
	const char *follow;          /* NULL, or the primary: follow.h */
};

struct server {
	struct settings set; /* fixed once listening */
	bson_oid_t process_id, election_id, set_id;
	uint8_t sync_id[16]; /* of the initial sync */
	int64_t started_ms;

	pthread_mutex_t lock;
	/* Something changed that somebody may wait for: an entry, the commit
	 * point, a capped collection, a fault, the end. */
	pthread_cond_t changed;

	struct optime last;      /* newest write */
	struct optime committed; /* the majority view; held back by `hold` */
	int64_t last_wall, committed_wall; /* ms */
	bool held;
	bool secondary;   /* by a step-down, or always: follow.h */
	bool paused;      /* a member that follows takes nothing */
	int members;      /* others in the set: members.h */
	int64_t locks;    /* by fsync: writes wait */
	bool write_block; /* setUserWriteBlockMode */
	bool hole;        /* the next entry is not seen until it is filled */
	/* Of the command that holds the lock; NULL and 0: none. */
	struct trans *trans;
	uint64_t mark;
	bool relaxed; /* unique indexes are not enforced */
	int64_t term;
	int64_t topology;     /* topologyVersion.counter */
	int64_t clock_offset; /* ms, by the fault `clock` */
	int64_t connections, total_connections;
	int64_t returned; /* documents, by find and getMore */
	int64_t inserts, queries, updates, deletes, getmores, commands;
	bool stopping;
};

extern struct server sim;

void server_init(const struct settings *set);
/* Wall clock in ms, with the offset of the fault `clock`. */
int64_t server_now(void);
/* Monotonic ms, for deadlines. */
int64_t server_tick(void);
/* Wait (lock released) until something changed or the deadline, in
 * server_tick() time; -1: none. False: deadline passed, or stopping. */
bool server_wait(int64_t deadline);
void server_wake(void);

#endif
