#include "pipeline.h"
#include "expr.h"
#include "fieldpath.h"
#include "text.h"

#include <string.h>

struct stage_run {
	struct value root; /* the document before the stage */
	struct buf doc;    /* and as the stage changes it */
	struct expr_pool pool;
	bson_error_t *error;
};

static bool
put(struct stage_run *r, const char *path, const struct value *v)
{
	struct value whole =
	    value_doc(BSON_TYPE_DOCUMENT, r->doc.data, r->doc.len);
	struct buf next = BUF_INIT;
	struct path p;
	bool ok = path_init(&p, path);

	if (ok) {
		fieldpath_put(&whole, &p, v, &next);
		buf_release(&r->doc);
		r->doc = next;
	} else {
		error_set(r->error, MM_EXIT_REFUSED, 2, "path too deep");
	}
	path_release(&p);
	return ok;
}

/* An object without operator names fields below the path. */
static bool
is_nested(const struct value *v)
{
	struct walk w;
	struct elem e;

	if (v->type != BSON_TYPE_DOCUMENT)
		return false;
	walk_init(&w, v->data, v->len);
	return walk_next(&w, &e) && e.name[0] != '$';
}

static bool
set_fields(struct stage_run *r, const char *prefix, const struct value *fields)
{
	struct value v;
	struct walk w;
	struct elem e;
	char *path;
	bool ok = true;

	walk_init(&w, fields->data, fields->len);
	while (ok && walk_next(&w, &e)) {
		path = *prefix ? bson_strdup_printf("%s.%s", prefix, e.name)
			       : bson_strdup(e.name);
		if (is_nested(&e.value))
			ok = set_fields(r, path, &e.value);
		else
			ok = expr_eval(
				 &r->pool, &e.value, &r->root, &v, r->error) &&
			    put(r, path, v.type ? &v : NULL);
		bson_free(path);
	}
	return ok;
}

static bool
run_set(struct stage_run *r, const struct value *arg)
{
	if (arg->type != BSON_TYPE_DOCUMENT)
		return error_set(r->error, MM_EXIT_REFUSED, 40272,
		    "$set specification stage must be an object, got %s",
		    text_type(arg->type));
	return set_fields(r, "", arg);
}

static bool
run_unset(struct stage_run *r, const struct value *arg)
{
	struct walk w;
	struct elem e;
	bool ok = true;

	if (arg->type == BSON_TYPE_UTF8)
		return put(r, (const char *)arg->data + 4, NULL);
	if (arg->type != BSON_TYPE_ARRAY)
		return error_set(r->error, MM_EXIT_REFUSED, 31002,
		    "$unset specification must be a string or an array");
	walk_init(&w, arg->data, arg->len);
	while (ok && walk_next(&w, &e)) {
		if (e.value.type != BSON_TYPE_UTF8)
			return error_set(r->error, MM_EXIT_REFUSED, 31120,
			    "$unset specification must be a string or an array "
			    "containing only string values");
		ok = put(r, (const char *)e.value.data + 4, NULL);
	}
	return ok;
}

static bool
run_replace(struct stage_run *r, const struct value *arg)
{
	struct value v;

	if (!expr_eval(&r->pool, arg, &r->root, &v, r->error))
		return false;
	if (v.type != BSON_TYPE_DOCUMENT)
		return error_set(r->error, MM_EXIT_REFUSED, 40228,
		    "'replacement document' must evaluate to an object, but "
		    "resulting value was of type %s",
		    text_type(v.type));
	buf_clear(&r->doc);
	buf_add(&r->doc, v.data, v.len);
	return true;
}

static bool
run_replace_root(struct stage_run *r, const struct value *arg)
{
	struct elem e;

	if (arg->type != BSON_TYPE_DOCUMENT ||
	    !walk_find(arg->data, arg->len, "newRoot", &e))
		return error_set(r->error, MM_EXIT_REFUSED, 40229,
		    "expected an object as specification for $replaceRoot "
		    "stage");
	return run_replace(r, &e.value);
}

static const struct {
	const char *name;
	bool (*run)(struct stage_run *r, const struct value *arg);
} stages_known[] = {{"$set", run_set}, {"$addFields", run_set},
    {"$unset", run_unset}, {"$replaceWith", run_replace},
    {"$replaceRoot", run_replace_root}};

static bool
stage_of(const struct elem *stage, size_t *known, struct value *arg,
    bson_error_t *error)
{
	struct walk w;
	struct elem e;

	if (stage->value.type != BSON_TYPE_DOCUMENT)
		return error_set(error, MM_EXIT_REFUSED, 14,
		    "Each element of the 'pipeline' array must be an object");
	walk_init(&w, stage->value.data, stage->value.len);
	if (!walk_next(&w, &e))
		return error_set(error, MM_EXIT_REFUSED, 40323,
		    "A pipeline stage specification object must contain "
		    "exactly one field.");
	*arg = e.value;
	for (*known = 0; *known < sizeof stages_known / sizeof *stages_known;
	     ++*known) {
		if (strcmp(stages_known[*known].name, e.name) == 0)
			return true;
	}
	if (strcmp(e.name, "$project") == 0)
		return error_set(error, MM_EXIT_REFUSED, 238,
		    "$project in an update is not implemented");
	return error_set(error, MM_EXIT_REFUSED, 40324,
	    "Unrecognized pipeline stage name: '%s'", e.name);
}

bool
pipeline_check(const bson_t *stages, bson_error_t *error)
{
	struct value arg;
	struct walk w;
	struct elem e;
	size_t known;

	walk_init(&w, bson_get_data(stages), stages->len);
	while (walk_next(&w, &e)) {
		if (!stage_of(&e, &known, &arg, error))
			return false;
	}
	return true;
}

bool
pipeline_run(const bson_t *stages, const struct buf *before, struct buf *out,
    bson_error_t *error)
{
	struct stage_run r = {.error = error};
	struct buf root = BUF_INIT;
	struct value arg;
	struct walk w;
	struct elem e;
	size_t known;
	bool ok = true;

	buf_add(&r.doc, before->data, before->len);
	walk_init(&w, bson_get_data(stages), stages->len);
	while (ok && walk_next(&w, &e)) {
		buf_clear(&root);
		buf_add(&root, r.doc.data, r.doc.len);
		r.root = value_doc(BSON_TYPE_DOCUMENT, root.data, root.len);
		ok = stage_of(&e, &known, &arg, error) &&
		    stages_known[known].run(&r, &arg);
		expr_pool_release(&r.pool);
	}
	if (ok)
		buf_add(out, r.doc.data, r.doc.len);
	buf_release(&r.doc);
	buf_release(&root);
	return ok;
}
