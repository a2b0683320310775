/* engine: what the target says of the index builds that this program waits
 * for, once a second, by a thread with a connection of its own: into the status
 * file and so into progress line and metrics (index_progress, index_done,
 * index_total; mm-migrate(7)).
 *
 * One for the program. Without index_watch_start all calls do nothing. What may
 * not be seen is said once; the builds do not depend on it.
 */
#ifndef MM_ENGINE_INDEX_WATCH_H
#define MM_ENGINE_INDEX_WATCH_H

#include "mongo/server.h"

void index_watch_start(struct server *s);
void index_watch_end(void);
/* Around one build; ns is borrowed in between. */
void index_watch_enter(const char *ns);
void index_watch_leave(const char *ns);
/* Says of those that the target is building already, before anything is sent:
 * by a run that was killed. */
void index_watch_found(
    struct conn *c, bool (*ours)(void *arg, const char *ns), void *arg);
/* Whether the target builds indexes of it: 1, 0, -1 not to be seen. */
int index_watch_runs(struct conn *c, const char *ns);

#endif
