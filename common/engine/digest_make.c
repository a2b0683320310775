/* A range is cut where its number of documents is reached, so the bounds come
 * out of the reading itself, and the other side takes them from the stream.
 * Large collections are cut into parts first, for several readers. */
#include "engine/digest_make.h"

#include <string.h>

#include "base/msg.h"
#include "base/sig.h"
#include "base/status.h"
#include "engine/compare_plan.h"
#include "engine/crew.h"
#include "engine/digest_in.h"
#include "engine/digest_out.h"
#include "engine/digest_pairs.h"
#include "engine/digest_scan.h"

enum {
	FANOUT = 256,     /* parts that a range is cut into */
	DETAIL_DOCS = 64, /* and below this its documents are told */
	DETAIL_MAX = 1024 /* in one range, however it grew meanwhile */
};

struct make {
	const struct digest_make_opts *o;
	enum compare_which which;
	uint8_t key[DIGEST_KEY];
	struct pair_list pairs;
	struct staged_list *staged;
	struct compare_plan plan;
	struct digest_in in; /* with opts->ranges */
	struct pair **of_in; /* pairs of its collections */
	struct digest_out *out;
	struct throttle *throttle;
	atomic_size_t taken;
};

/* What one thread has. */
struct maker {
	struct make *m;
	struct compare_task task;
	struct digester *digester;
	struct digest_part part;
};

/* ---------------------------------------------------------------- reading */

static bool
tell(void *arg, const struct digest_range *r, bson_error_t *error)
{
	struct maker *t = arg;

	return digest_part_range(&t->part, r, error);
}

static bool
at_pair(struct maker *t, struct pair *p, bson_error_t *error)
{
	if (t->part.pair == p)
		return true;
	t->task.pair = p;
	digester_begin(t->digester, t->m->key, p->ns);
	return digest_part_begin(&t->part, p, error);
}

static enum compare_got
cut(struct maker *t, enum digest_order order, const struct digest_range *r,
    int64_t docs, bool detail, bson_error_t *error)
{
	struct digest_scan s = {
	    .task = &t->task,
	    .which = t->m->which,
	    .order = order,
	    .digester = t->digester,
	    .detail = detail,
	    .each = tell,
	    .arg = t,
	};

	t->task.from = r->has_from ? &r->from : NULL;
	t->task.to = r->has_to ? &r->to : NULL;
	return digest_cut(&s, docs, error);
}

static enum compare_got
make_unit(struct maker *t, const struct compare_unit *u, bson_error_t *error)
{
	struct digest_range r = {0};

	if (!pair_has_documents(u->pair))
		return COMPARE_DONE;
	r.has_from = compare_bound(u->from, &r.from);
	r.has_to = compare_bound(u->to, &r.to);
	if (!at_pair(t, u->pair, error))
		return COMPARE_FAILED;
	return cut(t, digest_pair_order(u->pair, t->m->which), &r,
	    t->m->o->range_docs, false, error);
}

static enum compare_got
make_units(struct maker *t, const atomic_bool *abort, bson_error_t *error)
{
	struct make *m = t->m;
	enum compare_got got = COMPARE_DONE;

	while (got == COMPARE_DONE && !atomic_load(abort)) {
		size_t i = atomic_fetch_add(&m->taken, 1);

		if (i >= m->plan.n)
			break;
		got = make_unit(t, &m->plan.unit[i], error);
	}
	return got;
}

/* One range in more detail. A collection that is one range has no more. */
static enum compare_got
refine(struct maker *t, enum digest_order order, const struct digest_range *r,
    bson_error_t *error)
{
	int64_t docs = r->sum.docs / FANOUT;

	if (order != DIGEST_BY_ID)
		return cut(t, order, r, 0, false, error);
	if (r->sum.docs <= DETAIL_DOCS)
		return cut(t, order, r, DETAIL_MAX, true, error);
	return cut(
	    t, order, r, docs < DETAIL_DOCS ? DETAIL_DOCS : docs, false, error);
}

static enum compare_got
refine_block(
    struct maker *t, size_t coll, const struct buf *docs, bson_error_t *error)
{
	enum compare_got got = COMPARE_DONE;
	struct digest_range r;
	size_t at = 0;
	int more;

	if (!at_pair(t, t->m->of_in[coll], error))
		return COMPARE_FAILED;
	while (got == COMPARE_DONE &&
	    (more = digest_in_range(docs, &at, &r, error)) != 0)
		got = more < 0
		    ? COMPARE_FAILED
		    : refine(t, t->m->in.coll[coll].order, &r, error);
	return got;
}

static enum compare_got
refine_all(struct maker *t, const atomic_bool *abort, bson_error_t *error)
{
	struct buf docs = BUF_INIT;
	enum compare_got got = COMPARE_DONE;
	size_t coll;
	int more;

	while (got == COMPARE_DONE && !atomic_load(abort) &&
	    (more = digest_in_block(&t->m->in, &docs, &coll, error)) != 0)
		got = more < 0 ? COMPARE_FAILED
		    : more > 1 ? COMPARE_STOPPED
			       : refine_block(t, coll, &docs, error);
	buf_release(&docs);
	return got;
}

static enum compare_got
work(void *arg, const atomic_bool *abort, bson_error_t *error)
{
	struct make *m = arg;
	struct maker t = {.m = m, .part.out = m->out};
	struct conn *c = conn_open(m->o->server, error);
	enum compare_got got = COMPARE_FAILED;

	t.task = (struct compare_task){
	    .source = c, .target = c, .abort = abort, .throttle = m->throttle};
	t.digester = digester_new();
	if (c)
		got = m->o->ranges ? refine_all(&t, abort, error)
				   : make_units(&t, abort, error);
	if (got == COMPARE_DONE && !digest_part_flush(&t.part, error))
		got = COMPARE_FAILED;
	digester_free(t.digester);
	digest_part_release(&t.part);
	if (c)
		conn_close(c);
	return got;
}

/* --------------------------------------------------------------- planning */

static bool
open_stream(struct make *m, struct conn *c, bson_error_t *error)
{
	bool source = m->which == COMPARE_SOURCE;
	bson_t head = BSON_INITIALIZER, filters;
	struct optime from;
	bson_error_t ignored;

	if (m->o->job)
		BSON_APPEND_UTF8(&head, "job", m->o->job);
	server_append(m->o->server, "source", &head);
	BSON_APPEND_DOCUMENT_BEGIN(&head, "filters", &filters);
	ns_rules_append(m->o->rules, &filters);
	bson_append_document_end(&head, &filters);
	BSON_APPEND_UTF8(&head, "side", source ? "source" : "target");
	BSON_APPEND_UTF8(&head, "hash", "blake2b");
	BSON_APPEND_BINARY(
	    &head, "key", BSON_SUBTYPE_BINARY, m->key, sizeof m->key);
	if (m->o->ranges)
		BSON_APPEND_BOOL(&head, "partial", true);
	if (conn_positions(c, &from, NULL, &ignored))
		optime_append(&head, "from", from);
	m->out = digest_out_new(&m->o->out, &head, error);
	bson_destroy(&head);
	return m->out;
}

static bool
announce(struct make *m, struct pair *p, bson_error_t *error)
{
	const struct coll *coll =
	    m->which == COMPARE_SOURCE ? p->source : p->target;
	bson_t staged = BSON_INITIALIZER;
	bool ok;

	if (m->staged)
		staged_append(m->staged, p->target_ns, &staged);
	ok = digest_out_coll(m->out, p, digest_pair_order(p, m->which), coll,
	    m->staged ? &staged : NULL, error);
	bson_destroy(&staged);
	return ok;
}

static bool
plan_all(struct make *m, struct conn *c, bson_error_t *error)
{
	for (size_t i = 0; i < m->pairs.n; i++) {
		struct pair *p = &m->pairs.item[i];

		if (!announce(m, p, error))
			return false;
		if (digest_pair_order(p, m->which) != DIGEST_BY_ID)
			compare_plan_add_range(&m->plan, p, NULL, NULL, true);
		else if (!compare_plan_add(
			     &m->plan, p, c, c, m->o->partition_bytes, error))
			return false;
	}
	return true;
}

/* The pairs of the stream that says what is wanted. */
static bool
plan_ranges(struct make *m, bson_error_t *error)
{
	memcpy(m->key, m->in.key, sizeof m->key);
	m->of_in = bson_malloc0((m->in.n + 1) * sizeof *m->of_in);
	for (size_t i = 0; i < m->in.n; i++) {
		struct digest_coll *coll = &m->in.coll[i];
		struct pair *p = digest_pair_of(&m->pairs, coll);

		if (!p)
			return error_set(error, MM_EXIT_REFUSED, 0,
			    "\"%s\" is not there any more", coll->ns);
		m->of_in[i] = p;
		if (!digest_out_coll(m->out, p, coll->order, NULL, NULL, error))
			return false;
	}
	return true;
}

static bool
plan(struct make *m, struct conn *c, bson_error_t *error)
{
	bool source = m->which == COMPARE_SOURCE;

	if (m->o->ranges) {
		if (!digest_in_open(&m->in, m->o->ranges, error) ||
		    !digest_in_check(&m->in, m->o->rules,
			source ? SIDE_SOURCE : SIDE_TARGET, error))
			return false;
		memcpy(m->key, m->in.key, sizeof m->key);
	} else if (!digest_new_key(m->key)) {
		return error_set(
		    error, MM_EXIT_INTERNAL, 0, "no random key to be had");
	}
	if (!pair_list_read(&m->pairs, source ? c : NULL, source ? NULL : c,
		m->o->flags, m->o->rules, error) ||
	    (!source && !m->o->ranges &&
		!(m->staged =
			digest_staged(c, m->o->job, m->o->rules, error))) ||
	    !open_stream(m, c, error))
		return false;
	if (m->pairs.n == 0)
		msg_warn("nothing is selected: no collection matches");
	return m->o->ranges ? plan_ranges(m, error) : plan_all(m, c, error);
}

static enum compare_got
run(struct make *m, bson_error_t *error)
{
	struct conn *c = conn_open(m->o->server, error);
	enum compare_got got = COMPARE_FAILED;
	struct optime to = OPTIME_NULL;
	bson_error_t ignored;

	status_state("connecting");
	if (c && plan(m, c, error)) {
		status_state("digesting");
		got = crew_run((size_t)m->o->workers, work, m, error);
	}
	if (got == COMPARE_FAILED && sig_stopping())
		got = COMPARE_STOPPED;
	if (got == COMPARE_DONE && !conn_positions(c, &to, NULL, &ignored))
		to = OPTIME_NULL;
	if (got == COMPARE_DONE &&
	    !digest_out_end(m->out, !m->o->ranges, to, error))
		got = COMPARE_FAILED;
	if (c)
		conn_close(c);
	return got;
}

enum compare_got
digest_make(const struct digest_make_opts *opts, bson_error_t *error)
{
	struct make m = {.o = opts};
	enum compare_got got;

	m.which = server_side(opts->server) == SIDE_SOURCE ? COMPARE_SOURCE
							   : COMPARE_TARGET;
	m.throttle = throttle_new(opts->rate);
	atomic_init(&m.taken, 0);
	got = run(&m, error);
	if (!digest_in_close(&m.in, got == COMPARE_DONE ? error : NULL) &&
	    got == COMPARE_DONE)
		got = COMPARE_FAILED;
	digest_out_free(m.out);
	compare_plan_release(&m.plan);
	staged_free(m.staged);
	pair_list_release(&m.pairs);
	throttle_free(m.throttle);
	bson_free(m.of_in);
	return got;
}
