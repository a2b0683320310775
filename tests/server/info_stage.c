/* mongosim: what is known without looking at documents: the stages $collStats
 * and $currentOp, the first of their pipelines. */
#include "info_stage.h"

#include <string.h>

#include "ops.h"

static bool
first_stage(const bson_t *pipeline, bson_iter_t *stage)
{
	bson_iter_t it;

	return bson_iter_init(&it, pipeline) && bson_iter_next(&it) &&
	    BSON_ITER_HOLDS_DOCUMENT(&it) && bson_iter_recurse(&it, stage) &&
	    bson_iter_next(stage);
}

static void
put_latency(struct buf *b, const struct coll *c)
{
	static const char *const names[N_LATENCIES] = {
	    "reads", "writes", "commands", "transactions"};
	size_t mark = out_open(b, "latencyStats", BSON_TYPE_DOCUMENT);

	for (size_t i = 0; i < N_LATENCIES; i++) {
		size_t sub = out_open(b, names[i], BSON_TYPE_DOCUMENT);

		out_i64(b, "latency", c->latency[i].micros);
		out_i64(b, "ops", c->latency[i].ops);
		out_close(b, sub);
	}
	out_close(b, mark);
}

static void
put_coll_stats(struct buf *docs, const struct coll *c, const bson_iter_t *value)
{
	size_t mark = out_open(docs, NULL, BSON_TYPE_DOCUMENT), sub;
	bson_iter_t it;
	bson_t spec = BSON_INITIALIZER;

	iter_doc(value, &spec);
	out_text(docs, "ns", c->ns);
	out_text(docs, "host", sim.set.host);
	out_date(docs, "localTime", server_now());
	if (bson_iter_init_find(&it, &spec, "latencyStats"))
		put_latency(docs, c);
	if (bson_iter_init_find(&it, &spec, "storageStats")) {
		sub = out_open(docs, "storageStats", BSON_TYPE_DOCUMENT);
		out_int(docs, "size", c->bytes);
		out_int(docs, "count", c->n_docs);
		out_bool(docs, "capped", c->capped);
		out_int(docs, "nindexes", (int64_t)c->n_indexes);
		out_close(docs, sub);
	}
	if (bson_iter_init_find(&it, &spec, "count"))
		out_int(docs, "count", c->n_docs);
	out_close(docs, mark);
}

static bool
is_set(const bson_t *spec, const char *name)
{
	bson_iter_t it;

	return bson_iter_init_find(&it, spec, name) && bson_iter_as_bool(&it);
}

bool
info_stage(const struct request *r, const struct coll *c,
    const bson_t *pipeline, struct buf *docs, bool *is, bson_error_t *error)
{
	bson_iter_t stage;
	bson_t spec = BSON_INITIALIZER;
	const char *name = "";

	*is = true;
	if (first_stage(pipeline, &stage))
		name = bson_iter_key(&stage);
	if (strcmp(name, "$currentOp") == 0) {
		iter_doc(&stage, &spec);
		if (strcmp(r->db, "admin") != 0 ||
		    arg_int(r, "aggregate", 0) != 1)
			return refuse(error, 73,
			    "$currentOp must be run against the 'admin' "
			    "database with {aggregate: 1}");
		ops_put_all(docs, is_set(&spec, "idleSessions"),
		    is_set(&spec, "allUsers") ? NULL : r->conn->user);
	} else if (strcmp(name, "$collStats") == 0) {
		if (!c)
			return refuse(error, 26,
			    "Unable to retrieve storageStats in $collStats "
			    "stage :: caused by :: Collection not found.");
		put_coll_stats(docs, c, &stage);
	} else if (arg_int(r, "aggregate", 0) == 1) {
		return refuse(error, 238,
		    "mongosim aggregates collections and $currentOp alone");
	} else {
		*is = false;
	}
	return true;
}
