#include "expr.h"
#include "fieldpath.h"
#include "model/number.h"
#include "text.h"

#include <string.h>

struct eval {
	struct expr_pool *pool;
	const struct value *root;
	bson_error_t *error;
};

static bool eval(struct eval *x, const struct value *expr, struct value *v);

static struct buf *
new_buf(struct expr_pool *pool)
{
	struct buf *b = bson_malloc0(sizeof *b);

	pool->bufs =
	    bson_realloc(pool->bufs, (pool->count + 1) * sizeof *pool->bufs);
	pool->bufs[pool->count++] = b;
	return b;
}

void
expr_pool_release(struct expr_pool *pool)
{
	size_t i;

	for (i = 0; i < pool->count; i++) {
		buf_release(pool->bufs[i]);
		bson_free(pool->bufs[i]);
	}
	bson_free(pool->bufs);
	*pool = (struct expr_pool){NULL, 0};
}

static bool
eval_path(struct eval *x, const char *text, struct value *v)
{
	struct path p;
	bool ok = true;

	*v = (struct value){0, NULL, 0};
	if (strcmp(text, "$$ROOT") == 0 || strcmp(text, "$$CURRENT") == 0) {
		*v = *x->root;
		return true;
	}
	if (strncmp(text, "$$ROOT.", 7) == 0)
		text += 6;
	else if (text[1] == '$')
		return error_set(x->error, MM_EXIT_REFUSED, 17276,
		    "Use of undefined variable: %s", text + 2);
	if (!path_init(&p, text + 1))
		ok = error_set(x->error, MM_EXIT_REFUSED, 2, "path too deep");
	else if (!fieldpath_get(x->root, &p, new_buf(x->pool), v))
		v->type = 0;
	path_release(&p);
	return ok;
}

/* The arguments of an operator: those of an array, else the one. */
static bool
eval_args(struct eval *x, const struct value *arg,
    bool (*each)(struct eval *, const struct value *, void *), void *ctx)
{
	struct value v;
	struct walk w;
	struct elem e;

	if (arg->type != BSON_TYPE_ARRAY)
		return eval(x, arg, &v) && each(x, &v, ctx);
	for (walk_init(&w, arg->data, arg->len); walk_next(&w, &e);) {
		if (!eval(x, &e.value, &v) || !each(x, &v, ctx))
			return false;
	}
	return true;
}

struct sum {
	uint8_t type; /* 0: null */
	int64_t i;
	double d;
};

static bool
add_number(struct eval *x, const struct value *v, void *ctx)
{
	struct sum *s = ctx;
	int64_t i = 0;
	double d;

	if (v->type == 0 || v->type == BSON_TYPE_NULL) {
		s->type = 0;
		return true;
	}
	if (v->type == BSON_TYPE_DECIMAL128)
		return error_set(x->error, MM_EXIT_REFUSED, 238,
		    "$add of Decimal128 is not implemented");
	if (!number_is(v->type))
		return error_set(x->error, MM_EXIT_REFUSED, 16554,
		    "$add only supports numeric or date types, not %s",
		    text_type(v->type));
	if (v->type == BSON_TYPE_DOUBLE) {
		memcpy(&d, v->data, 8);
	} else {
		number_int64(v, &i);
		d = (double)i;
	}
	if (s->type == 0)
		return true;
	s->d += d;
	if (v->type == BSON_TYPE_DOUBLE ||
	    __builtin_add_overflow(s->i, i, &s->i))
		s->type = BSON_TYPE_DOUBLE;
	else if (v->type == BSON_TYPE_INT64 && s->type == BSON_TYPE_INT32)
		s->type = BSON_TYPE_INT64;
	return true;
}

static bool
eval_add(struct eval *x, const struct value *arg, struct value *v)
{
	struct sum s = {BSON_TYPE_INT32, 0, 0};
	struct buf *b = new_buf(x->pool);
	int32_t i32;

	if (!eval_args(x, arg, add_number, &s))
		return false;
	if (s.type == BSON_TYPE_INT32 && s.i != (int32_t)s.i)
		s.type = BSON_TYPE_INT64;
	i32 = (int32_t)s.i;
	if (s.type == BSON_TYPE_INT32)
		buf_add(b, &i32, 4);
	else if (s.type == BSON_TYPE_INT64)
		buf_add(b, &s.i, 8);
	else if (s.type == BSON_TYPE_DOUBLE)
		buf_add(b, &s.d, 8);
	*v = value_doc(s.type ? s.type : BSON_TYPE_NULL, b->data, b->len);
	return true;
}

static bool
merge_one(struct eval *x, const struct value *v, void *ctx)
{
	struct buf *b = ctx, next = BUF_INIT;
	struct value whole;
	struct path p;
	struct walk w;
	struct elem e;

	if (v->type == 0 || v->type == BSON_TYPE_NULL)
		return true;
	if (v->type != BSON_TYPE_DOCUMENT)
		return error_set(x->error, MM_EXIT_REFUSED, 40400,
		    "$mergeObjects requires object inputs, but input is of "
		    "type %s",
		    text_type(v->type));
	for (walk_init(&w, v->data, v->len); walk_next(&w, &e);) {
		/* One part, whatever dots the name has. */
		p = (struct path){.parts = 1, .part = {e.name}};
		whole = value_doc(BSON_TYPE_DOCUMENT, b->data, b->len);
		fieldpath_put(&whole, &p, &e.value, &next);
		buf_clear(b);
		buf_add(b, next.data, next.len);
		buf_clear(&next);
	}
	buf_release(&next);
	return true;
}

static bool
eval_merge(struct eval *x, const struct value *arg, struct value *v)
{
	struct buf *b = new_buf(x->pool);

	doc_close(b, doc_open(b));
	if (!eval_args(x, arg, merge_one, b))
		return false;
	*v = value_doc(BSON_TYPE_DOCUMENT, b->data, b->len);
	return true;
}

struct concat {
	struct buf *b;
	uint32_t n;
	bool null;
};

static bool
concat_one(struct eval *x, const struct value *v, void *ctx)
{
	struct concat *c = ctx;
	char name[DOC_INDEX_MAX];
	struct walk w;
	struct elem e;

	if (v->type == 0 || v->type == BSON_TYPE_NULL) {
		c->null = true;
		return true;
	}
	if (v->type != BSON_TYPE_ARRAY)
		return error_set(x->error, MM_EXIT_REFUSED, 28664,
		    "$concatArrays only supports arrays, not %s",
		    text_type(v->type));
	for (walk_init(&w, v->data, v->len); walk_next(&w, &e);)
		doc_put(c->b, doc_index(c->n++, name), &e.value);
	return true;
}

static bool
eval_concat(struct eval *x, const struct value *arg, struct value *v)
{
	struct concat c = {new_buf(x->pool), 0, false};
	size_t start = doc_open(c.b);

	if (!eval_args(x, arg, concat_one, &c))
		return false;
	doc_close(c.b, start);
	*v = c.null ? VALUE_NULL
		    : value_doc(BSON_TYPE_ARRAY, c.b->data, c.b->len);
	return true;
}

static bool
first_there(struct eval *x, const struct value *v, void *ctx)
{
	struct value *found = ctx;

	(void)x;
	if (found->type == 0 || found->type == BSON_TYPE_NULL)
		*found = *v;
	return true;
}

static bool
eval_size(struct eval *x, const struct value *arg, struct value *v)
{
	struct buf *b = new_buf(x->pool);
	int32_t len;

	if (!eval(x, arg, v))
		return false;
	if (v->type == 0 || v->type == BSON_TYPE_NULL) {
		*v = VALUE_NULL;
		return true;
	}
	if (v->type != BSON_TYPE_DOCUMENT)
		return error_set(x->error, MM_EXIT_REFUSED, 31393,
		    "$bsonSize requires a document input, found: %s",
		    text_type(v->type));
	len = (int32_t)v->len;
	buf_add(b, &len, 4);
	*v = value_doc(BSON_TYPE_INT32, b->data, b->len);
	return true;
}

static bool
eval_operator(struct eval *x, const struct elem *op, struct value *v)
{
	if (strcmp(op->name, "$literal") == 0) {
		*v = op->value;
		return true;
	}
	if (strcmp(op->name, "$add") == 0)
		return eval_add(x, &op->value, v);
	if (strcmp(op->name, "$mergeObjects") == 0)
		return eval_merge(x, &op->value, v);
	if (strcmp(op->name, "$concatArrays") == 0)
		return eval_concat(x, &op->value, v);
	if (strcmp(op->name, "$bsonSize") == 0)
		return eval_size(x, &op->value, v);
	if (strcmp(op->name, "$ifNull") == 0) {
		v->type = 0;
		return eval_args(x, &op->value, first_there, v);
	}
	return error_set(x->error, MM_EXIT_REFUSED, 238,
	    "expression %s is not implemented", op->name);
}

static bool
eval_members(struct eval *x, const struct value *expr, struct value *v)
{
	bool array = expr->type == BSON_TYPE_ARRAY;
	struct buf *b = new_buf(x->pool);
	size_t start = doc_open(b);
	struct value member;
	struct walk w;
	struct elem e;

	for (walk_init(&w, expr->data, expr->len); walk_next(&w, &e);) {
		if (!eval(x, &e.value, &member))
			return false;
		if (member.type == 0 && array)
			member = VALUE_NULL;
		if (member.type != 0)
			doc_put(b, e.name, &member);
	}
	doc_close(b, start);
	*v = value_doc(expr->type, b->data, b->len);
	return true;
}

static bool
eval(struct eval *x, const struct value *expr, struct value *v)
{
	struct walk w;
	struct elem e;

	if (expr->type == BSON_TYPE_UTF8 && expr->data[4] == '$')
		return eval_path(x, (const char *)expr->data + 4, v);
	if (!value_is_doc(expr)) {
		*v = *expr;
		return true;
	}
	walk_init(&w, expr->data, expr->len);
	if (expr->type == BSON_TYPE_DOCUMENT && walk_next(&w, &e) &&
	    e.name[0] == '$')
		return eval_operator(x, &e, v);
	return eval_members(x, expr, v);
}

bool
expr_eval(struct expr_pool *pool, const struct value *expr,
    const struct value *root, struct value *v, bson_error_t *error)
{
	struct eval x = {pool, root, error};

	return eval(&x, expr, v);
}
