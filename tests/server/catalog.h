/* mongosim: which collections there are. All under sim.lock. */
#ifndef SIM_CATALOG_H
#define SIM_CATALOG_H

#include "coll.h"

/* The collections every member has: local, config, admin. */
void catalog_init(void);

struct coll *catalog_find(const char *db, const char *name);
struct coll *catalog_find_ns(const char *ns);
struct coll *catalog_by_uuid(const uint8_t uuid[16]);
struct coll *catalog_by_serial(uint64_t serial);
/* The next one after c (NULL: the first), of that database (NULL: of all), in
 * the order of their making. */
struct coll *catalog_next(const struct coll *c, const char *db);

/* Put in and take out; nothing is logged, no name is checked. A collection
 * gets its _id index unless the options say autoIndexId: false. */
struct coll *catalog_add(
    const char *db, const char *name, const bson_t *options);
void catalog_remove(struct coll *c); /* frees it */
void catalog_rename(struct coll *c, const char *db, const char *name);

void coll_add_index(struct coll *c, const bson_t *spec);
void coll_drop_index(struct coll *c, size_t i);
/* Another spec in its place (collMod). */
void coll_set_index(struct coll *c, size_t i, const bson_t *spec);
struct index *coll_index_named(const struct coll *c, const char *name);

/* The definition of a view {_id, viewOn, pipeline, collation?}, borrowed. */
bool catalog_view(const char *db, const char *name, bson_t *view);

/* 73 for names that the server takes for no collection. */
bool catalog_check_name(const char *db, const char *name, bson_error_t *error);

#endif
