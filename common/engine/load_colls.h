/* engine: the collections of a snapshot on their way into a target (mm-load).
 *
 * Announced first, each is checked before anything is written: within the
 * grant, not twice, no foreign data. With the first record of another type all
 * that were announced are made: entered as owned in the job, created with their
 * options, TTL indexes created and put to sleep. Ordinary indexes are built
 * after the data, views last, unique indexes not at all.
 */
#ifndef MM_ENGINE_LOAD_COLLS_H
#define MM_ENGINE_LOAD_COLLS_H

#include <uthash.h>

#include "engine/grant.h"
#include "engine/progress.h"
#include "engine/standing.h"
#include "mongo/catalog.h"
#include "mongo/job.h"

struct load_coll {
	int32_t c;
	char *ns; /* on the target */
	bool view, capped, ended;
	bool checked, ours; /* load_free.c: owned by the load before */
	bool kept;          /* it holds documents of others */
	bool resumed;       /* a part of it is there already */
	bool again;         /* capped: the first to come may be, too */
	bson_t *options;    /* of a view; else NULL once it is made */
	bson_t *indexes;    /* to be built after the data, or NULL */
	bson_t load;        /* engine/resume.h: COLL; empty for a view */
	size_t parts;
	struct progress_coll *progress;
	int active; /* threads that insert into it */
	/* Inserted and acknowledged; what cend says it must be. */
	int64_t docs, bytes;
	uint64_t sum;
	int64_t end_docs, end_bytes;
	uint64_t end_sum;
	UT_hash_handle by_c, by_ns;
};

struct load_colls;

struct load_colls_how {
	bool no_indexes;
	bool convert; /* index keys that no server takes any more */
	enum standing_how standing;
	bool resuming; /* a load that was begun before: what is of it and does
			  not come again is dropped */
};

/* Borrows all; used by one thread at a time but for the counts. */
struct load_colls *load_colls_new(struct conn *c, const struct grant *g,
    struct job *j, struct progress *p, struct load_colls_how how);
void load_colls_free(struct load_colls *l);
/* A coll record. Status 8: foreign data, not within the grant, or an index key
 * that is to be converted. */
bool load_colls_add(
    struct load_colls *l, const bson_t *record, bson_error_t *error);
/* Makes what was announced since the last call. Status 8: views are made of
 * each other. */
bool load_colls_make(struct load_colls *l, bson_error_t *error);
/* NULL: no such number. */
struct load_coll *load_colls_find(const struct load_colls *l, int32_t c);
/* A cend record: what must have arrived in the end. NULL: error is set. */
struct load_coll *load_colls_end(
    struct load_colls *l, const bson_t *record, bson_error_t *error);
/* What arrived is what must have. Status 3. */
bool load_colls_whole(const struct load_coll *lc, bson_error_t *error);
/* Everything is inserted: counts and digests must be those of the cend
 * records. Status 3. */
bool load_colls_verify(const struct load_colls *l, bson_error_t *error);
/* Builds the ordinary indexes, of so many collections at a time. */
bool load_colls_index(struct load_colls *l, int jobs, bson_error_t *error);
bool load_colls_make_views(struct load_colls *l, bson_error_t *error);
size_t load_colls_count(const struct load_colls *l);

#endif
