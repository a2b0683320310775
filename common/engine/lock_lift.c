#include "engine/lock_lift.h"

#include <inttypes.h>
#include <time.h>

#include "base/msg.h"
#include "engine/dump_lock.h"
#include "engine/lock_note.h"
#include "mongo/pause.h"

enum { TRIES = 10 };

/* Until the count is 0. */
bool
lock_lift_all(struct conn *c, bson_error_t *error)
{
	int64_t count = 1;

	for (int tries = 0; count > 0 && tries < TRIES;) {
		if (pause_unlock(c, &count, error))
			continue;
		count = 1;
		/* Not sig_sleep: a stop signal may be why we are here. */
		if (++tries < TRIES)
			nanosleep(&(struct timespec){1, 0}, NULL);
	}
	return count == 0;
}

/* What is there from before. */
bool
lock_lift_leftover(
    struct conn *c, const char *me, const char *note, bson_error_t *error)
{
	int64_t pid = 0;
	int is;

	switch (lock_note_read(note, &pid, error)) {
	case LOCK_NOTE_ERROR:
		return false;
	case LOCK_NOTE_ALIVE:
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "%s is locked by another mm-dump, process %" PRId64, me,
		    pid);
	case LOCK_NOTE_DEAD:
		is = pause_is_locked(c, error);
		if (is < 0)
			return false;
		if (is)
			msg_info("%s: lifting the lock that a killed run has "
				 "left",
			    me);
		return (!is || lock_lift_all(c, error)) &&
		    lock_note_remove(note, error);
	case LOCK_NOTE_NONE:
		break;
	}
	is = pause_is_locked(c, error);
	return is == 0 ||
	    (is > 0 &&
		error_set(error, MM_EXIT_REFUSED, 0,
		    "%s is locked already, by somebody else or from another "
		    "host (mm-dump --unlock lifts it)",
		    me));
}

bool
dump_lock_lift(struct server *s, bson_error_t *error)
{
	const char *me = server_info(s)->me;
	char *note = lock_note_path(me);
	struct conn *c = conn_open(s, error);
	int is = c ? pause_is_locked(c, error) : -1;
	bool ok = is >= 0 && (!is || lock_lift_all(c, error));

	if (ok)
		msg_info(is ? "%s: unlocked" : "%s is not locked", me);
	ok = ok && lock_note_remove(note, error);
	if (c)
		conn_close(c);
	bson_free(note);
	return ok;
}
