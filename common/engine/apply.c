#include "engine/apply.h"

#include <inttypes.h>
#include <string.h>

#include "base/msg.h"
#include "base/sig.h"
#include "base/status.h"
#include "engine/apply_ddl.h"
#include "engine/apply_job.h"
#include "engine/apply_trails.h"
#include "engine/apply_uuid.h"
#include "engine/apply_walk.h"
#include "engine/builds.h"
#include "engine/checkpoint.h"
#include "engine/lanes.h"
#include "model/ddl.h"

struct apply {
	const struct apply_opts *o;
	bson_t job; /* the document as it was at the start */
	struct targets *targets;
	struct lanes *lanes;
	struct checkpoint *checkpoint;
	struct builds *builds;
	struct apply_ddl *ddl;
	struct target *last; /* target of the last entry */
	struct apply_uuids *uuids;
	struct apply_walk walk;
	struct optime seen;
	struct optime ahead; /* what a killed run may have written */
	struct apply_trails trails;
	bool barrier; /* the last entry changed the catalog */
	bool within;  /* so did an entry of the group at hand */
};

/* ---------------------------------------------------------------- headers */

static bool
begin(void *arg, enum stream_kind kind, const bson_t *head, bson_error_t *error)
{
	struct apply *a = arg;
	bson_t filters;
	struct grant *g;
	bool ok;

	if (record_repair(head))
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "a repair is applied alone: no other stream with it");
	if (!record_doc(head, "filters", &filters, error) ||
	    !(g = grant_new(&ns_flags, &filters, error)))
		return false;
	ok = apply_job_check(&a->job, kind, head, g, error);
	grant_free(g);
	return ok;
}

static void
seen(void *arg, struct optime at)
{
	struct apply *a = arg;

	a->seen = optime_max(a->seen, at);
	checkpoint_seen(a->checkpoint, a->seen);
}

/* ---------------------------------------------------------------- entries */

static bool
send(void *arg, bson_error_t *error)
{
	struct apply *a = arg;

	if (!lanes_send(a->lanes, error))
		return false;
	checkpoint_boundary(a->checkpoint, &a->walk.reached);
	return true;
}

static bool
route(struct apply *a, const struct entry *e, bson_error_t *error)
{
	bool known = optime_cmp(e->at, a->seen) <= 0;

	if (!apply_uuids_check(a->uuids, e, error))
		return false;
	if (!a->last || strcmp(a->last->source, e->ns) != 0)
		a->last = targets_find(a->targets, e->ns, e->at, error);
	if (!a->last)
		return false;
	if (!checkpoint_promise(a->checkpoint, e->at, error))
		return false;
	return lanes_put(a->lanes, a->last, e,
	    known || optime_cmp(e->at, a->ahead) <= 0, error);
}

/* Everything before a change of the catalog is acknowledged and saved before
 * it is made. */
static bool
catalog(struct apply *a, const struct entry *e, bson_error_t *error)
{
	const char *ns, *to;

	if (!apply_ddl_read(a->ddl, e, &a->barrier, error))
		return false;
	if (!a->barrier)
		return true;
	apply_ddl_names(a->ddl, &ns, &to);
	apply_uuids_forget(a->uuids, ns);
	apply_uuids_forget(a->uuids, to);
	if (!send(a, error) || !lanes_drain(a->lanes, error))
		return false;
	lanes_forget(a->lanes);
	a->last = NULL;
	if (!checkpoint_promise(a->checkpoint, e->at, error))
		return false;
	if (a->trails.journal && !journal_command(a->trails.journal, e, error))
		return false;
	return apply_ddl_run(a->ddl, e, a->seen, error);
}

static bool
entry(void *arg, const struct entry *e, bson_error_t *error)
{
	struct apply *a = arg;

	return ddl_is(e) ? catalog(a, e, error) : route(a, e, error);
}

static void
behind(void *arg, const struct entry *e)
{
	struct apply *a = arg;

	apply_uuids_note(a->uuids, e);
}

/* After a change of the catalog the group may go on: then only how far it is
 * done is saved, until the group is applied. */
static bool
left(void *arg, const struct entry *e, bool whole, bson_error_t *error)
{
	struct apply *a = arg;

	if (!a->barrier && !(whole && a->within))
		return true;
	a->barrier = false;
	a->within = !whole;
	return (!whole || (send(a, error) && lanes_drain(a->lanes, error))) &&
	    apply_ddl_done(a->ddl, e, whole, error);
}

static const struct apply_walk_ops walk_ops = {.begin = begin,
    .seen = seen,
    .entry = entry,
    .behind = behind,
    .left = left,
    .pause = send};

/* ------------------------------------------------------------------- loop */

/* Nothing that comes may have been applied before. */
static bool
settled(const struct apply *a)
{
	return optime_cmp(a->walk.reached.at, a->seen) >= 0 &&
	    optime_cmp(a->walk.reached.at, a->ahead) >= 0;
}

static bool
one_item(struct apply *a, const struct stream_item *i, enum stream_kind kind,
    bson_error_t *error)
{
	bool changed;

	builds_enter(a->builds, &changed);
	if (changed)
		a->last = NULL;
	if (!apply_walk_item(&a->walk, i, kind, error))
		return false;
	builds_leave(a->builds, settled(a));
	return true;
}

static bool
read_all(struct apply *a, bson_error_t *error)
{
	struct stream_item i;
	enum stream_kind kind;
	enum stream_got got;

	while (!a->walk.done) {
		got = apply_input_next(
		    a->o->input, a->walk.reached.at, &i, &kind, error);
		if (got != STREAM_GOT)
			return got != STREAM_ERROR;
		if (!one_item(a, &i, kind, error)) {
			if (!lanes_failed(a->lanes, NULL))
				apply_input_where(a->o->input, error);
			return false;
		}
		/* A drain ends between two items; input that never pauses
		 * would not let it. */
		if (sig_stopping())
			return true;
	}
	return true;
}

/* Whatever ended the reading: what was read completely is applied, and the
 * checkpoint is as far as it can be. The first error is the one that counts. */
static bool
wind_up(struct apply *a, bool ok, bson_error_t *error)
{
	bson_error_t later;
	bool drained = send(a, &later);

	builds_stop(a->builds);
	drained = drained && lanes_drain(a->lanes, &later) &&
	    !lanes_failed(a->lanes, &later);

	/* What waits for the next entries can go on waiting. */
	if (!drained && sig_stopping() && !lanes_failed(a->lanes, NULL))
		msg_warn("stopped while an entry waits: %s", later.message);
	else if (!drained && ok)
		ok = false, *error = later;
	lanes_stop(a->lanes);
	checkpoint_acked(a->checkpoint);
	if (drained && !apply_walk_within(&a->walk))
		checkpoint_kept(a->checkpoint);
	if (!checkpoint_save(a->checkpoint, &later) && ok)
		ok = false, *error = later;
	checkpoint_stop(a->checkpoint);
	if (!apply_trails_close(&a->trails, &later) && ok)
		ok = false, *error = later;
	return ok;
}

static void
report(struct apply *a, bool ok)
{
	struct lanes_counts n;
	char text[OPTIME_TEXT];

	lanes_count(a->lanes, &n);
	optime_text(checkpoint_saved(a->checkpoint), text);
	if (ok)
		msg_info("applied %" PRId64 " entries, checkpoint %s",
		    n.entries, text);
	else
		msg_info("the checkpoint is at %s", text);
	if (n.diverged > 0)
		msg_warn("%" PRId64 " entries met a document that was not as "
			 "they expect (-v names them)",
		    n.diverged);
}

bool
apply_run(const struct apply_opts *opts, bson_error_t *error)
{
	struct apply a = {.o = opts};
	struct checkpoint_opts co = {
	    .job = opts->job, .exit_lag_ms = opts->exit_lag_ms};
	struct lanes_opts lo = {.server = opts->server,
	    .job = opts->job,
	    .workers = opts->workers,
	    .batch_ops = opts->batch_ops,
	    .acked = checkpoint_acked};
	bool ok = false;

	if (!job_read_checkpoint(opts->job, &co.start))
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "job \"%s\" has no checkpoint", job_name(opts->job));
	if (!apply_trails_open(
		&a.trails, opts->job, opts->ledger, opts->journal, error))
		return false;
	co.durable = apply_trails_sync;
	co.arg = &a.trails;
	if (a.trails.journal)
		co.journal = journal_epoch(a.trails.journal);
	lo.ledger = a.trails.ledger;
	lo.journal = a.trails.journal;
	a.walk.reached =
	    (struct boundary){co.start.applied, co.start.read_from, 0};
	a.walk.ops = &walk_ops;
	a.walk.arg = &a;
	a.walk.until = opts->until;
	a.seen = co.start.seen;
	a.uuids = apply_uuids_new();
	a.ahead = co.start.ahead;
	bson_copy_to(job_doc(opts->job), &a.job);
	a.targets = targets_new(opts->conn, opts->grant, opts->job);
	a.checkpoint = checkpoint_new(&co);
	lo.arg = a.checkpoint;
	a.lanes = lanes_new(&lo, error);
	if (a.lanes)
		a.builds =
		    builds_new(&(struct builds_opts){.server = opts->server,
				   .job = opts->job,
				   .lanes = a.lanes,
				   .targets = a.targets,
				   .begin_left = opts->ddl != DDL_MODE_IGNORE},
			error);
	a.ddl = apply_ddl_new(&(struct apply_ddl_opts){.conn = opts->conn,
	    .job = opts->job,
	    .targets = a.targets,
	    .grant = opts->grant,
	    .checkpoint = a.checkpoint,
	    .builds = a.builds,
	    .mode = opts->ddl});
	if (a.builds && checkpoint_start(a.checkpoint, a.lanes, error)) {
		status_state("applying");
		builds_leave(a.builds, settled(&a));
		ok = read_all(&a, error);
		ok = wind_up(&a, ok, error);
		report(&a, ok);
	} else {
		apply_trails_close(&a.trails, NULL);
	}
	builds_free(a.builds);
	lanes_free(a.lanes);
	apply_ddl_free(a.ddl);
	apply_uuids_free(a.uuids);
	checkpoint_free(a.checkpoint);
	targets_free(a.targets);
	bson_destroy(&a.job);
	return ok;
}
