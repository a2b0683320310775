/* mongo: what databases and collections there are, by name alone.
 */
#ifndef MM_MONGO_NAMES_H
#define MM_MONGO_NAMES_H

#include "model/textset.h"
#include "mongo/server.h"

/* All databases: added to names. */
bool names_databases(
    struct conn *c, struct textset *names, bson_error_t *error);
/* All collections of one, as "db.coll": added to names. views: those too. */
bool names_collections(struct conn *c, const char *db, bool views,
    struct textset *names, bson_error_t *error);

#endif
