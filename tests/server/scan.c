#include "scan.h"

#include "collate.h"
#include "out.h"
#include "server.h"

static struct key
bound_key(const struct coll *c, const struct plan *plan, const struct bound *b,
    bool after)
{
	struct key k = {.rid = after ? RID_MAX : RID_MIN};

	if (plan->kind == PLAN_NATURAL)
		k.prefix = (uint64_t)b->rid + after;
	else
		coll_id_key(c, &b->v, k.rid, &k);
	return k;
}

static void
setup(struct scan *s, const struct coll *c, const struct plan *plan,
    uint64_t view)
{
	*s = (struct scan){.c = c, .plan = plan, .view = view};
	s->order = plan->kind == PLAN_NATURAL ? &c->natural : &c->by_id;
}

/* Forwards: at the first slot not before the key. Backwards: at the last slot
 * before it. */
static void
seek(struct scan *s, const struct key *key)
{
	s->more = order_seek(s->order, key, &s->at);
	if (s->plan->backward)
		s->more = order_prev(s->order, &s->at);
}

void
scan_start(struct scan *s, const struct coll *c, const struct plan *plan,
    uint64_t view)
{
	const struct bound *b = plan->backward ? &plan->high : &plan->low;
	struct key key;

	setup(s, c, plan, view);
	if (plan->kind == PLAN_POINTS)
		return;
	if (b->set) {
		key = bound_key(c, plan, b, plan->backward != b->open);
		seek(s, &key);
	} else if (plan->backward) {
		s->more = order_last(s->order, &s->at);
	} else {
		s->more = order_first(s->order, &s->at);
	}
}

bool
scan_after(struct scan *s, const struct coll *c, const struct plan *plan,
    uint64_t view, int64_t rid, const struct value *id, size_t points_done)
{
	struct key key = {.prefix = (uint64_t)rid, .rid = rid};
	struct order_at at;

	setup(s, c, plan, view);
	s->point = points_done;
	if (plan->kind == PLAN_POINTS)
		return true;
	if (id && plan->kind == PLAN_ID)
		coll_id_key(c, id, rid, &key);
	if (c->capped && plan->kind == PLAN_NATURAL) {
		const struct doc *d = NULL;

		if (order_seek(s->order, &key, &at))
			d = coll_visible(order_item(s->order, &at), view);
		if (!d || d->rid != rid)
			return false;
	}
	/* Slots equal to the key have been seen. */
	if (!plan->backward && plan->kind == PLAN_NATURAL)
		key.prefix++;
	else if (!plan->backward)
		key.rid++;
	seek(s, &key);
	return true;
}

static bool
inside(const struct scan *s, const struct doc *d)
{
	const struct plan *plan = s->plan;
	const struct bound *b = plan->backward ? &plan->low : &plan->high;
	struct value id;
	int c;

	if (!b->set)
		return true;
	if (plan->kind == PLAN_NATURAL) {
		c = (d->rid > b->rid) - (d->rid < b->rid);
	} else {
		doc_id(d, &id);
		c = collate_cmp_by(s->c->collator, &id, &b->v);
	}
	if (plan->backward)
		c = -c;
	return c < 0 || (c == 0 && !b->open);
}

static const struct doc *
next_point(struct scan *s)
{
	const struct plan *plan = s->plan;

	while (s->point < plan->n_points) {
		size_t i =
		    plan->backward ? plan->n_points - 1 - s->point : s->point;
		const struct value *v = &plan->point[i];
		const struct doc *d = coll_id_visible(s->c, v, s->view);

		s->point++;
		if (d)
			return d;
	}
	return NULL;
}

const struct doc *
scan_next(struct scan *s)
{
	if (s->plan->kind == PLAN_POINTS)
		return next_point(s);
	while (s->more) {
		const struct doc *d =
		    coll_visible(order_item(s->order, &s->at), s->view);

		if (d && !inside(s, d)) {
			s->more = false;
			return NULL;
		}
		s->more = s->plan->backward ? order_prev(s->order, &s->at)
					    : order_next(s->order, &s->at);
		if (d)
			return d;
	}
	return NULL;
}
