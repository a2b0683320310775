/* Documents go through the lanes as inserts and deletes of a log in its replay
 * window: an insert takes the place of what is there, the lanes know what a
 * unique index or a collation asks for, and send again what was not
 * acknowledged. */
#include "engine/apply_repair.h"

#include <inttypes.h>
#include <string.h>

#include "base/msg.h"
#include "base/sig.h"
#include "base/status.h"
#include "engine/apply_intent.h"
#include "engine/apply_trails.h"
#include "engine/lanes.h"
#include "io/spill.h"

struct repair {
	const struct apply_opts *o;
	struct spill *spill;
	uint64_t bytes;
	int64_t docs;
	struct optime after, read_from, to;
	struct job_checkpoint cp, goal;
	struct apply_trails trails;
};

/* ---------------------------------------------------------------- reading */

static bool
take_head(struct repair *r, const bson_t *head, bson_error_t *error)
{
	if (!optime_is_null(r->after) || !record_repair(head))
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "a repair is applied alone: no other stream with it");
	return record_optime(head, "after", &r->after, error) &&
	    record_optime(head, "readFrom", &r->read_from, error);
}

/* Everything is looked at before anything is done. */
static bool
take_block(struct repair *r, const struct block_view *b, bson_error_t *error)
{
	struct block_cursor cur;
	char ns[NS_MAX + 1];
	const uint8_t *doc;
	struct value id;
	struct entry e;
	uint32_t len;

	block_rewind(&cur, b);
	while (block_next(&cur, &doc, &len)) {
		if (!entry_parse(doc, len, &e, error))
			return false;
		if (e.op != ENTRY_INSERT && e.op != ENTRY_DELETE)
			return error_set(error, MM_EXIT_REFUSED, 0,
			    "a repair holds an entry that is neither i nor d");
		if (!entry_key(&e, &id, error) ||
		    !grant_map(r->o->grant, e.ns, ns, error))
			return false;
		r->docs++;
	}
	r->bytes += b->len;
	return spill_append(r->spill, b->docs, b->len, error);
}

static bool
take_end(struct repair *r, const bson_t *end, bson_error_t *error)
{
	const char *reason;

	if (!record_text(end, "reason", &reason, error) ||
	    !record_optime(end, "to", &r->to, error))
		return false;
	return strcmp(reason, "complete") == 0 ||
	    error_set(error, MM_EXIT_REFUSED, 0,
		"the repair is not whole: the comparison was stopped");
}

static bool
take_item(struct repair *r, const struct stream_item *i, bson_error_t *error)
{
	switch (i->type) {
	case RECORD_STREAM:
		return take_head(r, &i->control, error);
	case RECORD_BLOCK:
		return take_block(r, &i->block, error);
	case RECORD_END:
		return take_end(r, &i->control, error);
	default:
		return true;
	}
}

static bool
stopped(bson_error_t *error)
{
	return error_set(error, MM_EXIT_STOPPED, 0,
	    "stopped by a signal; give the same repair again");
}

static bool
read_all(struct repair *r, bson_error_t *error)
{
	struct stream_item i;
	enum stream_kind kind;
	enum stream_got got;

	while ((got = apply_input_next(
		    r->o->input, OPTIME_NULL, &i, &kind, error)) == STREAM_GOT)
		if (!take_item(r, &i, error)) {
			apply_input_where(r->o->input, error);
			return false;
		}
	if (got == STREAM_STOPPED)
		return stopped(error);
	return got == STREAM_EOF;
}

/* ---------------------------------------------------------------- writing */

static void
acked(void *arg)
{
	(void)arg;
}

static bool
put(struct repair *r, struct lanes *lanes, struct targets *targets,
    const struct buf *raw, bson_error_t *error)
{
	struct target *t;
	struct entry e;

	(void)r;
	return entry_parse(raw->data, raw->len, &e, error) &&
	    (t = targets_find(targets, e.ns, e.at, error)) &&
	    lanes_put(lanes, t, &e, true, error);
}

static bool
put_all(struct repair *r, struct lanes *lanes, bson_error_t *error)
{
	struct targets *t = targets_new(r->o->conn, r->o->grant, r->o->job);
	struct buf raw = BUF_INIT;
	uint64_t at = 0;
	uint32_t len;
	bool ok = true;

	while (ok && at < r->bytes) {
		ok = spill_read(r->spill, at, &len, sizeof len, error);
		if (!ok)
			break;
		len = BSON_UINT32_FROM_LE(len); /* was checked on its way in */
		buf_clear(&raw);
		buf_reserve(&raw, len);
		raw.len = len;
		ok = spill_read(r->spill, at, raw.data, len, error) &&
		    put(r, lanes, t, &raw, error);
		at += len;
		if (ok && sig_stopping() && !lanes_failed(lanes, NULL))
			ok = stopped(error);
	}
	ok = ok && lanes_send(lanes, error) && lanes_drain(lanes, error);
	lanes_stop(lanes);
	targets_free(t);
	buf_release(&raw);
	return ok;
}

/* Entries up to `seen` meet what is newer than they are. */
static void
set_goal(struct repair *r)
{
	r->goal = r->cp;
	r->goal.seen = optime_max(optime_max(r->cp.seen, r->cp.applied), r->to);
	/* What a repair writes stands in no journal. */
	r->goal.journal[0] = '\0';
	if (optime_cmp(r->after, r->cp.applied) >= 0)
		return;
	r->goal.applied = r->after;
	if (optime_cmp(r->read_from, r->cp.read_from) < 0)
		r->goal.read_from = r->read_from;
}

/* What a rename has moved away would be moved over again, and be lost. */
static bool
can_go_back(const struct repair *r, bson_error_t *error)
{
	char text[OPTIME_TEXT];
	struct optime at;

	return !optime_read(job_doc(r->o->job), "renamed", &at) ||
	    optime_cmp(at, r->goal.applied) <= 0 ||
	    error_set(error, MM_EXIT_REFUSED, 0,
		"a collection was renamed at %s, after the comparison began: "
		"compare again",
		optime_text(at, text));
}

static bool
write_all(struct repair *r, bson_error_t *error)
{
	struct lanes_opts o = {.server = r->o->server,
	    .job = r->o->job,
	    .workers = r->o->workers,
	    .batch_ops = r->o->batch_ops,
	    .ledger = r->trails.ledger,
	    .acked = acked};
	struct lanes *lanes;
	bson_error_t why;
	bool ok;

	status_state("repairing");
	set_goal(r);
	if (!can_go_back(r, error) || !(lanes = lanes_new(&o, error)))
		return false;
	/* What is left of an intent is done, and must not be met again. */
	ok = job_save_intent(r->o->job, &r->goal, NULL, error) &&
	    put_all(r, lanes, error);
	/* What a lane has against it says more than that it ended. */
	if (!ok && lanes_failed(lanes, &why))
		*error = why;
	lanes_free(lanes);
	return ok;
}

bool
apply_repair(const struct apply_opts *opts, bson_error_t *error)
{
	struct repair r = {.o = opts, .after = OPTIME_NULL};
	char text[OPTIME_TEXT];
	bson_error_t later;
	bool ok;

	if (opts->journal || !optime_is_null(opts->until) ||
	    opts->exit_lag_ms >= 0)
		return error_set(error, MM_EXIT_USAGE, 0,
		    "a repair takes no --journal and no option about where to "
		    "end");
	if (!job_read_checkpoint(opts->job, &r.cp))
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "job \"%s\" has no checkpoint", job_name(opts->job));
	if (intent_pending(opts->job))
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "a change of the catalog is half done: apply the log "
		    "first");
	if (!apply_trails_open(&r.trails, opts->job, opts->ledger, NULL, error))
		return false;
	r.spill = spill_open(error);
	ok = r.spill && read_all(&r, error) &&
	    (r.docs == 0 || write_all(&r, error));
	if (r.spill)
		spill_close(r.spill);
	if (!apply_trails_close(&r.trails, &later) && ok)
		ok = false, *error = later;
	if (ok && r.docs > 0)
		msg_info("repaired %" PRId64 " documents; apply the log again "
			 "from %s",
		    r.docs, optime_text(r.goal.applied, text));
	else if (ok)
		msg_info("the repair is empty");
	return ok;
}
