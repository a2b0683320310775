#include "engine/switch_red.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "engine/status_table.h"
#include "engine/switch_ready.h"
#include "engine/switch_red_work.h"
#include "engine/verify_applied.h"
#include "mongo/catalog.h"
#include "mongo/members.h"
#include "mongo/ops.h"

void
red_add(struct red_lines *out, const char *what, const char *format, ...)
{
	struct red_line *l;
	va_list ap;

	if (out->n == RED_LINES)
		return;
	l = &out->item[out->n++];
	l->what = what;
	va_start(ap, format);
	vsnprintf(l->detail, sizeof l->detail, format, ap);
	va_end(ap);
}

struct red *
red_new(const struct red_opts *o)
{
	struct red *r = bson_malloc0(sizeof *r);

	r->o = *o;
	return r;
}

void
red_free(struct red *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++)
		bson_free(r->coll[i].ns);
	bson_free(r->coll);
	bson_free(r);
}

/* -------------------------------------------------------------- operations */

static bool
is_selected(const void *rules, const char *ns)
{
	return ns_selected(rules, ns);
}

static void
operations(struct red *r, struct red_lines *out)
{
	struct ops_scope scope = {is_selected, r->o.rules, "mm-"};
	char text[RED_TEXT] = "";
	bson_t names = BSON_INITIALIZER;
	bson_error_t why;
	bson_iter_t it;

	if (!ops_by_app(r->o.source, &scope, &names, &why)) {
		red_add(out, "unknown", "%s", why.message);
	} else if (bson_iter_init(&it, &names)) {
		while (bson_iter_next(&it)) {
			size_t used = strlen(text);

			snprintf(text + used, sizeof text - used,
			    "%s%" PRId64 " of \"%s\"", used ? ", " : "",
			    bson_iter_int64(&it), bson_iter_key(&it));
		}
		if (*text)
			red_add(out, "old-operations", "%s", text);
	}
	bson_destroy(&names);
}

/* ---------------------------------------------------------------- counters */

static bool
list(struct red *r, bson_error_t *error)
{
	struct coll_list colls;

	if (!catalog_list(r->o.source, r->o.rules, false, &colls, error))
		return false;
	r->coll = bson_malloc0((colls.n + 1) * sizeof *r->coll);
	for (size_t i = 0; i < colls.n; i++)
		if (colls.item[i].type != COLL_VIEW)
			r->coll[r->n++].ns = bson_strdup(colls.item[i].ns);
	coll_list_release(&colls);
	r->listed = true;
	return true;
}

/* How much one question itself moves the counter of reads: 0 or 1. */
static int64_t
own_cost(struct red *r, const char *ns, int64_t before)
{
	int64_t reads, writes;
	bson_error_t why;

	if (ops_counted(r->o.source, ns, &reads, &writes, &why) <= 0)
		return 1;
	return reads > before ? 1 : 0;
}

/* ours: programs of ours read or write there. */
static bool
count_one(struct red *r, struct red_coll *c, bool reads_ours, bool writes_ours,
    struct red_lines *out)
{
	int64_t reads, writes, moved;
	bson_error_t why;
	int got = ops_counted(r->o.source, c->ns, &reads, &writes, &why);

	if (got < 0) {
		red_add(out, "unknown", "%s", why.message);
		return false;
	}
	if (got > 0 && !c->known) {
		c->own = own_cost(r, c->ns, reads);
		reads += c->own;
	} else if (got > 0) {
		moved = reads - c->reads - c->own;
		if (moved > 0 && !reads_ours)
			red_add(out, "old-reads",
			    "%" PRId64 " of \"%s\" since the last look", moved,
			    c->ns);
		moved = writes - c->writes;
		if (moved > 0 && !writes_ours)
			red_add(out, "old-writes",
			    "%" PRId64 " to \"%s\" since the last look", moved,
			    c->ns);
	}
	c->known = got > 0;
	c->reads = reads;
	c->writes = writes;
	return true;
}

/* A hundred at a time: each is a question of its own. */
static void
counters(struct red *r, bool applied, struct red_lines *out)
{
	bool reading = applied || r->o.diff_status;
	bson_error_t why;

	if (!r->listed && !list(r, &why)) {
		red_add(out, "unknown", "%s", why.message);
		return;
	}
	for (size_t i = 0; i < RED_AT_ONCE && i < r->n; i++) {
		if (!count_one(r, &r->coll[r->next], reading, applied, out))
			return;
		r->next = (r->next + 1) % r->n;
	}
}

/* ------------------------------------------------------------- the way back */

static void
behind(struct red *r, struct optime applied, struct red_lines *out)
{
	struct optime newest;
	bson_error_t why;
	int64_t ms;

	if (!conn_positions(r->o.target, &newest, NULL, &why)) {
		red_add(out, "unknown", "%s", why.message);
		return;
	}
	ms = ((int64_t)newest.secs - applied.secs) * 1000;
	if (optime_cmp(applied, newest) < 0 && ms > r->o.max_lag_ms)
		red_add(out, "back-lag", "%" PRId64 " s", ms / 1000);
}

/* A log that has not lost anything yet begins with the set itself. */
static void
window(struct red *r, struct optime applied, struct red_lines *out)
{
	struct optime oldest;
	bson_error_t why;
	int64_t left;
	bool first;

	if (!members_oldest(r->o.target, &oldest, &first, &why)) {
		red_add(out, "unknown", "%s", why.message);
		return;
	}
	left = (int64_t)applied.secs - oldest.secs;
	if (optime_cmp(applied, oldest) < 0)
		red_add(out, "window", "the position is lost");
	else if (!first && left * 1000 < r->o.min_window_ms)
		red_add(out, "window", "%" PRId64 " s left", left);
}

static void
ledger(const struct red *r, struct red_lines *out)
{
	struct status_view v;
	double n;

	if (!r->o.back_status || !status_file_read(r->o.back_status, &v, NULL))
		return;
	if (status_view_number(&v, "ledger", &n) && n > 0)
		red_add(out, "back-ledger", "%.0f operations", n);
	status_view_release(&v);
}

/* Whether it has applied something since the last look. */
static bool
way_back(struct red *r, struct red_lines *out)
{
	bson_error_t why = {0};
	struct applied a = {0};
	bool held = false, moved;
	bson_t doc;
	int got = job_peek(r->o.source, r->o.back_job, &doc, &why);

	if (got > 0 && !job_held(r->o.source, &doc, &held, &why))
		got = -1;
	bson_destroy(&doc);
	if (got > 0)
		got = applied_read(r->o.source, r->o.back_job, &a, &why);
	if (got < 0) {
		red_add(out, "unknown", "%s", why.message);
		return true;
	}
	if (got == 0 || !held)
		red_add(out, "back-stopped", "%s",
		    got == 0 ? "there is no job of it" : "nobody applies");
	if (got == 0)
		return false;
	ledger(r, out);
	behind(r, a.cp.applied, out);
	window(r, a.cp.applied, out);
	moved = optime_cmp(a.cp.applied, r->applied) != 0;
	r->applied = a.cp.applied;
	return moved;
}

/* --------------------------------------------------------------------- all */

static void
compared(const struct red *r, struct red_lines *out)
{
	struct ready_opts o = {
	    .diff_status = r->o.diff_status, .selection = r->o.selection};
	bson_error_t why = {0};

	if (o.diff_status && ready_compared(&o, NULL, &why) != READY_YES)
		red_add(out, "diff", "%s", why.message);
}

static void
members(const struct red *r, struct red_lines *out)
{
	char text[RED_TEXT];
	bson_error_t why;

	if (!members_behind(
		r->o.target, r->o.max_lag_ms, text, sizeof text, &why))
		red_add(out, "unknown", "%s", why.message);
	else if (*text)
		red_add(out, "target-lag", "%s", text);
}

void
red_look(struct red *r, struct red_lines *out)
{
	bool applied;

	out->n = 0;
	operations(r, out);
	applied = way_back(r, out);
	if (r->o.counters)
		counters(r, applied, out);
	members(r, out);
	compared(r, out);
}
