/* $push and $addToSet. */
#include "mod_list.h"
#include "match_leaf.h"
#include "text.h"

#include <string.h>

static bool
clause(const struct value *arg, const char *name, struct value *v)
{
	struct elem e;

	if (arg->type != BSON_TYPE_DOCUMENT ||
	    !walk_find(arg->data, arg->len, name, &e))
		return false;
	*v = e.value;
	return true;
}

/* The new values of $push and $addToSet. */
static void
each_values(const struct value *arg, struct list *l)
{
	struct value each;

	if (clause(arg, "$each", &each))
		list_read(l, &each);
	else
		list_add(l, arg);
}

static void
sort_key(const struct value *v, const char *path, struct value *key)
{
	struct value parent;
	struct path p;

	if (!path_init(&p, path) || path_walk(v, &p, key, &parent) != p.parts)
		*key = VALUE_NULL;
	path_release(&p);
}

/* $sort: 1, -1 or {path: 1 ...}. */
static int
compare_by(
    const struct value *sort, const struct value *a, const struct value *b)
{
	struct value x, y;
	struct walk w;
	struct elem e;
	int64_t dir;
	int cmp = 0;

	if (match_int(sort, &dir))
		return value_cmp(a, b) * (dir < 0 ? -1 : 1);
	walk_init(&w, sort->data, sort->len);
	while (cmp == 0 && walk_next(&w, &e)) {
		sort_key(a, e.name, &x);
		sort_key(b, e.name, &y);
		match_int(&e.value, &dir);
		cmp = value_cmp(&x, &y) * (dir < 0 ? -1 : 1);
	}
	return cmp;
}

/* By insertion: stable, and arrays under $sort are short. */
static void
list_sort(struct list *l, const struct value *sort)
{
	struct value v;
	size_t i, j;

	for (i = 1; i < l->count; i++) {
		v = l->v[i];
		for (j = i; j > 0 && compare_by(sort, &l->v[j - 1], &v) > 0;
		     j--)
			l->v[j] = l->v[j - 1];
		l->v[j] = v;
	}
}

static enum mod_result
not_an_array(struct mod_at *at)
{
	char *id = mod_id_text(at->doc);

	error_set(at->error, MM_EXIT_REFUSED, 2,
	    "The field '%s' must be an array but is of type %s in document %s",
	    at->name, text_type(at->cur->type), id);
	bson_free(id);
	return MOD_FAILED;
}

/* As the server: only values put behind a non-empty array, and nothing sorted
 * or cut, are logged one by one. What is cut off again at once still counts as
 * a change (recorded). */
static enum mod_result
push(struct mod_at *at, struct list *l, const struct list *more)
{
	const struct value *arg = &at->mod->arg;
	int64_t position = INT64_MAX, slice;
	size_t size = l->count, i, at_index;
	enum mod_result result = MOD_SET;
	struct value clause_v;

	if (clause(arg, "$each", &clause_v) &&
	    clause(arg, "$position", &clause_v))
		match_int(&clause_v, &position);
	if (position >= (int64_t)size)
		at_index = size;
	else if (position >= 0)
		at_index = (size_t)position;
	else
		at_index =
		    (uint64_t)-position < size ? size + (size_t)position : 0;
	if (position > (int64_t)size && size > 0)
		result = MOD_APPEND;
	if (more->count == 0)
		result = MOD_NOOP;
	at->append_from = (uint32_t)size;
	for (i = 0; i < more->count; i++)
		list_add(l, &more->v[i]);
	memmove(l->v + at_index + more->count, l->v + at_index,
	    (size - at_index) * sizeof *l->v);
	for (i = 0; i < more->count; i++)
		l->v[at_index + i] = more->v[i];
	if (!clause(arg, "$each", &clause_v))
		return result;
	if (clause(arg, "$sort", &clause_v)) {
		list_sort(l, &clause_v);
		result = MOD_SET;
	}
	if (clause(arg, "$slice", &clause_v) && match_int(&clause_v, &slice)) {
		uint64_t n = (uint64_t)(slice < 0 ? -slice : slice);

		if (l->count > n) {
			list_cut(
			    l, slice < 0 ? 0 : (size_t)n, l->count - (size_t)n);
			result = MOD_SET;
		}
	}
	return result;
}

static enum mod_result
apply_push(struct mod_at *at)
{
	struct list l = {NULL, 0}, more = {NULL, 0};
	enum mod_result result;

	if (at->cur && at->cur->type != BSON_TYPE_ARRAY)
		return not_an_array(at);
	if (at->cur)
		list_read(&l, at->cur);
	each_values(&at->mod->arg, &more);
	l.v = bson_realloc(l.v, (l.count + more.count + 1) * sizeof *l.v);
	result = push(at, &l, &more);
	list_write(at, &l);
	if (!at->cur)
		result = MOD_SET;
	list_release(&l);
	list_release(&more);
	return result;
}

static enum mod_result
apply_add_to_set(struct mod_at *at)
{
	struct list l = {NULL, 0}, more = {NULL, 0};
	enum mod_result result;
	size_t i, before;
	char *id;

	if (at->cur && at->cur->type != BSON_TYPE_ARRAY) {
		id = mod_id_text(at->doc);
		error_set(at->error, MM_EXIT_REFUSED, 2,
		    "Cannot apply $addToSet to non-array field. Field named "
		    "'%s' has non-array type %s",
		    at->name, text_type(at->cur->type));
		bson_free(id);
		return MOD_FAILED;
	}
	if (at->cur)
		list_read(&l, at->cur);
	before = l.count;
	each_values(&at->mod->arg, &more);
	for (i = 0; i < more.count; i++) {
		if (!list_has(&l, &more.v[i]))
			list_add(&l, &more.v[i]);
	}
	list_write(at, &l);
	result = at->cur && l.count == before ? MOD_NOOP : MOD_SET;
	list_release(&more);
	list_release(&l);
	return result;
}

static bool
check_each(const char *op, const struct value *arg, bson_error_t *error)
{
	struct value each;

	if (!clause(arg, "$each", &each) || each.type == BSON_TYPE_ARRAY)
		return true;
	return error_set(error, MM_EXIT_REFUSED, 2,
	    "The argument to $each in %s must be an array but it was of type: "
	    "%s",
	    op, text_type(each.type));
}

static bool
check_whole(const char *name, const struct value *v, bson_error_t *error)
{
	int64_t n;

	if (match_int(v, &n))
		return true;
	return error_set(error, MM_EXIT_REFUSED, 2,
	    "The value for %s must be an integer value but was given type: %s",
	    name, text_type(v->type));
}

static bool
check_sort(const struct value *v, bson_error_t *error)
{
	struct walk w;
	struct elem e;
	int64_t n;

	if (v->type != BSON_TYPE_DOCUMENT) {
		if (match_int(v, &n) && (n == 1 || n == -1))
			return true;
		return error_set(error, MM_EXIT_REFUSED, 2,
		    "The $sort element value must be either 1 or -1");
	}
	for (walk_init(&w, v->data, v->len); walk_next(&w, &e);) {
		if (!match_int(&e.value, &n) || (n != 1 && n != -1))
			return error_set(error, MM_EXIT_REFUSED, 2,
			    "The $sort element value must be either 1 or -1");
	}
	return true;
}

static bool
check_push(const char *path, const struct value *arg, bson_error_t *error)
{
	struct value each;
	struct walk w;
	struct elem e;
	bool ok = true;

	(void)path;
	if (!clause(arg, "$each", &each))
		return true;
	if (!check_each("$push", arg, error))
		return false;
	walk_init(&w, arg->data, arg->len);
	while (ok && walk_next(&w, &e)) {
		if (strcmp(e.name, "$each") == 0)
			continue;
		if (strcmp(e.name, "$slice") == 0 ||
		    strcmp(e.name, "$position") == 0)
			ok = check_whole(e.name, &e.value, error);
		else if (strcmp(e.name, "$sort") == 0)
			ok = check_sort(&e.value, error);
		else
			ok = error_set(error, MM_EXIT_REFUSED, 2,
			    "Unrecognized clause in $push: %s", e.name);
	}
	return ok;
}

static bool
check_add_to_set(const char *path, const struct value *arg, bson_error_t *error)
{
	(void)path;
	return check_each("$addToSet", arg, error);
}

const struct mod_def mod_push_defs[] = {
    {"$push", check_push, apply_push, true, false},
    {"$addToSet", check_add_to_set, apply_add_to_set, true, false}, {NULL}};
