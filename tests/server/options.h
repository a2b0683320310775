/* mongosim: options of collections and indexes: checked and brought into the
 * form in which the server stores and lists them.
 *
 * All: false is a refusal with the server's code and errmsg; out documents are
 * initialised by the callee in either case and destroyed by the caller.
 */
#ifndef MM_SIM_OPTIONS_H
#define MM_SIM_OPTIONS_H

#include "base/error.h"

/* The command `create` -> what listCollections shows as options (capped with
 * its size rounded up to 256, collation filled in, viewOn, pipeline ...). */
bool options_create(const bson_t *cmd, bson_t *options, bson_error_t *error);
/* A collation as a user writes it -> all fields, as stored; {locale: "simple"}
 * and the empty one -> empty. */
bool options_collation(
    const bson_t *collation, bson_t *full, bson_error_t *error);
/* {v, key, name, ns?} of the _id index of a collection with these options. */
void options_id_index(const bson_t *options, bson_t *spec);

/* One spec of createIndexes -> as stored. coll_options give the default
 * collation. now: seconds since 1970, the limit of expireAfterSeconds. */
bool options_index(const bson_t *spec, const bson_t *coll_options, int64_t now,
    bson_t *normalised, bson_error_t *error);
/* A wanted index against one that exists (both normalised). same: it is there
 * already. False: it stands in the way (85, 86); the errmsg may be longer than
 * error->message holds, *errmsg has it whole (bson_free). Neither: unrelated.
 */
bool options_same_index(const bson_t *existing, const bson_t *wanted,
    bool *same, char **errmsg, bson_error_t *error);

/* collMod `index: {name or keyPattern, expireAfterSeconds, hidden}`: does the
 * request mean this stored spec? */
bool options_collmod_names(const bson_t *request, const bson_t *spec);
/* The changed spec, and the fields of the reply (expireAfterSeconds_old,
 * expireAfterSeconds_new, hidden_old, hidden_new; only what changes). */
bool options_collmod_index(const bson_t *request, const bson_t *spec,
    bson_t *changed, bson_t *reply, bson_error_t *error);
/* collMod of validator, validationLevel, validationAction, viewOn, pipeline:
 * the options after it. Unknown fields are refused. */
bool options_collmod(const bson_t *cmd, const bson_t *options, bson_t *changed,
    bson_error_t *error);

/* Clustered collections (options_cluster.c): what create takes goes to the
 * options; the index that is the collection itself, false: it is none; what
 * collMod makes of the lifetime. */
bool options_clustered(const bson_t *cmd, bson_t *options, bson_error_t *error);
bool options_cluster_index(const bson_t *options, bson_t *spec);
bool options_lifetime(const bson_t *cmd, const bson_t *options, bson_t *changed,
    bson_error_t *error);

#endif
