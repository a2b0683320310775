/* engine: a snapshot stream into a target (mm-load).
 *
 * Several threads take units of the stream, decode and insert them. In the
 * turn of each unit its control records are handled in stream order: the
 * header opens the job, coll records are checked and made (load_colls.h), and
 * blocks of capped collections are inserted there and then.
 */
#ifndef MM_ENGINE_LOAD_H
#define MM_ENGINE_LOAD_H

#include "engine/lag_watch.h"
#include "engine/load_colls.h"
#include "engine/standing.h"

struct load_opts {
	int threads;           /* that insert, in all */
	int per_coll;          /* at most so many into one collection */
	int index_jobs;        /* collections whose indexes are built at once */
	int64_t rate;          /* bytes a second; 0: no limit */
	const char *rate_file; /* where it may be changed; NULL: nowhere */
	struct lag_watch *brake; /* or NULL */
	bool drop;               /* a finished load of the same job, too */
	bool no_indexes;
	bool convert;  /* index keys that no server takes any more */
	bool in_order; /* documents as they come, in every collection */
	enum standing_how standing;
	bool stop_at_first; /* document that is left out */
	const char *job;    /* NULL: as the stream says */
	const struct ns_flags *flags;
};

struct load_result {
	struct optime from, to;
	int64_t docs, bytes;
	size_t collections; /* views too */
};

/* Up to the job's phase loaded. False: error is set; the job is left in phase
 * loading, and the same load again begins anew. */
bool load_run(struct server *s, int fd, const char *name,
    const struct load_opts *opts, struct load_result *result,
    bson_error_t *error);

#endif
