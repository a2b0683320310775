#include "plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collate.h"
#include "out.h"
#include "request.h"

static bool
iter_value(const bson_t *doc, const char *name, struct value *v)
{
	struct elem e;

	if (!walk_find(bson_get_data(doc), doc->len, name, &e))
		return false;
	*v = e.value;
	return true;
}

/* {_id: 1} and {_id: -1}, {$natural: 1} ...: 1 or -1; 0: something else. */
static int
direction(const bson_t *doc, const char *name)
{
	bson_iter_t it;

	if (!bson_iter_init(&it, doc) || !bson_iter_next(&it) ||
	    strcmp(bson_iter_key(&it), name) != 0)
		return 0;
	return bson_iter_as_double(&it) < 0 ||
		(!BSON_ITER_HOLDS_DOUBLE(&it) && bson_iter_as_int64(&it) < 0)
	    ? -1
	    : 1;
}

bool
hint_names(const bson_iter_t *hint, const struct index *index)
{
	bson_iter_t it;
	bson_t want, have;

	if (BSON_ITER_HOLDS_UTF8(hint))
		return strcmp(bson_iter_utf8(hint, NULL), index->name) == 0;
	return iter_doc(hint, &want) &&
	    bson_iter_init_find(&it, index->spec, "key") &&
	    iter_doc(&it, &have) && bson_equal(&want, &have);
}

static bool
is_operators(const struct value *v)
{
	struct walk w;
	struct elem e;

	return v->type == BSON_TYPE_DOCUMENT &&
	    walk_init(&w, v->data, v->len) && walk_next(&w, &e) &&
	    e.name[0] == '$' && strcmp(e.name, "$ref") != 0 &&
	    strcmp(e.name, "$id") != 0;
}

/* Types whose ranges lie within one type class, as the bounds do. */
static bool
rangeable(const struct value *v)
{
	double d;

	switch (v->type) {
	case BSON_TYPE_DOUBLE:
		memcpy(&d, v->data, 8);
		return !isnan(d);
	case BSON_TYPE_INT32:
	case BSON_TYPE_INT64:
	case BSON_TYPE_UTF8:
	case BSON_TYPE_OID:
	case BSON_TYPE_BOOL:
	case BSON_TYPE_DATE_TIME:
	case BSON_TYPE_TIMESTAMP:
		return true;
	default:
		return false;
	}
}

static int
cmp_point(const void *a, const void *b)
{
	return collate_cmp(a, b);
}

/* An equality or a list of them. False: not of a kind with bounds. */
static bool
points(struct plan *plan, const struct value *v, bool list)
{
	struct walk w;
	struct elem e;
	size_t n = 0;

	plan->kind = PLAN_POINTS;
	if (!list) {
		plan->point = bson_malloc(sizeof *plan->point);
		plan->point[plan->n_points++] = *v;
		return true;
	}
	if (v->type != BSON_TYPE_ARRAY || !walk_init(&w, v->data, v->len))
		return false;
	plan->point = bson_malloc((v->len + 1) / 3 * sizeof *plan->point + 64);
	while (walk_next(&w, &e)) {
		if (e.value.type == BSON_TYPE_REGEX)
			return false;
		plan->point[n++] = e.value;
	}
	qsort(plan->point, n, sizeof *plan->point, cmp_point);
	for (size_t i = 0; i < n; i++)
		if (i == 0 ||
		    collate_cmp(
			&plan->point[plan->n_points - 1], &plan->point[i]) != 0)
			plan->point[plan->n_points++] = plan->point[i];
	return true;
}

static void
tighten(struct bound *b, const struct value *v, bool open, int sign)
{
	int c = b->set ? collate_cmp(v, &b->v) * sign : 1;

	if (c > 0 || (c == 0 && open))
		*b = (struct bound){true, open, *v, 0};
}

/* {$gte: a, $lt: b ...} on the key field. Anything that bounds cannot say
 * leaves `covered` false; then the filter is asked for every document. */
static bool
operators(struct plan *plan, const struct value *v)
{
	struct walk w;
	struct elem e;
	bool covered = true;
	uint64_t class = 0;

	walk_init(&w, v->data, v->len);
	while (walk_next(&w, &e)) {
		if (strcmp(e.name, "$eq") == 0 && plan->kind != PLAN_POINTS) {
			points(plan, &e.value, false);
			continue;
		}
		if (strcmp(e.name, "$in") == 0 && plan->kind != PLAN_POINTS) {
			if (!points(plan, &e.value, true))
				return false;
			continue;
		}
		if (!rangeable(&e.value) ||
		    (class && class != key_prefix(&e.value) >> 56)) {
			covered = false;
			continue;
		}
		class = key_prefix(&e.value) >> 56;
		if (strcmp(e.name, "$gt") == 0)
			tighten(&plan->low, &e.value, true, 1);
		else if (strcmp(e.name, "$gte") == 0)
			tighten(&plan->low, &e.value, false, 1);
		else if (strcmp(e.name, "$lt") == 0)
			tighten(&plan->high, &e.value, true, -1);
		else if (strcmp(e.name, "$lte") == 0)
			tighten(&plan->high, &e.value, false, -1);
		else
			covered = false;
	}
	if (plan->kind == PLAN_POINTS)
		return !plan->low.set && !plan->high.set && covered;
	return covered && plan->low.set && plan->high.set;
}

static void
ts_bound(struct bound *b, const struct value *v, bool open, int sign)
{
	uint64_t ts;
	int64_t rid;

	memcpy(&ts, v->data, 8);
	ts = BSON_UINT64_FROM_LE(ts);
	rid = ts > INT64_MAX ? INT64_MAX : (int64_t)ts;
	if (!b->set || (rid - b->rid) * sign > 0 || (rid == b->rid && open))
		*b = (struct bound){.set = true, .open = open, .rid = rid};
}

/* The oplog: the timestamp of an entry is its record id. True: these bounds
 * are all that the value asks for. */
static bool
ts_bounds(struct plan *plan, const struct value *v)
{
	struct walk w;
	struct elem e;
	bool covered = true;

	if (v->type == BSON_TYPE_TIMESTAMP) {
		ts_bound(&plan->low, v, false, 1);
		ts_bound(&plan->high, v, false, -1);
		return true;
	}
	if (!is_operators(v) || !walk_init(&w, v->data, v->len))
		return false;
	while (walk_next(&w, &e)) {
		if (e.value.type != BSON_TYPE_TIMESTAMP)
			covered = false;
		else if (strcmp(e.name, "$gt") == 0)
			ts_bound(&plan->low, &e.value, true, 1);
		else if (strcmp(e.name, "$gte") == 0)
			ts_bound(&plan->low, &e.value, false, 1);
		else if (strcmp(e.name, "$lt") == 0)
			ts_bound(&plan->high, &e.value, true, -1);
		else if (strcmp(e.name, "$lte") == 0)
			ts_bound(&plan->high, &e.value, false, -1);
		else
			covered = false;
	}
	return covered;
}

static void
bounds_of_filter(
    const struct coll *c, const bson_t *filter, struct plan *plan, bool natural)
{
	bool alone = bson_count_keys(filter) == 1;
	struct value v;

	plan->covered = bson_empty(filter);
	if (c->is_oplog) {
		if (iter_value(filter, "ts", &v))
			plan->covered = ts_bounds(plan, &v) && alone;
		return;
	}
	if (natural || !c->has_id || !iter_value(filter, "_id", &v) ||
	    v.type == BSON_TYPE_REGEX ||
	    (plan->collator != c->collator && collate_has_text(&v)))
		return;
	if (is_operators(&v))
		plan->covered = operators(plan, &v) && alone;
	else
		plan->covered = points(plan, &v, false) && alone;
	if (plan->kind == PLAN_NATURAL && (plan->low.set || plan->high.set))
		plan->kind = PLAN_ID;
}

static bool
min_max(const struct coll *c, const bson_t *min, const bson_t *max,
    const bson_iter_t *hint, struct plan *plan, bson_error_t *error)
{
	static const uint8_t none;

	if (!hint)
		return refuse(error, 51173,
		    "error processing query: ns=%sTree: $and\nSort: {}\nProj: "
		    "{}\n planner returned error :: caused by :: When using "
		    "min()/max() a hint of which index to use must be provided",
		    c->ns);
	if (!c->has_id || !hint_names(hint, &c->index[0]))
		return refuse(
		    error, 238, "mongosim takes min and max for _id alone");
	plan->kind = PLAN_ID;
	if ((min && !iter_value(min, "_id", &plan->low.v)) ||
	    (max && !iter_value(max, "_id", &plan->high.v)))
		return refuse(error, 51174,
		    "The index chosen is not compatible with min/max");
	if (plan->collator != c->collator &&
	    ((min && collate_has_text(&plan->low.v)) ||
		(max && collate_has_text(&plan->high.v))))
		return refuse(error, 51174,
		    "The index chosen is not compatible with min/max");
	plan->low.set = min != NULL;
	/* Without max the end is MaxKey, and the end is outside. */
	if (!max)
		plan->high.v = (struct value){BSON_TYPE_MAXKEY, &none, 0};
	plan->high.set = plan->high.open = true;
	return true;
}

static bool
check_hint(const struct coll *c, const bson_iter_t *hint, bool *by_id,
    bson_error_t *error)
{
	for (size_t i = 0; i < c->n_indexes; i++)
		if (hint_names(hint, &c->index[i])) {
			*by_id = i == 0 && c->has_id;
			return true;
		}
	return refuse(error, 2,
	    "error processing query: ns=%sTree: $and\nSort: {}\nProj: {}\n "
	    "planner returned error :: caused by :: hint provided does not "
	    "correspond to an existing index",
	    c->ns);
}

bool
plan_make(const struct coll *c, const struct collator *collator,
    const bson_t *filter, const bson_t *sort, const bson_iter_t *hint,
    const bson_t *min, const bson_t *max, struct plan *plan, bool *sorted,
    bson_error_t *error)
{
	int by_id = direction(sort, "_id"),
	    natural = direction(sort, "$natural");
	const struct collator *before;
	bool hinted = false;
	bson_t h;

	*plan = (struct plan){
	    .kind = PLAN_NATURAL, .collator = collator, .kept = BUF_INIT};
	if (natural == 0 && hint && iter_doc(hint, &h))
		natural = direction(&h, "$natural");
	if (bson_count_keys(sort) > 1 || collator != c->collator)
		by_id = 0;
	*sorted = bson_empty(sort) || (by_id && c->has_id) ||
	    direction(sort, "$natural");
	if (min || max)
		return min_max(c, min, max, hint, plan, error);
	if (hint && natural == 0 && !check_hint(c, hint, &hinted, error))
		return false;
	before = collate_use(collator);
	bounds_of_filter(c, filter, plan, natural != 0);
	collate_use(before);
	if ((hinted || c->clustered || (by_id && c->has_id)) &&
	    plan->kind == PLAN_NATURAL)
		plan->kind = PLAN_ID;
	plan->backward = by_id < 0 || natural < 0;
	return true;
}

void
plan_keep(struct plan *plan)
{
	size_t n = 2 + plan->n_points;
	struct value **v = bson_malloc(n * sizeof *v);

	v[0] = &plan->low.v;
	v[1] = &plan->high.v;
	for (size_t i = 0; i < plan->n_points; i++)
		v[2 + i] = &plan->point[i];
	buf_reserve(&plan->kept, 1);
	for (size_t i = 0; i < n; i++)
		buf_add(&plan->kept, v[i]->data, v[i]->len);
	for (size_t i = 0, at = 0; i < n; i++) {
		v[i]->data = plan->kept.data + at;
		at += v[i]->len;
	}
	bson_free(v);
}

void
plan_release(struct plan *plan)
{
	bson_free(plan->point);
	plan->point = NULL;
	buf_release(&plan->kept);
}
