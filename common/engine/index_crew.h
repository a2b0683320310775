/* engine: index work on several collections beside one another, each with a
 * connection of its own. */
#ifndef MM_ENGINE_INDEX_CREW_H
#define MM_ENGINE_INDEX_CREW_H

#include "mongo/server.h"

/* What is done of number i, with that connection. */
typedef bool index_work(
    void *arg, struct conn *c, size_t i, bson_error_t *error);

/* Numbers 0 to n - 1 in that order, so many at once; with one alone by c. After
 * a failure, or a stop signal, none is begun; those under way are waited for.
 * The failure of the lowest number is the error, whichever came first; others
 * are told as warnings. Status 9: stopped before all were begun. */
bool index_crew_run(struct conn *c, size_t n, int jobs, index_work *work,
    void *arg, bson_error_t *error);

#endif
