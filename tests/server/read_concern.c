/* mongosim: read concerns: which state a read is shown. */
#include <string.h>

#include "concern.h"
#include "history.h"

uint64_t
view_now(bool majority, uint64_t at)
{
	if (at)
		return at;
	return majority ? ts_of(sim.committed) : VIEW_LOCAL;
}

bool
snapshot_there(uint64_t at, bson_error_t *error)
{
	return at >= history_oldest() ||
	    refuse(error, 239,
		"Read timestamp Timestamp(%u, %u) is older than the oldest "
		"available timestamp.",
		(unsigned)(at >> 32), (unsigned)at);
}

/* What the command says, checked; times are 0 where they are not given. */
struct wish {
	const char *level;
	uint64_t after, at;
};

static bool
read_time(
    const bson_t *doc, const char *name, uint64_t *time, bson_error_t *error)
{
	uint32_t secs = 0, inc = 0;
	bson_iter_t it;

	*time = 0;
	if (!bson_iter_init_find(&it, doc, name))
		return true;
	if (!BSON_ITER_HOLDS_TIMESTAMP(&it))
		return refuse(error, 14,
		    "\"%s\" had the wrong type. Expected timestamp", name);
	bson_iter_timestamp(&it, &secs, &inc);
	*time = (uint64_t)secs << 32 | inc;
	return *time != 0 ||
	    refuse(error, 72, "%s cannot be a null timestamp", name);
}

static bool
check_level(const struct request *r, const struct wish *w, bson_error_t *error)
{
	static const char *const known[] = {
	    "local", "majority", "linearizable", "available", "snapshot"};
	bool snapshot = strcmp(w->level, "snapshot") == 0;
	size_t i = 0;

	while (i < 5 && strcmp(w->level, known[i]) != 0)
		i++;
	if (i == 5)
		return refuse(error, 9,
		    "readConcern.level must be either 'local', 'majority', "
		    "'linearizable', 'available', or 'snapshot'");
	if (w->at && !snapshot)
		return refuse(error, 72,
		    "atClusterTime field can be set only if level is equal to "
		    "snapshot");
	if (!snapshot || sim.trans)
		return true;
	if (sim.set.fcv < 49)
		return refuse(error, 72,
		    "read concern level snapshot is only valid in a "
		    "transaction");
	if (strcmp(r->name, "find") != 0 && strcmp(r->name, "aggregate") != 0 &&
	    strcmp(r->name, "distinct") != 0)
		return refuse(error, 72,
		    "Command %s does not support { readConcern: { level: "
		    "\"snapshot\", provenance: \"clientSupplied\" } } :: "
		    "caused by :: read concern snapshot not supported",
		    r->name);
	return true;
}

static bool
read_wish(struct request *r, struct wish *w, bson_error_t *error)
{
	bson_iter_t it;
	bson_t doc;

	*w = (struct wish){.level = "local"};
	if (!arg_doc(r, "readConcern", &doc))
		return true;
	if (bson_iter_init_find(&it, &doc, "level"))
		w->level =
		    BSON_ITER_HOLDS_UTF8(&it) ? bson_iter_utf8(&it, NULL) : "";
	if (!read_time(&doc, "afterClusterTime", &w->after, error) ||
	    !read_time(&doc, "atClusterTime", &w->at, error))
		return false;
	if (w->after && w->at)
		return refuse(error, 72,
		    "Can not specify both afterClusterTime and atClusterTime");
	return check_level(r, w, error);
}

static bool
wait_for_time(
    struct request *r, const char *name, uint64_t time, bson_error_t *error)
{
	int64_t deadline = request_deadline(r);

	if (time > ts_of(sim.last))
		return refuse(error, 72,
		    "readConcern %s value must not be greater than the current "
		    "clusterTime. Requested clusterTime: { ts: Timestamp(%u, "
		    "%u) }; current clusterTime: { ts: Timestamp(%u, %u) }",
		    name, (unsigned)(time >> 32), (unsigned)time, sim.last.secs,
		    sim.last.inc);
	while (r->majority && ts_of(sim.committed) < time)
		if (!server_wait(deadline))
			return refuse(
			    error, 50, "operation exceeded time limit");
	return true;
}

static bool
read_concern(struct request *r, bson_error_t *error)
{
	struct wish w;

	if (!read_wish(r, &w, error))
		return false;
	r->majority = strcmp(w.level, "local") != 0 &&
	    strcmp(w.level, "available") != 0 &&
	    (strcmp(w.level, "snapshot") != 0 || !sim.trans);
	if (strcmp(w.level, "linearizable") == 0)
		w.after = ts_of(sim.last);
	if (w.at && !wait_for_time(r, "atClusterTime", w.at, error))
		return false;
	if (!wait_for_time(r, "afterClusterTime", w.after, error))
		return false;
	if (strcmp(w.level, "snapshot") != 0 || sim.trans)
		return true;
	if (!r->at) /* a view asks twice */
		r->at = w.at ? w.at : ts_of(sim.committed);
	return snapshot_there(r->at, error);
}

/* A capped collection (before 8.0), or a change of the catalog after the time
 * of the snapshot. */
static bool
catalog_as_then(const struct coll *c, uint64_t at, bson_error_t *error)
{
	if (at && c && c->capped && sim.set.fcv < 80)
		return refuse(error, 246,
		    "Reading from capped collections with readConcern snapshot "
		    "is not supported");
	if (!at || !c || c->visible <= at)
		return true;
	return refuse(error, 246,
	    "Unable to read from a snapshot due to pending collection catalog "
	    "changes; please retry the operation. Snapshot timestamp is "
	    "Timestamp(%u, %u). Collection minimum is Timestamp(%u, %u)",
	    (unsigned)(at >> 32), (unsigned)at, (unsigned)(c->visible >> 32),
	    (unsigned)c->visible);
}

bool
read_begin(
    struct request *r, const char *name, struct coll **c, bson_error_t *error)
{
	int64_t deadline = request_deadline(r);

	if (!read_concern(r, error))
		return false;
	for (;;) {
		*c = catalog_find(r->db, name);
		/* Another transaction is about to make it. */
		if (*c && (*c)->visible >= MARK_BASE &&
		    (*c)->visible != sim.mark)
			*c = NULL;
		if (r->at)
			return catalog_as_then(*c, r->at, error);
		if (!*c || !r->majority || sim.trans ||
		    (*c)->visible <= ts_of(sim.committed))
			return true;
		if (!server_wait(deadline))
			return refuse(
			    error, 50, "operation exceeded time limit");
	}
}
