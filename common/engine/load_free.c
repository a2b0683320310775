/* The collections of the load before are dropped when a load begins. A write
 * which that load had sent when it was killed may arrive after that, and make
 * the collection again: so what the job owned is looked at once more, and
 * dropped once more, when the stream comes to it. */
#include "engine/load_free.h"

#include <string.h>

#include "base/msg.h"
#include "engine/owners.h"
#include "mongo/cursor.h"

struct load_free {
	struct conn *conn;
	struct job *job;
	struct owners *others; /* read with the first collection */
	enum standing_how how;
	bool resuming;
};

struct load_free *
load_free_new(
    struct conn *c, struct job *j, enum standing_how how, bool resuming)
{
	struct load_free *f = bson_malloc0(sizeof *f);

	f->conn = c;
	f->job = j;
	f->how = how;
	f->resuming = resuming;
	return f;
}

void
load_free_end(struct load_free *f)
{
	owners_free(f->others);
	bson_free(f);
}

static bool
foreign(const struct load_coll *lc, const char *why, bson_error_t *error)
{
	return error_set(error, MM_EXIT_REFUSED, 0,
	    "namespace \"%s\" on the target %s, which this job did not put "
	    "there",
	    lc->ns, why);
}

/* Documents of others are there, and may be. */
static bool
may_keep(struct load_free *f, struct load_coll *lc, bson_error_t *error)
{
	struct optime now = OPTIME_NULL, then;

	if (lc->capped)
		return foreign(lc, "is capped and holds data", error);
	optime_read(job_doc(f->job), "from", &now);
	/* Older documents of its own would be taken for those of others. */
	if (f->how == STANDING_SKIP && !lc->resumed &&
	    job_kept(f->job, lc->ns, &then) && !optime_same(now, then))
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "namespace \"%s\" on the target holds documents of an "
		    "earlier snapshot that this job has loaded: they cannot be "
		    "left as they are",
		    lc->ns);
	lc->kept = true;
	return true;
}

static bool
is_alike(struct load_free *f, struct load_coll *lc, const struct coll *have,
    bson_error_t *error)
{
	bool others = !lc->ours || job_kept(f->job, lc->ns, NULL);
	struct cursor_opts one = {
	    .db = have->db, .coll = have->name, .read_concern = "local"};
	bson_t doc;
	int got;

	if (have->type == COLL_VIEW || lc->view)
		return foreign(lc, "exists", error);
	got = cursor_one(f->conn, &one, &doc, error);
	bson_destroy(&doc);
	if (got < 0)
		return false;
	if (others && f->how != STANDING_ERROR &&
	    (got > 0 || bson_count_keys(&have->indexes) > 1)) {
		if (!may_keep(f, lc, error))
			return false;
	} else if (got > 0) {
		return foreign(lc, "holds data", error);
	} else if (bson_count_keys(&have->indexes) > 1) {
		return foreign(lc, "has indexes", error);
	}
	return options_same(&have->options, lc->options, NULL) ||
	    foreign(lc, "has other options", error);
}

static void
note_ours(void *arg, const char *ns)
{
	struct load_coll *lc = arg;

	if (strcmp(ns, lc->ns) == 0)
		lc->ours = true;
}

/* 1 it may stay, 0 it is to be dropped, -1. */
static int
look(struct load_free *f, struct load_coll *lc, bson_error_t *error)
{
	bson_error_t why = {0};
	struct coll have;
	int got = catalog_one(f->conn, lc->ns, &have, &why);

	if (got >= 0)
		got = got == 0 || is_alike(f, lc, &have, &why) ? 1 : -1;
	coll_release(&have);
	if (got < 0 && lc->ours && !job_kept(f->job, lc->ns, NULL) &&
	    error_status(&why) == MM_EXIT_REFUSED && why.code == 0)
		return 0;
	if (got < 0)
		*error = why;
	return got;
}

static bool
check_resumed(struct load_free *f, struct load_coll *lc, bson_error_t *error)
{
	int got =
	    f->resuming && lc->ours ? catalog_has(f->conn, lc->ns, error) : 0;

	if (got == 0)
		error_set(error, MM_EXIT_REFUSED, 0,
		    "the stream goes on with \"%s\", of which this job has "
		    "nothing on the target",
		    lc->ns);
	if (got <= 0)
		return false;
	lc->kept = job_kept(f->job, lc->ns, NULL);
	return !lc->kept || f->how != STANDING_ERROR ||
	    foreign(lc, "held data before", error);
}

bool
load_free_check(struct load_free *f, struct load_coll *lc, bson_error_t *error)
{
	const char *other;
	int got;

	if (!f->others)
		f->others = owners_read(f->conn, job_name(f->job), error);
	if (!f->others)
		return false;
	other = owners_of(f->others, lc->ns);
	if (other)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "namespace \"%s\" on the target belongs to job \"%s\", "
		    "of another source, selection or mapping (\"mm-switch "
		    "cleanup\" gives a job up)",
		    lc->ns, other);
	if (!lc->checked)
		job_each_owned(f->job, note_ours, lc);
	lc->checked = true;
	if (lc->resumed)
		return check_resumed(f, lc, error);
	got = look(f, lc, error);
	if (got)
		return got > 0;
	msg_info(f->resuming
		? "\"%s\": dropped, it is loaded from its start again"
		: "\"%s\": dropped again: a write of the load before came late",
	    lc->ns);
	return catalog_drop(f->conn, lc->ns, error);
}
