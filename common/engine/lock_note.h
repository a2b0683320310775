/* engine: who has locked a member of the source, in a file on this host, so
 * that a lock that a killed run has left is told from somebody else's
 * (mm-dump).
 */
#ifndef MM_ENGINE_LOCK_NOTE_H
#define MM_ENGINE_LOCK_NOTE_H

#include "base/error.h"

enum lock_note {
	LOCK_NOTE_ERROR = -1,
	LOCK_NOTE_NONE, /* no run of this user has locked it from here */
	LOCK_NOTE_DEAD, /* one has, and is gone */
	LOCK_NOTE_ALIVE /* one is at work, or may be: *pid */
};

/* Name of the file for a member HOST:PORT: in $TMPDIR, else /var/tmp; caller
 * frees with bson_free. */
char *lock_note_path(const char *member);
enum lock_note lock_note_read(
    const char *path, int64_t *pid, bson_error_t *error);
/* We are going to lock it. */
bool lock_note_write(const char *path, bson_error_t *error);
bool lock_note_remove(const char *path, bson_error_t *error);

#endif
