/* $pop, $pull and $pullAll. */
#include "mod_list.h"
#include "match.h"
#include "match_run.h"
#include "text.h"

#include <string.h>

static enum mod_result
apply_pop(struct mod_at *at)
{
	struct list l = {NULL, 0};
	int64_t end;

	if (at->cur->type != BSON_TYPE_ARRAY) {
		char *path = path_text(&at->mod->path, at->mod->path.parts);

		error_set(at->error, MM_EXIT_REFUSED, 14,
		    "Path '%s' contains an element of non-array type '%s'",
		    path, text_type(at->cur->type));
		bson_free(path);
		return MOD_FAILED;
	}
	list_read(&l, at->cur);
	match_int(&at->mod->arg, &end);
	if (l.count > 0) {
		list_cut(&l, end < 0 ? 0 : l.count - 1, 1);
		list_write(at, &l);
		list_release(&l);
		return MOD_SET;
	}
	list_release(&l);
	return MOD_NOOP;
}

/* $pull: is this element to go? */
static bool
pulled(struct mod_at *at, const struct value *v, bool *yes)
{
	struct match_run r = {.position = -1, .error = at->error};
	const struct value *arg = &at->mod->arg;
	struct match_at single = {.single = v, .path = ""};
	bson_t cond;

	if (match_is_ops(arg)) {
		value_to_bson(arg, &cond);
		*yes = match_ops(&r, &cond, single);
	} else if (arg->type == BSON_TYPE_DOCUMENT) {
		value_to_bson(arg, &cond);
		*yes =
		    v->type == BSON_TYPE_DOCUMENT && match_filter(&r, &cond, v);
	} else {
		*yes = match_equal(&r, single, arg);
	}
	return !r.failed;
}

static bool
pulled_all(struct mod_at *at, const struct value *v, bool *yes)
{
	struct list all = {NULL, 0};

	list_read(&all, &at->mod->arg);
	*yes = list_has(&all, v);
	list_release(&all);
	return true;
}

static enum mod_result
take_out(struct mod_at *at,
    bool (*gone)(struct mod_at *, const struct value *, bool *))
{
	struct list l = {NULL, 0}, left = {NULL, 0};
	enum mod_result result;
	bool yes, ok = true;
	size_t i;

	if (at->cur->type != BSON_TYPE_ARRAY) {
		error_set(at->error, MM_EXIT_REFUSED, 2,
		    "Cannot apply $pull to a non-array value");
		return MOD_FAILED;
	}
	list_read(&l, at->cur);
	for (i = 0; ok && i < l.count; i++) {
		ok = gone(at, &l.v[i], &yes);
		if (ok && !yes)
			list_add(&left, &l.v[i]);
	}
	list_write(at, &left);
	result = !ok ? MOD_FAILED : left.count == l.count ? MOD_NOOP : MOD_SET;
	list_release(&l);
	list_release(&left);
	return result;
}

static enum mod_result
apply_pull(struct mod_at *at)
{
	return take_out(at, pulled);
}

static enum mod_result
apply_pull_all(struct mod_at *at)
{
	return take_out(at, pulled_all);
}

static bool
check_pop(const char *path, const struct value *arg, bson_error_t *error)
{
	char *text;
	int64_t n;

	(void)path;
	if (match_int(arg, &n) && (n == 1 || n == -1))
		return true;
	text = text_elem("", arg);
	error_set(error, MM_EXIT_REFUSED, 9, "$pop expects 1 or -1, found: %s",
	    text + 2);
	bson_free(text);
	return false;
}

static bool
check_pull(const char *path, const struct value *arg, bson_error_t *error)
{
	bson_error_t why;
	bson_t cond;

	(void)path;
	if (arg->type != BSON_TYPE_DOCUMENT || match_is_ops(arg))
		return true;
	value_to_bson(arg, &cond);
	if (match_check(&cond, &why))
		return true;
	return error_set(
	    error, MM_EXIT_REFUSED, (int)why.code, "%s", why.message);
}

static bool
check_pull_all(const char *path, const struct value *arg, bson_error_t *error)
{
	(void)path;
	if (arg->type == BSON_TYPE_ARRAY)
		return true;
	return error_set(error, MM_EXIT_REFUSED, 2,
	    "$pullAll requires an array argument but was given a %s",
	    text_type(arg->type));
}

const struct mod_def mod_pull_defs[] = {
    {"$pop", check_pop, apply_pop, false, false},
    {"$pull", check_pull, apply_pull, false, false},
    {"$pullAll", check_pull_all, apply_pull_all, false, false}, {NULL}};
