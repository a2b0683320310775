/* mongo: what collections there are, and making them. Raw options throughout.
 */
#ifndef MM_MONGO_CATALOG_H
#define MM_MONGO_CATALOG_H

#include "model/ns.h"
#include "mongo/server.h"

#define TTL_ASLEEP 2147483647

enum coll_type { COLL_PLAIN, COLL_CAPPED, COLL_VIEW, COLL_TIMESERIES };

struct coll {
	char ns[NS_MAX + 1]; /* on the side it was read from */
	char db[NS_MAX + 1];
	const char *name; /* within ns */
	enum coll_type type;
	bool has_uuid;
	uint8_t uuid[16];
	bson_t options; /* as listCollections gives them, owned */
	bson_t indexes; /* array of listIndexes, owned; empty for views */
	bool collated;  /* _id has a collation other than simple */
	int64_t est_docs, est_bytes; /* collStats; 0 when not readable */
};

struct coll_list {
	struct coll *item;
	size_t n;
};

/* Everything selected, in name order, views last; system.* internal ones left
 * out. Time series, encrypted ones: status 8, by name. A collection that
 * vanishes meanwhile is left out. with_stats: est_*. */
bool catalog_list(struct conn *c, const struct ns_rules *rules, bool with_stats,
    struct coll_list *out, bson_error_t *error);
/* What listCollections says of every collection and view, selected or not, of
 * each database of which something is selected; until `each` says false. */
bool catalog_each(struct conn *c, const struct ns_rules *rules,
    bool (*each)(void *arg, const char *ns, const bson_t *info), void *arg,
    bson_error_t *error);
/* One collection: 1, 0 not there, -1 error. */
int catalog_one(
    struct conn *c, const char *ns, struct coll *out, bson_error_t *error);
/* Whether there is one, or a view: 1, 0, -1. */
int catalog_has(struct conn *c, const char *ns, bson_error_t *error);
void coll_release(struct coll *c);
void coll_list_release(struct coll_list *list);

/* create with the options as they came from listCollections or from an oplog
 * entry; idIndex from `indexes` when it has a collation. What a server sets
 * itself (uuid, ns in idIndex, temp, autoIndexId, flags, storageEngine,
 * recordIdsReplicated, recordPreImages) is left out, unknown options too,
 * after a warning; and the lifetime of a clustered collection, so that the
 * target deletes nothing by itself. Exists already: *existed, true. */
bool catalog_create(struct conn *c, const char *ns, const bson_t *options,
    const bson_t *indexes, bool *existed, bson_error_t *error);
/* The same of a snapshot: with storageEngine and recordPreImages, where the
 * server takes them; else without, after a warning. */
bool catalog_create_copy(struct conn *c, const char *ns, const bson_t *options,
    const bson_t *indexes, bool *existed, bson_error_t *error);
bool catalog_drop(struct conn *c, const char *ns, bson_error_t *error);

/* Spec for createIndexes: ns, background, dropDups removed, v below 2 made 2,
 * legacy key values normalised; raw bytes else. Initialises out. */
void index_normalise(const bson_t *spec, bson_t *out);
/* Its key as JSON when that has a value which only servers before 3.4 take (and
 * which index_normalise makes 1); else NULL. Caller frees with bson_free. */
char *index_legacy_key(const bson_t *spec);
bool index_is_id(const bson_t *spec);
bool index_is_unique(const bson_t *spec); /* other than _id */
bool index_is_ttl(const bson_t *spec, int64_t *seconds);
/* The collection itself, in the order of `_id` (5.3+): never made or dropped as
 * an index is, and its lifetime is an option of the collection. */
bool index_is_cluster(const bson_t *spec);
/* That of a clustered collection with a lifetime, as listIndexes of newer
 * servers shows it. False: it is none, out is not initialised. */
bool index_of_lifetime(const bson_t *options, bson_t *out);
/* Puts it in the place of the one without, as older servers list it. */
void index_add_lifetime(const bson_t *options, bson_t *indexes);
/* createIndexes of several specs at once; exists with equal spec is fine. One
 * without collation is simple, whatever its collection has. */
bool catalog_create_indexes(
    struct conn *c, const char *ns, const bson_t *specs, bson_error_t *error);
/* A TTL index asleep: created with an expireAfterSeconds that the server
 * takes, on an empty collection, then collMod to 2147483647 (verified on
 * 4.9). */
bool catalog_create_ttl_asleep(
    struct conn *c, const char *ns, const bson_t *spec, bson_error_t *error);
/* Sets the lifetime of a TTL index ("": of the collection, a clustered one);
 * TTL_ASLEEP puts it to sleep. A server waits
 * for transactions that are open on the collection, and lets everybody else
 * wait behind: so it is given up after 2 s, with the status of the side. */
bool catalog_set_ttl(struct conn *c, const char *ns, const char *index,
    int64_t seconds, bson_error_t *error);
/* Within a database: the UUID stays. Status 8: the new name is taken. */
bool catalog_rename(
    struct conn *c, const char *from, const char *to, bson_error_t *error);
/* Options alike for our purpose: what catalog_create would send is equal. The
 * lifetime of a clustered collection is that of an index of it.
 * Names of differing fields go to `what` (caller frees), may be NULL. */
bool options_same(const bson_t *a, const bson_t *b, char **what);
bool index_same(const bson_t *a, const bson_t *b, char **what);

#endif
