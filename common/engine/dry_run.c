#include "engine/dry_run.h"

#include <inttypes.h>
#include <string.h>

#include "base/doc.h"
#include "base/sig.h"
#include "engine/apply_job.h"
#include "engine/apply_uuid.h"
#include "engine/apply_walk.h"
#include "engine/lane_doc.h"
#include "io/fdio.h"
#include "model/ddl.h"
#include "mongo/job_part.h"

enum kind { ENTRY, UPDATE, SELECTION, CATALOG, TRANSACTION, KINDS };

static const char *const kind_text[KINDS] = {
    "entry", "update", "selection", "catalog", "transaction"};

struct dry {
	const struct dry_run_opts *o;
	bson_t job; /* empty: none */
	struct apply_walk walk;
	struct apply_ddl *ddl;
	struct apply_uuids *uuids;
	struct buf out, spare;
	int64_t entries, refused[KINDS], skipped;
};

/* ------------------------------------------------------------------ lines */

static void
text(struct buf *out, const char *s)
{
	for (; *s; s++)
		buf_add_byte(
		    out, (uint8_t)*s < ' ' ? (uint8_t)'?' : (uint8_t)*s);
}

static void
line(struct dry *d, struct optime at, const char *ns, const char *what,
    const char *why)
{
	char position[OPTIME_TEXT];

	text(&d->out, optime_text(at, position));
	buf_add_byte(&d->out, '\t');
	text(&d->out, ns && *ns ? ns : "-");
	buf_add_byte(&d->out, '\t');
	text(&d->out, what);
	buf_add_byte(&d->out, '\t');
	text(&d->out, why);
	buf_add_byte(&d->out, '\n');
}

static void
refuse(struct dry *d, const struct entry *e, enum kind kind,
    const bson_error_t *why)
{
	d->refused[kind]++;
	line(d, e->at, e->ns, "refused", why->message);
}

/* Something that may be no entry at all. */
static void
refuse_raw(
    struct dry *d, const bson_t *doc, enum kind kind, const bson_error_t *why)
{
	struct optime at = OPTIME_NULL;
	const char *ns = doc_text(doc, "ns");

	optime_of(doc, &at);
	d->refused[kind]++;
	line(d, at, ns, "refused", why->message);
}

static bool
flush(struct dry *d, bson_error_t *error)
{
	bool ok = fdio_write_all(
	    d->o->fd, d->o->name, d->out.data, d->out.len, error);

	buf_clear(&d->out);
	return ok;
}

static int64_t
all_refused(const struct dry *d)
{
	int64_t n = 0;

	for (int k = 0; k < KINDS; k++)
		n += d->refused[k];
	return n;
}

static void
summary(struct dry *d)
{
	char *s = bson_strdup_printf("%" PRId64 " entries, %" PRId64 " refused",
		 d->entries, all_refused(d)),
	     *longer;
	bool first = true;

	for (int k = 0; k < KINDS; k++) {
		if (d->refused[k] == 0)
			continue;
		longer = bson_strdup_printf("%s%s%s %" PRId64, s,
		    first ? " (" : ", ", kind_text[k], d->refused[k]);
		bson_free(s);
		s = longer;
		first = false;
	}
	longer = bson_strdup_printf(
	    "%s%s, %" PRId64 " skipped", s, first ? "" : ")", d->skipped);
	text(&d->out, longer);
	buf_add_byte(&d->out, '\n');
	bson_free(longer);
	bson_free(s);
}

/* ---------------------------------------------------------------- entries */

/* A delta is tried on a document that holds nothing but the _id. */
static bool
try_update(struct dry *d, const struct entry *e, bson_error_t *error)
{
	bson_t pre = BSON_INITIALIZER;
	enum entry_effect effect;
	bson_iter_t it;
	bool ok,
	    has = e->op == ENTRY_UPDATE &&
	    bson_iter_init_find(&it, &e->o2, "_id") &&
	    bson_append_iter(&pre, "_id", 3, &it);

	buf_clear(&d->spare);
	ok = entry_apply(e, has ? &pre : NULL, &d->spare, &effect, NULL, error);
	bson_destroy(&pre);
	return ok &&
	    (d->spare.len <= LANE_DOC_MAX ||
		error_set(error, MM_EXIT_REFUSED, 0,
		    "the document would exceed 16 MiB"));
}

static void
data(struct dry *d, const struct entry *e)
{
	char name[NS_MAX + 1];
	struct value id;
	bson_error_t why;

	if (!apply_uuids_check(d->uuids, e, &why))
		refuse(d, e, CATALOG, &why);
	else if (!grant_map(d->o->plan->grant, e->ns, name, &why))
		refuse(d, e, SELECTION, &why);
	else if (!entry_key(e, &id, &why))
		refuse(d, e, ENTRY, &why);
	else if (!try_update(d, e, &why))
		refuse(d, e, UPDATE, &why);
}

static void
catalog(struct dry *d, const struct entry *e)
{
	const char *ns, *to;
	char skipped[400];
	bson_error_t why;

	if (!apply_ddl_judge(d->ddl, e, skipped, sizeof skipped, &why)) {
		refuse(d, e, CATALOG, &why);
	} else if (skipped[0]) {
		d->skipped++;
		line(d, e->at, e->ns, "skipped", skipped);
	}
	apply_ddl_names(d->ddl, &ns, &to);
	apply_uuids_forget(d->uuids, ns);
	apply_uuids_forget(d->uuids, to);
}

static bool
entry(void *arg, const struct entry *e, bson_error_t *error)
{
	struct dry *d = arg;

	(void)error;
	d->entries++;
	if (ddl_is(e))
		catalog(d, e);
	else
		data(d, e);
	return true;
}

static void
behind(void *arg, const struct entry *e)
{
	struct dry *d = arg;

	apply_uuids_note(d->uuids, e);
}

static bool
bad(void *arg, const uint8_t *bytes, uint32_t len, bson_error_t *error)
{
	struct dry *d = arg;
	bson_t doc;

	if (error_status(error) != MM_EXIT_REFUSED ||
	    !bson_init_static(&doc, bytes, len))
		return false;
	d->entries++;
	refuse_raw(d, &doc, ENTRY, error);
	return true;
}

/* ------------------------------------------------------------------- walk */

static bool
begin(void *arg, enum stream_kind kind, const bson_t *head, bson_error_t *error)
{
	struct dry *d = arg;
	bson_t filters;
	struct grant *g;
	bool ok;

	if (!record_doc(head, "filters", &filters, error) ||
	    !(g = grant_new(&ns_flags, &filters, error)))
		return false;
	ok = apply_job_check(&d->job, kind, head, g, error);
	grant_free(g);
	if (ok && optime_is_null(d->walk.reached.at))
		ok = record_optime(head, "after", &d->walk.reached.at, error);
	return ok;
}

static void
seen(void *arg, struct optime at)
{
	(void)arg;
	(void)at;
}

static bool
left(void *arg, const struct entry *e, bool whole, bson_error_t *error)
{
	(void)arg;
	(void)e;
	(void)whole;
	(void)error;
	return true;
}

static bool
write_out(void *arg, bson_error_t *error)
{
	return flush(arg, error);
}

static const struct apply_walk_ops ops = {.begin = begin,
    .seen = seen,
    .entry = entry,
    .behind = behind,
    .left = left,
    .bad = bad,
    .pause = write_out};

/* An error that is about one of plain entries is a line like others. */
static bool
absorb(struct dry *d, const bson_error_t *error)
{
	enum mm_exit status = error_status(error);
	bson_t doc;

	if (!apply_input_entry(d->o->plan->input, &doc) ||
	    (status != MM_EXIT_REFUSED && status != MM_EXIT_POSITION))
		return false;
	d->entries++;
	refuse_raw(
	    d, &doc, status == MM_EXIT_REFUSED ? ENTRY : TRANSACTION, error);
	return true;
}

static bool
walk(struct dry *d, bson_error_t *error)
{
	struct apply_input *input = d->o->plan->input;
	struct stream_item i;
	enum stream_kind kind;
	enum stream_got got;

	while (!d->walk.done && !sig_stopping()) {
		got = apply_input_next(
		    input, d->walk.reached.at, &i, &kind, error);
		if (got == STREAM_ERROR && absorb(d, error))
			continue;
		if (got != STREAM_GOT)
			return got != STREAM_ERROR;
		if (!apply_walk_item(&d->walk, &i, kind, error)) {
			apply_input_where(input, error);
			return false;
		}
	}
	return true;
}

/* What the target says: the job must be there, and one that can be applied to;
 * it tells where to begin. */
static bool
ask_target(struct dry *d, struct optime *to, bson_error_t *error)
{
	struct apply_plan *p = d->o->plan;
	struct job_checkpoint cp;
	bson_t doc;
	int got;

	if (!apply_plan_find(p, d->o->conn, error))
		return false;
	got = job_peek(d->o->conn, p->name, &doc, error);
	if (got > 0)
		bson_concat(&d->job, &doc);
	bson_destroy(&doc);
	if (got < 0 || !job_doc_whole(&d->job, error))
		return false;
	if (got == 0 && !optime_is_null(p->copy.to))
		return true;
	if (got == 0 || !job_doc_checkpoint(&d->job, &cp))
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "cannot apply to job \"%s\": nothing was loaded for it",
		    p->name);
	if (job_doc_phase(&d->job) == JOB_SWITCHED)
		return error_set(error, MM_EXIT_REFUSED, 0,
		    "cannot apply to job \"%s\": it was switched", p->name);
	d->walk.reached.at = cp.applied;
	optime_read(&d->job, "to", to);
	return true;
}

bool
dry_run(const struct dry_run_opts *opts, bool *refused, bson_error_t *error)
{
	struct dry d = {.o = opts, .job = BSON_INITIALIZER};
	struct optime to = opts->plan->copy.to;
	bool ok;

	d.walk.ops = &ops;
	d.walk.arg = &d;
	d.walk.until = opts->until;
	d.walk.reached.at = d.walk.reached.read_from = OPTIME_NULL;
	if (!optime_is_null(opts->plan->copy.to))
		d.walk.reached.at = opts->plan->copy.from;
	ok = !opts->conn || ask_target(&d, &to, error);
	d.ddl = apply_ddl_new(&(struct apply_ddl_opts){
	    .grant = opts->plan->grant, .mode = opts->ddl, .to = to});
	d.uuids = apply_uuids_new();
	ok = ok && walk(&d, error);
	if (ok)
		summary(&d);
	ok = flush(&d, ok ? error : NULL) && ok;
	*refused = all_refused(&d) > 0;
	apply_ddl_free(d.ddl);
	apply_uuids_free(d.uuids);
	buf_release(&d.out);
	buf_release(&d.spare);
	bson_destroy(&d.job);
	return ok;
}
