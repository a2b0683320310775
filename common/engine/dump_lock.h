/* engine: a dump from a secondary that is locked meanwhile (mm-dump
 * --lock-secondary).
 *
 * The data stand still at one position, from which the log goes on. A thread
 * of its own unlocks when the lock lasts too long, or when the log that the
 * member has to read afterwards is about to be overwritten; the dump is then
 * stopped as by a signal. Every way out unlocks; what a killed run has left is
 * lifted by the next one (lock_note.h).
 */
#ifndef MM_ENGINE_DUMP_LOCK_H
#define MM_ENGINE_DUMP_LOCK_H

#include "mongo/server.h"

struct dump_lock_opts {
	char *uri; /* server_uri_copy, for the other members; secret */
	const char *password_file;
	int64_t max_ms; /* at most so long */
};

struct dump_lock;

/* Locks the one member of s. *at: where it stands. Status 8: it may not be
 * locked, or somebody else has it locked. NULL: error is set, it is not
 * locked by us, or (told in the message) may be. Borrows s. */
struct dump_lock *dump_lock_take(struct server *s,
    const struct dump_lock_opts *opts, struct optime *at, bson_error_t *error);
/* Everything is read: it stood still all the time; unlocks it, and waits until
 * a majority has what was read: the dump is valid then. Status 9: it was
 * unlocked before the end; 6: what was read was rolled back. */
bool dump_lock_end(struct dump_lock *l, bson_error_t *error);
/* After it was unlocked: until the member has caught up; only tells. */
void dump_lock_catch_up(struct dump_lock *l);
/* Unlocks, if it is still locked; false: error is set (it was NULL or status
 * 9 before). l may be NULL. */
bool dump_lock_free(struct dump_lock *l, bson_error_t *error);
/* Why it was unlocked early. True: error is set. */
bool dump_lock_broken(struct dump_lock *l, bson_error_t *error);
/* Lifts whatever lock there is (mm-dump --unlock). */
bool dump_lock_lift(struct server *s, bson_error_t *error);

#endif
