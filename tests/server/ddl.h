/* mongosim: changes of the catalog, each logged as the server logs it. */
#ifndef SIM_DDL_H
#define SIM_DDL_H

#include "request.h"

/* All log, save in the database local. Options are as stored. */
struct coll *ddl_create(
    const char *db, const char *name, const bson_t *options);
void ddl_drop(struct coll *c);
/* Within one database; target is what is in the way, or NULL. */
void ddl_rename(
    struct coll *c, const char *db, const char *name, struct coll *target);
/* A temporary collection that is renamed is one no longer. */
void ddl_not_temporary(struct coll *c);
/* An index on an empty collection. */
void ddl_index(struct coll *c, const bson_t *spec);
/* One document, outside any session. */
bool ddl_insert(struct coll *c, const uint8_t *doc, size_t len,
    bool from_migrate, bson_error_t *error);

/* The collection of the command. NULL: 166 for a view, else 26 with that
 * message. */
struct coll *ddl_coll(struct request *r, const char *name, const char *missing,
    bson_error_t *error);

#endif
