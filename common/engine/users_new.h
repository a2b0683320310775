/* engine: accounts that are to be made on the target, beside those that are
 * there. For users_*.c only.
 */
#ifndef MM_ENGINE_USERS_NEW_H
#define MM_ENGINE_USERS_NEW_H

#include "engine/users.h"

struct users_new;

/* Reads what there is. skip: as in struct users_load_opts. NULL: error. */
struct users_new *users_new_begin(
    struct conn *c, const char *job, bool skip, bson_error_t *error);
void users_new_free(struct users_new *u);
/* As bring_map gave them. Status 8: two of one name. */
bool users_new_add(struct users_new *u, bool role, const bson_t *doc,
    const bson_t *change, bson_error_t *error);
/* Status 8: names that are taken, all of them told, and nothing made. */
bool users_new_make(
    struct users_new *u, struct users_count *n, bson_error_t *error);

#endif
