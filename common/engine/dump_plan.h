/* engine: how each collection of a dump is read, and its coll record (mm-dump).
 */
#ifndef MM_ENGINE_DUMP_PLAN_H
#define MM_ENGINE_DUMP_PLAN_H

#include "engine/dump.h"

struct dump_plan {
	struct readers_plan read;
	bool resumed; /* a part of it is on the target already */
	bool done;    /* all of it is */
	bool unknown; /* how much will come (a query) */
};

/* Of a collection, no view; read.. is the caller's. */
bool dump_plan(struct conn *c, const struct dump_opts *opts,
    const struct coll *coll, struct dump_plan *plan, bson_error_t *error);
/* plan: NULL for a view. */
bool dump_put_coll(struct stream_out *out, int32_t c, const struct coll *coll,
    const struct dump_plan *plan, bson_error_t *error);

#endif
