/* Generation 0: everything is read once, and what is unequal goes into the
 * queue. Nothing is waited for, and nothing is told. */
#include <string.h>

#include "base/clock.h"
#include "base/status.h"
#include "engine/verify_work.h"
#include "model/docid.h"

struct scanner {
	struct verify *v;
	struct pair pair; /* as it is while it is read */
	uint32_t ns;
	struct optime since;
};

static bool
found(void *arg, enum diff_class class, const bson_t *source,
    const bson_t *target, bson_error_t *error)
{
	struct scanner *s = arg;
	struct value id;

	(void)class;
	return docid_of(source ? source : target, &id, error) &&
	    keys_add(s->v->keys, s->ns, &id, s->since, KEY_SCAN, error);
}

static void
add_tally(struct tally *to, const struct tally *more)
{
	atomic_fetch_add(&to->source_docs, atomic_load(&more->source_docs));
	atomic_fetch_add(&to->source_bytes, atomic_load(&more->source_bytes));
	atomic_fetch_add(&to->target_docs, atomic_load(&more->target_docs));
	atomic_fetch_add(&to->target_bytes, atomic_load(&more->target_bytes));
}

static bool
is_there(struct conn *c, const char *ns, const struct coll *was, bool *same,
    bson_error_t *error)
{
	struct coll now;
	int got = catalog_one(c, ns, &now, error);

	if (got < 0)
		return false;
	*same = (got == 1) == (was != NULL);
	if (got == 1) {
		*same = *same && now.has_uuid == was->has_uuid &&
		    memcmp(now.uuid, was->uuid, sizeof now.uuid) == 0;
		coll_release(&now);
	}
	return true;
}

/* Reading failed: because the collection went away? Then the catalog is to be
 * looked at, and what is there now is read. */
static bool
went_away(struct scanner *s, struct compare_task *task, bson_error_t *error)
{
	bson_error_t why;
	bool same[2];

	if (error_status(error) == MM_EXIT_IO)
		return false;
	if (!is_there(
		task->source, s->pair.ns, s->pair.source, &same[0], &why) ||
	    !is_there(task->target, s->pair.target_ns, s->pair.target, &same[1],
		&why) ||
	    (same[0] && same[1]))
		return false;
	atomic_store(&s->v->recatalog, true);
	return true;
}

static bool
scan_unit(struct scanner *s, const struct compare_unit *u,
    struct compare_task *task, bson_error_t *error)
{
	struct vpair *p = (struct vpair *)u->pair;
	struct catalog_view *view = view_hold(s->v, p, &s->pair);
	struct compare_unit unit = *u;
	enum compare_got got;

	if (!view)
		return true; /* gone */
	unit.pair = &s->pair;
	s->ns = p->ns;
	got = compare_unit_run(&unit, task, s->v->o->by_lookup, error);
	add_tally(&p->pair.tally, &s->pair.tally);
	if (got == COMPARE_FAILED && went_away(s, task, error))
		got = COMPARE_DONE;
	view_drop(s->v, view);
	return got != COMPARE_FAILED;
}

/* False: nothing is left to take. */
static bool
next_unit(
    struct verify *v, size_t *at, struct compare_unit *u, struct optime *since)
{
	bool any;

	pthread_mutex_lock(&v->lock);
	while (v->taken < v->plan.n &&
	    (v->unit_done[v->taken] || v->unit_gone[v->taken]))
		v->taken++;
	any = v->taken < v->plan.n;
	if (any) {
		*at = v->taken++;
		*u = v->plan.unit[*at];
		*since = v->scan_since;
	}
	pthread_mutex_unlock(&v->lock);
	return any;
}

static void
unit_done(struct verify *v, size_t at, struct compare_unit *u)
{
	if (atomic_fetch_sub(&u->pair->units, 1) == 1)
		status_add("collections", 1);
	atomic_store(&v->decided_ms, clock_ms());
	pthread_mutex_lock(&v->lock);
	v->unit_done[at] = true;
	pthread_mutex_unlock(&v->lock);
	atomic_fetch_sub(&v->left, 1);
}

void *
verify_scan(void *arg)
{
	struct scanner s = {.v = arg};
	struct compare_task task = {.found = found,
	    .arg = &s,
	    .abort = &s.v->abort,
	    .throttle = s.v->throttle};
	struct compare_unit u;
	bson_error_t error = {0};
	size_t at;
	bool ok;

	task.source = conn_open(s.v->o->source, &error);
	if (task.source)
		task.target = conn_open(s.v->o->target, &error);
	ok = task.target != NULL;
	while (ok && !verify_ending(s.v) && next_unit(s.v, &at, &u, &s.since)) {
		ok = scan_unit(&s, &u, &task, &error);
		if (ok && !verify_ending(s.v))
			unit_done(s.v, at, &u);
	}
	if (!ok)
		verify_fail(s.v, &error);
	if (task.target)
		conn_close(task.target);
	if (task.source)
		conn_close(task.source);
	return NULL;
}

/* With the lock held: what was planned and is not counted yet. */
static void
count_planned(struct verify *v)
{
	size_t more = v->plan.n - v->planned;

	v->unit_done =
	    bson_realloc(v->unit_done, (v->plan.n + 1) * sizeof(bool));
	v->unit_gone =
	    bson_realloc(v->unit_gone, (v->plan.n + 1) * sizeof(bool));
	memset(v->unit_done + v->planned, 0, more * sizeof(bool));
	memset(v->unit_gone + v->planned, 0, more * sizeof(bool));
	v->planned = v->plan.n;
	atomic_fetch_add(&v->left, more);
}

bool
verify_scan_add(struct verify *v, struct vpair *p, struct conn *source,
    struct conn *target, bson_error_t *error)
{
	struct compare_plan more = {0};
	bool ok;

	if (p->capped) {
		verify_dirty(v, p->ns, v->scan_since);
		return true;
	}
	ok = compare_plan_add(
	    &more, &p->pair, source, target, v->o->partition_bytes, error);
	pthread_mutex_lock(&v->lock);
	for (size_t i = 0; i < v->plan.n; i++)
		if (v->plan.unit[i].pair == &p->pair)
			v->unit_gone[i] = true;
	compare_plan_join(&v->plan, &more);
	count_planned(v);
	pthread_mutex_unlock(&v->lock);
	return ok;
}

void
verify_scan_range(struct verify *v, struct vpair *p, const bson_t *from,
    const bson_t *to, bool first, bool done)
{
	pthread_mutex_lock(&v->lock);
	compare_plan_add_range(&v->plan, &p->pair, from, to, first);
	count_planned(v);
	if (done) {
		v->unit_done[v->plan.n - 1] = true;
		atomic_fetch_sub(&p->pair.units, 1);
		atomic_fetch_sub(&v->left, 1);
	}
	pthread_mutex_unlock(&v->lock);
}
