/* engine: what becomes of the indexes of a snapshot on the target (mm-load).
 */
#ifndef MM_ENGINE_LOAD_INDEX_H
#define MM_ENGINE_LOAD_INDEX_H

#include "mongo/catalog.h"

struct load_indexes {
	bson_t staged; /* {ns, spec, why} of those held back or asleep */
	bson_t asleep; /* TTL: to be created on the empty collection */
	bson_t *later; /* ordinary: after the data; NULL: none */
};

/* `raw`: the array of listIndexes as the stream has it, or NULL. The index on
 * _id is in none of the three, but for a clustered collection with a lifetime,
 * which is staged; a TTL index that is unique is held back. */
void load_indexes_split(
    const char *ns, const bson_t *raw, struct load_indexes *out);
/* Status 8: one has a key that no server takes any more, though the one it was
 * made on long ago did. */
bool load_indexes_check(const char *ns, const bson_t *raw, bson_error_t *error);
/* Without `later`, which is the caller's. */
void load_indexes_release(struct load_indexes *i);
bool load_indexes_asleep(
    struct conn *c, const char *ns, const bson_t *specs, bson_error_t *error);

struct load_index_task {
	const char *ns;
	const bson_t *specs;
	int64_t bytes; /* of its documents */
};
/* Builds all, so many collections at a time, the largest first (task is
 * sorted), all indexes of one with one scan; engine/index_crew.h. */
bool load_indexes_build(struct conn *c, struct load_index_task *task, size_t n,
    int jobs, bson_error_t *error);

#endif
