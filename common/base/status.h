/* base: the status file, JSON, replaced atomically once a second by a thread
 * of its own. Field names and their meaning: mm-migrate(7), STATUS FILES.
 *
 * Threads set fields at any time; the writer thread adds tool, pid, started,
 * updated and state. Without a file every call is cheap and does nothing
 * visible, so callers need no condition.
 */
#ifndef MM_BASE_STATUS_H
#define MM_BASE_STATUS_H

#include "base/error.h"
#include "base/optime.h"

/* file may be NULL. Fails when the first write fails (7). */
bool status_start(const char *file, bson_error_t *error);
void status_text(const char *field, const char *value);
void status_int(const char *field, int64_t value);
void status_add(const char *field, int64_t more);
void status_double(const char *field, double value);
void status_bool(const char *field, bool value);
void status_null(const char *field);
/* What was set: 0 and "" for nothing. */
int64_t status_read(const char *field);
void status_read_text(const char *field, char *text, size_t size);
/* As text SECONDS:INCREMENT:TERM. */
void status_position(const char *field, struct optime o);
/* The file is written at once, not when the second is over. */
void status_now(void);
/* The phase a person reads: connecting, copying, following ... */
void status_state(const char *state);
/* Last word: state done, stopped or failed by the exit status, exit_status,
 * last_error when error is given; writes once more and stops the thread. */
void status_end(enum mm_exit status, const bson_error_t *error);

#endif
