/* engine: a stream of kind users, whole and checked, in memory. For users_*.c
 * only.
 */
#ifndef MM_ENGINE_USERS_IN_H
#define MM_ENGINE_USERS_IN_H

#include "stream/stream.h"

#define USERS_MAX (64u << 20) /* bytes of accounts in one stream */

struct users_in {
	bson_t head;         /* the stream record */
	bson_t users, roles; /* arrays */
};

/* u is initialised in any case. Status 3: cut or damaged; 8: of another kind,
 * too large, a second stream. */
bool users_in_read(
    struct users_in *u, int fd, const char *name, bson_error_t *error);
void users_in_release(struct users_in *u);

#endif
