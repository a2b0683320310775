/* engine: work that waits while the members of a replica set lag behind
 * (--max-load of mm-dump and mm-load). */
#ifndef MM_ENGINE_LAG_WATCH_H
#define MM_ENGINE_LAG_WATCH_H

#include "mongo/server.h"

struct lag_watch;

/* Looks every second. max_ms 0: NULL, and nothing waits. NULL with error: the
 * lag cannot be read. except: HOST:PORT of a member that does not count, or
 * NULL. Borrows s. */
struct lag_watch *lag_watch_start(
    struct server *s, int64_t max_ms, const char *except, bson_error_t *error);
void lag_watch_end(struct lag_watch *w);
/* Until no member lags more than that; or a stop signal. w may be NULL. */
void lag_watch_wait(struct lag_watch *w);

#endif
