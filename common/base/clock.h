/* base: the time. */
#ifndef MM_BASE_CLOCK_H
#define MM_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define CLOCK_TEXT 32 /* bytes that hold any clock_text */

/* Monotonic: for spans within a process, never set back. */
int64_t clock_ms(void);
int64_t clock_ns(void);
/* CPU time of the calling thread. */
int64_t clock_thread_ns(void);
/* Since 1970: for people, files and other hosts; may be set back. */
int64_t clock_wall_ms(void);
/* What `clock` will show in ms: the end of a pthread_cond_timedwait. */
struct timespec clock_after(clockid_t clock, int64_t ms);
/* A time since 1970 as 2026-11-22T10:00:00Z; text must hold CLOCK_TEXT bytes;
 * returns text. */
const char *clock_text(int64_t secs, char *text);

#endif
