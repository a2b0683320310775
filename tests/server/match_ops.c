#include "match_run.h"
#include "doc.h"
#include "regex.h"

#include <string.h>

struct op;
typedef bool op_fn(struct match_run *r, struct match_at at, const struct op *op,
    const struct value *rhs);

struct op {
	const char *name;
	op_fn *fn;
	enum match_cmp cmp;
	bool negated;
};

struct leaf {
	struct match_run *run;
	enum match_cmp cmp;
	const struct value *rhs;
	const char *pattern, *options;
	uint32_t types;
	int64_t a, b;
};

static bool
leaf_compare(void *ctx, const struct value *v)
{
	const struct leaf *l = ctx;

	return match_compare(l->cmp, v, l->rhs);
}

static bool
leaf_regex(void *ctx, const struct value *v)
{
	struct leaf *l = ctx;
	const char *text = "";
	size_t len = 0;
	bool found = false;

	if (v && v->type == BSON_TYPE_REGEX) {
		const char *pattern, *options;

		match_regex_parts(v, &pattern, &options);
		return strcmp(pattern, l->pattern) == 0 &&
		    strcmp(options, l->options) == 0;
	}
	if ((!v || !match_text(v, &text, &len)) && !l->run->check)
		return false;
	if (!regex_search(l->pattern, l->options, text, len, &found,
		l->run->failed ? NULL : l->run->error))
		l->run->failed = true;
	return found && v;
}

static bool
eval_regex(struct match_run *r, struct match_at at, const char *pattern,
    const char *options)
{
	struct leaf l = {.run = r, .pattern = pattern, .options = options};

	return match_any(&at, LEAF_EACH, leaf_regex, &l, &r->position);
}

bool
match_equal(struct match_run *r, struct match_at at, const struct value *rhs)
{
	struct leaf l = {.run = r, .cmp = CMP_EQ, .rhs = rhs};
	const char *pattern, *options;

	if (rhs->type == BSON_TYPE_REGEX) {
		match_regex_parts(rhs, &pattern, &options);
		return eval_regex(r, at, pattern, options);
	}
	return match_any(&at, LEAF_EACH, leaf_compare, &l, &r->position);
}

static bool
eval_compare(struct match_run *r, struct match_at at, const struct op *op,
    const struct value *rhs)
{
	struct leaf l = {.run = r, .cmp = op->cmp, .rhs = rhs};

	if (rhs->type == BSON_TYPE_REGEX && op->cmp != CMP_EQ)
		return match_refuse(r, 2,
		    "Can't have RegEx as arg to predicate over "
		    "field '%s'.",
		    at.path);
	return match_any(&at, LEAF_EACH, leaf_compare, &l, &r->position);
}

static bool
eval_in(struct match_run *r, struct match_at at, const struct op *op,
    const struct value *rhs)
{
	bool any = false;
	struct walk w;
	struct elem e;

	if (rhs->type != BSON_TYPE_ARRAY)
		return match_refuse(r, 2, "%s needs an array", op->name);
	walk_init(&w, rhs->data, rhs->len);
	while ((!any || r->check) && walk_next(&w, &e)) {
		if (match_is_ops(&e.value))
			return match_refuse(
			    r, 2, "cannot nest $ under %s", op->name);
		any |= match_equal(r, at, &e.value);
	}
	return any;
}

static bool
leaf_exists(void *ctx, const struct value *v)
{
	(void)ctx;
	return v != NULL;
}

static bool
truthy(const struct value *v)
{
	int64_t n;
	double d;

	if (v->type == BSON_TYPE_BOOL)
		return v->data[0];
	if (v->type == BSON_TYPE_DOUBLE) {
		memcpy(&d, v->data, 8);
		return d != 0;
	}
	if (match_int(v, &n))
		return n != 0;
	return v->type != BSON_TYPE_NULL && v->type != BSON_TYPE_UNDEFINED;
}

static bool
leaf_type(void *ctx, const struct value *v)
{
	const struct leaf *l = ctx;

	return v && match_has_type(l->types, v);
}

static bool
eval_type(struct match_run *r, struct match_at at, const struct op *op,
    const struct value *rhs)
{
	struct leaf l = {.run = r};
	struct walk w;
	struct elem e;
	bool ok = true;

	(void)op;
	if (rhs->type == BSON_TYPE_ARRAY) {
		walk_init(&w, rhs->data, rhs->len);
		while (ok && walk_next(&w, &e))
			ok = match_types(
			    &e.value, &l.types, r->failed ? NULL : r->error);
	} else {
		ok = match_types(rhs, &l.types, r->failed ? NULL : r->error);
	}
	r->failed |= !ok;
	return ok && match_any(&at, LEAF_EACH, leaf_type, &l, &r->position);
}

static bool
leaf_mod(void *ctx, const struct value *v)
{
	const struct leaf *l = ctx;
	int64_t n;

	return v && match_int(v, &n) && n % l->a == l->b;
}

static bool
eval_mod(struct match_run *r, struct match_at at, const struct op *op,
    const struct value *rhs)
{
	struct leaf l = {.run = r};
	struct elem a, b;

	(void)op;
	if (rhs->type != BSON_TYPE_ARRAY)
		return match_refuse(
		    r, 2, "malformed mod, needs to be an array");
	if (!walk_find(rhs->data, rhs->len, "0", &a) ||
	    !walk_find(rhs->data, rhs->len, "1", &b))
		return match_refuse(r, 2, "malformed mod, not enough elements");
	if (!match_int(&a.value, &l.a) || !match_int(&b.value, &l.b))
		return match_refuse(
		    r, 2, "malformed mod, divisor not a number");
	if (l.a == 0 || l.a == -1)
		return match_refuse(r, 2, "divisor cannot be 0");
	return match_any(&at, LEAF_EACH, leaf_mod, &l, &r->position);
}

static bool
leaf_size(void *ctx, const struct value *v)
{
	const struct leaf *l = ctx;
	struct walk w;
	struct elem e;
	int64_t n = 0;

	if (!v || v->type != BSON_TYPE_ARRAY)
		return false;
	for (walk_init(&w, v->data, v->len); walk_next(&w, &e);)
		n++;
	return n == l->a;
}

static bool
eval_size(struct match_run *r, struct match_at at, const struct op *op,
    const struct value *rhs)
{
	struct leaf l = {.run = r};

	(void)op;
	if (!match_int(rhs, &l.a))
		return match_refuse(r, 2, "$size needs a number");
	if (l.a < 0)
		return match_refuse(r, 2, "$size may not be negative");
	return match_any(&at, LEAF_WHOLE, leaf_size, &l, &r->position);
}

static bool
element_matches(
    struct match_run *r, const struct value *v, const bson_t *cond, bool ops)
{
	struct match_at at = {.single = v, .path = ""};

	if (ops)
		return match_ops(r, cond, at);
	return v->type == BSON_TYPE_DOCUMENT && match_filter(r, cond, v);
}

static bool
leaf_element(void *ctx, const struct value *v)
{
	const struct leaf *l = ctx;
	struct walk w;
	struct elem e;
	bson_t cond;
	int i = 0;

	if (!v || v->type != BSON_TYPE_ARRAY)
		return false;
	value_to_bson(l->rhs, &cond);
	for (walk_init(&w, v->data, v->len); walk_next(&w, &e); i++) {
		if (element_matches(l->run, &e.value, &cond, l->a)) {
			l->run->position = i;
			return true;
		}
	}
	return false;
}

static bool
eval_elem_match(struct match_run *r, struct match_at at, const struct op *op,
    const struct value *rhs)
{
	static const uint8_t empty[] = {5, 0, 0, 0, 0};
	struct value none = value_doc(BSON_TYPE_DOCUMENT, empty, 5);
	struct leaf l = {.run = r, .rhs = rhs};
	struct walk w;
	struct elem e;
	bson_t cond;

	(void)op;
	if (rhs->type != BSON_TYPE_DOCUMENT)
		return match_refuse(r, 2, "$elemMatch needs an Object");
	walk_init(&w, rhs->data, rhs->len);
	l.a = match_is_ops(rhs) && walk_next(&w, &e) &&
	    strcmp(e.name, "$and") != 0 && strcmp(e.name, "$or") != 0 &&
	    strcmp(e.name, "$nor") != 0;
	value_to_bson(rhs, &cond);
	if (r->check)
		element_matches(r, &none, &cond, l.a);
	return match_any(&at, LEAF_WHOLE, leaf_element, &l, &r->position);
}

static bool
eval_all(struct match_run *r, struct match_at at, const struct op *op,
    const struct value *rhs)
{
	bool all = true, any = false;
	struct walk w;
	struct elem e;
	bson_t ops;

	(void)op;
	if (rhs->type != BSON_TYPE_ARRAY)
		return match_refuse(r, 2, "$all needs an array");
	walk_init(&w, rhs->data, rhs->len);
	while ((all || r->check) && walk_next(&w, &e)) {
		any = true;
		if (match_is_ops(&e.value)) {
			value_to_bson(&e.value, &ops);
			all &= match_ops(r, &ops, at);
		} else {
			all &= match_equal(r, at, &e.value);
		}
	}
	return any && all;
}

static bool
eval_not(struct match_run *r, struct match_at at, const struct op *op,
    const struct value *rhs)
{
	bson_t ops;

	(void)op;
	if (rhs->type == BSON_TYPE_REGEX)
		return match_equal(r, at, rhs);
	if (rhs->type != BSON_TYPE_DOCUMENT)
		return match_refuse(r, 2, "$not needs a regex or a document");
	value_to_bson(rhs, &ops);
	if (bson_empty(&ops))
		return match_refuse(r, 2, "$not cannot be empty");
	return match_ops(r, &ops, at);
}

static bool
eval_regex_op(struct match_run *r, struct match_at at, const bson_t *ops,
    const struct value *rhs)
{
	const char *pattern, *options = "";
	struct value o;
	size_t len;

	if (rhs->type == BSON_TYPE_REGEX)
		match_regex_parts(rhs, &pattern, &options);
	else if (!match_text(rhs, &pattern, &len))
		return match_refuse(r, 2, "$regex has to be a string");
	if (doc_get(ops, "$options", &o) && !match_text(&o, &options, &len))
		return match_refuse(r, 2, "$options has to be a string");
	return eval_regex(r, at, pattern, options);
}

static bool
eval_exists(struct match_run *r, struct match_at at, const struct op *op,
    const struct value *rhs)
{
	(void)op;
	return match_any(&at, LEAF_WHOLE, leaf_exists, NULL, &r->position) ==
	    truthy(rhs);
}

static const struct op operators[] = {{"$eq", eval_compare, CMP_EQ, false},
    {"$ne", eval_compare, CMP_EQ, true}, {"$lt", eval_compare, CMP_LT, false},
    {"$lte", eval_compare, CMP_LTE, false},
    {"$gt", eval_compare, CMP_GT, false},
    {"$gte", eval_compare, CMP_GTE, false}, {"$in", eval_in, CMP_EQ, false},
    {"$nin", eval_in, CMP_EQ, true}, {"$exists", eval_exists, CMP_EQ, false},
    {"$type", eval_type, CMP_EQ, false}, {"$mod", eval_mod, CMP_EQ, false},
    {"$size", eval_size, CMP_EQ, false},
    {"$elemMatch", eval_elem_match, CMP_EQ, false},
    {"$all", eval_all, CMP_EQ, false}, {"$not", eval_not, CMP_EQ, true}};

static bool
eval_op(struct match_run *r, const bson_t *ops, const struct elem *op,
    struct match_at at)
{
	static const char *const known[] = {"$bitsAllSet", "$bitsAnySet",
	    "$bitsAllClear", "$bitsAnyClear", "$geoWithin", "$geoIntersects",
	    "$near", "$nearSphere", "$within"};
	size_t i;

	for (i = 0; i < sizeof operators / sizeof *operators; i++) {
		if (strcmp(op->name, operators[i].name) == 0)
			return operators[i].fn(r, at, &operators[i],
				   &op->value) != operators[i].negated;
	}
	if (strcmp(op->name, "$regex") == 0)
		return eval_regex_op(r, at, ops, &op->value);
	if (strcmp(op->name, "$options") == 0)
		return true;
	for (i = 0; i < sizeof known / sizeof *known; i++) {
		if (strcmp(op->name, known[i]) == 0)
			return match_refuse(
			    r, 238, "%s is not implemented", op->name);
	}
	return match_refuse(r, 2, "unknown operator: %s", op->name);
}

bool
match_ops(struct match_run *r, const bson_t *ops, struct match_at at)
{
	bool all = true;
	struct walk w;
	struct elem e;

	walk_init(&w, bson_get_data(ops), ops->len);
	while ((all || r->check) && walk_next(&w, &e))
		all &= eval_op(r, ops, &e, at);
	return all && !r->failed;
}
