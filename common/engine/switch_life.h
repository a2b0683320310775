/* engine: lifetimes (TTL indexes) of a selection, put to sleep on the side that
 * is only followed: what expires there by itself before the change that would
 * have kept it has arrived is lost. What expires on the live side comes as a
 * deletion in its log.
 *
 * The list is a document for the journal: {"0": {ns, index, seconds}, ...}, in
 * it before the first one is put to sleep.
 */
#ifndef MM_ENGINE_SWITCH_LIFE_H
#define MM_ENGINE_SWITCH_LIFE_H

#include "model/ns.h"
#include "mongo/server.h"

/* Those that are awake on that side; rules: by the names there. list is
 * initialised in any case. */
bool lifetimes_read(struct conn *c, const struct ns_rules *rules, bson_t *list,
    bson_error_t *error);
/* May be called again. What is not there any more is left out. */
bool lifetimes_sleep(struct conn *c, const bson_t *list, bson_error_t *error);
/* The same; map: from the names in the list to those on this side, NULL: they
 * are its own. */
bool lifetimes_wake(struct conn *c, const bson_t *list,
    const struct ns_rules *map, bson_error_t *error);

#endif
